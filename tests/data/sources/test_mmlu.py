from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.sources.registry import detect
from tests.data.sources.layouts_questions import mmlu, mmlu_rows
from tests.data.sources.reading import facets, read, samples
from tests.data.sources.writing import as_parquet


def test_csv_without_a_header_loses_no_row(tmp_path: Path) -> None:
    mmlu(tmp_path)
    found = samples("mmlu-medical", tmp_path)
    assert [(s.split, facets(s)["subject"]) for s in found] == [
        *[("dev", "anatomy")] * 2,
        *[("validation", "medical_genetics")] * 2,
        *[("test", "anatomy")] * 2,
    ]
    assert found[0].options == (("A", "Ulna"), ("B", "Radius"), ("C", '"Tibia"'), ("D", "Fibula"))
    assert (found[0].answer, found[0].turns[1].text) == ("C", "C")
    assert found[0].turns[0].text.startswith("Which bone, of these?\nName it.\n")


def test_one_file_may_be_named(tmp_path: Path) -> None:
    mmlu(tmp_path)
    assert len(samples("mmlu-medical", tmp_path / "data/test/anatomy_test.csv")) == 2


def row(subject: str, answer: int = 2) -> dict[str, Any]:
    return {"question": "Which?", "subject": subject, "choices": ["p", "q", "r", "s"], "answer": answer}


def test_the_hubs_answers_count_from_zero(tmp_path: Path) -> None:
    as_parquet(tmp_path / "anatomy/test-00000-of-00001.parquet", [row("anatomy", 0), row("anatomy", 3)])
    as_parquet(tmp_path / "all/test-00000-of-00001.parquet", [row("anatomy"), row("virology")])
    assert detect(tmp_path).name == "mmlu-medical"
    assert [s.answer for s in samples("mmlu-medical", tmp_path)] == ["A", "D"]


def test_of_the_merged_copy_the_medical_subjects_are_read(tmp_path: Path) -> None:
    as_parquet(tmp_path / "all/validation-00000-of-00001.parquet", [row("anatomy"), row("astronomy")])
    (sample,) = samples("mmlu-medical", tmp_path)
    assert (sample.split, sample.answer, facets(sample)) == ("validation", "C", {"subject": "anatomy"})


def test_a_row_of_another_width_is_told(tmp_path: Path) -> None:
    mmlu_rows(tmp_path / "anatomy_test.csv", ["q", "a", "b", "A"], ["q", "1", "2", "3", "4", "B"])
    found, faults = read("mmlu-medical", tmp_path)
    assert [s.answer for s in found] == ["B"]
    assert faults == ["1: has 4 of 6 fields"]


def test_a_broken_quote_is_refused(tmp_path: Path) -> None:
    (tmp_path / "anatomy_test.csv").write_text('"q" x,1,2,3,4,B\n')
    with pytest.raises(BadRecord, match="is not a table of this kind"):
        read("mmlu-medical", tmp_path)
