from __future__ import annotations

from pathlib import Path

from medgpt_cli.data.sources.registry import detect
from tests.data.sources.layouts_questions import bullet, columnar, medbullets
from tests.data.sources.reading import facets, samples
from tests.data.sources.writing import as_parquet


def test_four_and_five_options_of_one_question_are_tied(tmp_path: Path) -> None:
    medbullets(tmp_path)
    found = samples("medbullets", tmp_path)
    assert [facets(s)["options"] for s in found] == ["4", "4", "5", "5"]
    assert found[0].keys == found[2].keys == ("question:medbullets/108",)
    assert {s.split for s in found} == {"test"}
    assert (found[0].answer, found[0].turns[1].text) == ("D", "D")
    assert found[0].turns[0].text.startswith("A man, aged 40, coughs.\nWhat is next?\nA. Choice a\n")
    assert "http" not in str([s.turns for s in found])


def test_json_by_columns_is_turned_into_rows(tmp_path: Path) -> None:
    folder = tmp_path / "medbullets"
    folder.mkdir()
    columnar(folder / "medbullets_op5.json", [bullet(108, 5), bullet(109, 5)])
    assert detect(folder).name == "medbullets"
    first, second = samples("medbullets", folder)
    assert (first.keys, second.keys) == (("question:medbullets/108",), ("question:medbullets/109",))
    assert (second.options[4], second.answer, second.place.line) == (("E", "Choice e"), "D", 2)


def test_where_the_csv_lies_beside_the_json_questions_are_read_once(tmp_path: Path) -> None:
    medbullets(tmp_path)
    columnar(tmp_path / "medbullets/medbullets_op4.json", [bullet(108, 4)])
    assert len(samples("medbullets", tmp_path)) == 4


def test_copies_on_the_hub_are_no_training_data(tmp_path: Path) -> None:
    folder = tmp_path / "Medical-Eval-MedBullets_op4"
    row = {
        "question": "What is next?",
        "options": {"A": "x", "B": "y", "C": None},
        "answer_idx": "B",
        "answer": "y",
    }
    as_parquet(folder / "data/train-00000-of-00001.parquet", [row])
    (sample,) = samples("medbullets", folder)
    assert (sample.split, sample.options) == ("test", (("A", "x"), ("B", "y")))
