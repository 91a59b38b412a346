from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.sources.registry import find
from tests.data.sources.layouts_questions import mcq, medmcqa
from tests.data.sources.reading import facets, read, samples
from tests.data.sources.writing import as_jsonl, as_parquet

HUB = "data/{}-00000-of-00001.parquet"


def test_the_hub_counts_from_zero(tmp_path: Path) -> None:
    medmcqa(tmp_path)
    found = samples("medmcqa", tmp_path)
    assert [s.answer for s in found] == list("ABCD") * 2
    assert {s.split for s in found} == {"train", "validation"}
    assert facets(found[0]) == {"choice_type": "single", "subject": "Biochemistry"}
    assert found[0].keys == ("question:medmcqa/train-0",)
    assert "Because" not in str(found[0])


def test_the_authors_count_from_one(tmp_path: Path) -> None:
    for name in ("train", "dev"):
        as_jsonl(tmp_path / f"{name}.json", [mcq(f"{name}-{n}", cop=n) for n in (1, 2, 3, 4)])
    found = samples("medmcqa", tmp_path)
    assert [s.answer for s in found] == list("ABCD") * 2
    assert [s.split for s in found[::4]] == ["train", "validation"]


def test_hidden_labels_are_skipped_with_the_reason(tmp_path: Path) -> None:
    as_parquet(tmp_path / HUB.format("test"), [mcq("a", cop=-1)])
    assert read("medmcqa", tmp_path) == ([], ["1: label not published"])


def test_the_authors_test_file_has_no_labels_at_all(tmp_path: Path) -> None:
    as_jsonl(tmp_path / "train.json", [mcq("a", cop=1)])
    as_jsonl(tmp_path / "test.json", [mcq("b")])
    found, faults = read("medmcqa", tmp_path)
    assert [s.answer for s in found] == ["A"]
    assert faults == ["1: label not published"]


@pytest.mark.parametrize("number", [0, 4])
def test_a_file_that_counts_the_other_way_is_refused_before_it_is_read(
    tmp_path: Path, number: int
) -> None:
    rows = [mcq("a", cop=2), mcq("b", cop=number)]
    path = (
        as_parquet(tmp_path / HUB.format("train"), rows)
        if number
        else as_jsonl(tmp_path / "train.json", rows)
    )
    with pytest.raises(BadRecord) as caught:
        next(iter(find("medmcqa").read(tmp_path)))
    first = 1 if number else 0
    assert caught.value.what == (
        f"counts the right option from {first}, and the published file of this kind from {1 - first}"
    )
    assert caught.value.where == f"{path}:2 cop"


def test_other_numbers_are_told_row_by_row(tmp_path: Path) -> None:
    as_parquet(tmp_path / HUB.format("train"), [mcq("a", cop=7), mcq("b", cop=1)])
    found, faults = read("medmcqa", tmp_path)
    assert [s.id for s in found] == ["b"]
    assert faults == ["1: cop names an option that is not there"]


def test_questions_of_several_right_statements_are_told_apart(tmp_path: Path) -> None:
    as_jsonl(tmp_path / "train.json", [mcq("a", cop=4, choice_type="multi")])
    assert facets(samples("medmcqa", tmp_path)[0])["choice_type"] == "multi"
