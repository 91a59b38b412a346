from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.types import Sample
from medgpt_cli.data.sources.registry import detect
from tests.data.sources.layouts_questions import medqa, medqa_5, usmle
from tests.data.sources.reading import facets, samples
from tests.data.sources.writing import as_jsonl, as_parquet


def test_four_options_are_read_and_neither_five_nor_other_exams(tmp_path: Path) -> None:
    medqa(tmp_path)
    assert detect(tmp_path).name == "medqa"
    found = samples("medqa", tmp_path)
    assert [(s.split, len(s.options)) for s in found] == [("train", 4), ("validation", 4), ("test", 4)]
    assert facets(found[0]) == {"step": "step2&3", "options": "4"}
    assert (found[0].answer, found[0].turns[1].text) == ("B", "B")


def test_five_options_have_a_word_of_their_own(tmp_path: Path) -> None:
    medqa(tmp_path)
    assert [len(s.options) for s in samples("medqa-5", tmp_path)] == [5, 5, 5]
    (tmp_path / "other").mkdir()
    medqa_5(tmp_path / "other")
    assert detect(tmp_path / "other").name == "medqa-5"


def ended(**more: Any) -> dict[str, Any]:
    return {
        "id": "train-0",
        "sent1": "A man coughs.",
        "sent2": "",
        **{f"ending{n}": f"Choice {n}" for n in range(4)},
        "label": 0,
        **more,
    }


def only(tmp_path: Path, name: str, rows: list[dict[str, Any]]) -> Sample:
    write = as_parquet if name.endswith(".parquet") else as_jsonl
    write(tmp_path / name, rows)
    assert detect(tmp_path).name == "medqa"
    (sample,) = samples("medqa", tmp_path)
    return sample


@pytest.mark.parametrize("name", ["phrases_no_exclude_test.jsonl", "data/test-00000-of-00001.parquet"])
def test_copies_on_the_hub(tmp_path: Path, name: str) -> None:
    sample = only(tmp_path, name, [usmle("ABCD", metamap_phrases=["x"])])
    assert (sample.split, sample.answer, sample.options[3]) == ("test", "B", ("D", "Choice D"))


def test_the_copy_with_endings_counts_from_zero(tmp_path: Path) -> None:
    sample = only(tmp_path, "dev.json", [ended(label=3)])
    assert (sample.split, sample.answer) == ("validation", "D")
    assert sample.turns[0].text == "A man coughs.\nA. Choice 0\nB. Choice 1\nC. Choice 2\nD. Choice 3"
