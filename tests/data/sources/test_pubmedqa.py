from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.sources.registry import detect
from tests.data.sources.layouts_questions import pubmed, pubmedqa
from tests.data.sources.reading import read, samples
from tests.data.sources.writing import as_json, as_parquet


def entry(decision: str | None) -> dict[str, Any]:
    return {
        "QUESTION": "Does it help?",
        "CONTEXTS": ["We asked.", "We saw."],
        "LABELS": ["BACKGROUND", "RESULTS"],
        "MESHES": ["Humans"],
        "YEAR": "2011",
        "final_decision": decision,
        "LONG_ANSWER": "It does.",
    }


def test_the_hubs_files_call_everything_train_and_we_do_not(tmp_path: Path) -> None:
    pubmedqa(tmp_path)
    found = samples("pubmedqa", tmp_path)
    assert [(s.id, s.split, s.answer) for s in found] == [
        ("1", "", "yes"),
        ("2", "", "maybe"),
        ("3", "train", "no"),
    ]
    assert found[0].turns[0].text == "We asked.\nWe saw.\n\nDoes it help?\nA. yes\nB. no\nC. maybe"
    assert [s.turns[1].text for s in found] == ["A", "C", "B"]
    assert found[0].keys == ("pmid:1",)
    assert "It does" not in str(found)


def test_the_official_test_set_is_known_by_its_pmids(tmp_path: Path) -> None:
    pubmedqa(tmp_path)
    as_json(tmp_path / "test_ground_truth.json", {"2": "maybe"})
    assert [s.split for s in samples("pubmedqa", tmp_path)] == ["train", "test", "train"]


def test_the_authors_files_are_keyed_by_pmid(tmp_path: Path) -> None:
    as_json(tmp_path / "data/ori_pqal.json", {"11": entry("yes"), "12": entry("no")})
    as_json(tmp_path / "data/ori_pqaa.json", {"13": entry("maybe")})
    as_json(tmp_path / "data/test_ground_truth.json", {"12": "no"})
    assert detect(tmp_path).name == "pubmedqa"
    found = samples("pubmedqa", tmp_path)
    assert [(s.id, s.split, s.answer, s.place.line) for s in found] == [
        ("11", "train", "yes", 1),
        ("12", "test", "no", 2),
        ("13", "train", "maybe", 1),
    ]
    assert found[0].turns[0].text == "We asked.\nWe saw.\n\nDoes it help?\nA. yes\nB. no\nC. maybe"
    assert found[0].source == "pubmedqa"


def test_the_nested_form(tmp_path: Path) -> None:
    folder = tmp_path / "pubmedqa"
    data = {
        "Question": "Does it help?",
        "Options": {"A": "yes", "B": "no", "C": "maybe"},
        "Context": ["We asked."],
        "Correct Option": "B",
        "Correct Answer": "no",
    }
    rows = [{"id": "x1", "data": data, "subject_name": None}]
    as_parquet(folder / "data/test-00000-of-00001.parquet", rows)
    assert detect(folder).name == "pubmedqa"
    (sample,) = samples("pubmedqa", folder)
    assert (sample.id, sample.split, sample.answer, sample.turns[1].text) == ("x1", "test", "B", "B")


def test_what_has_no_decision_or_context_is_told(tmp_path: Path) -> None:
    as_json(
        tmp_path / "ori_pqal.json",
        {
            "1": entry(None),
            "2": {**entry("yes"), "CONTEXTS": []},
            "3": entry("perhaps"),
            "4": entry("no"),
        },
    )
    found, faults = read("pubmedqa", tmp_path)
    assert [s.id for s in found] == ["4"]
    assert faults == [
        "1: label not published",
        "2: contexts is no list of texts",
        "3: answer is none of the options",
    ]


@pytest.mark.parametrize("written", ["[1]", '{"1": 2', '{"1": 2}'])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, written: str) -> None:
    (tmp_path / "ori_pqal.json").write_text(written)
    if written == '{"1": 2}':
        assert read("pubmedqa", tmp_path)[1] == ["1: is a number where a record belongs"]
        return
    with pytest.raises(BadRecord, match="is not the JSON object this set is published as"):
        read("pubmedqa", tmp_path)


def test_a_ground_truth_of_another_shape_is_refused(tmp_path: Path) -> None:
    as_parquet(tmp_path / "pqa_labeled/train-00000-of-00001.parquet", [pubmed(1, "yes")])
    (tmp_path / "test_ground_truth.json").write_text("[]")
    with pytest.raises(BadRecord, match="is not a JSON object of PMID and decision"):
        read("pubmedqa", tmp_path)
