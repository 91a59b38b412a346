from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.sources.registry import detect
from tests.data.sources.layouts import path_vqa
from tests.data.sources.reading import facets, read, samples, shown
from tests.data.sources.writing import as_json, as_parquet, embedded, pictures

LISTS: dict[str, Any] = {
    "img_id": "train_0422",
    "sentf": {"pvqa": ["Is it?", "What is it?"]},
    "labelf": {"pvqa": [{"yes": 1}, {"a tumour": 0.3, "glioma": 1.0}]},
}


def test_the_parquet_copy_keeps_its_splits_and_ties_questions_on_one_picture(tmp_path: Path) -> None:
    folder = tmp_path / "path-vqa"
    path_vqa(folder)
    found = samples("path-vqa", folder)
    assert [sample.split for sample in found[::3]] == ["train", "validation", "test"]
    assert found[0].keys == found[2].keys
    assert found[0].keys != found[1].keys
    assert open_image(found[1].images[0]).getpixel((0, 0)) == (20, 20, 20)


def test_lists_by_picture_become_one_record_a_question(tmp_path: Path) -> None:
    folder = tmp_path / "pvqa"
    as_json(folder / "pvqa_train.json", [LISTS])
    pictures(folder / "images/train", "train_0422.jpg")
    assert detect(folder).name == "path-vqa"
    first, second = samples("path-vqa", folder)
    assert first.keys == second.keys == ("image:pathvqa/train_0422",)
    assert [first.id, second.id] == ["pvqa_train.json:2.0", "pvqa_train.json:2.1"]
    assert (first.answer, first.split) == ("yes", "train")
    assert (second.answer, facets(second)) == ("glioma", {"also": "a tumour"})
    assert shown(second, folder) == ("images/train/train_0422.jpg",)


def test_lists_by_question_are_read_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "pvqa"
    row = {"img_id": "test_0001", "sent": "Is it?", "label": {"no": 1}, "question_id": 7}
    as_json(folder / "qas/test_vqa.json", [row])
    pictures(folder / "images/test", "test_0001.jpg")
    (sample,) = samples("path-vqa", folder)
    assert (sample.answer, sample.split) == ("no", "test")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"labelf": {"pvqa": [{"yes": 1}]}}, "labelf has not as many answers as sentf has questions"),
        ({"labelf": {"pvqa": [{"yes": 1}, {}]}}, "answer is empty"),
        ({"labelf": {"pvqa": [{"yes": "1"}, {"no": 1}]}}, "labelf has an answer without a weight"),
        ({"labelf": None}, "sentf and labelf are no objects of lists"),
    ],
)
def test_answers_that_do_not_fit_the_questions_are_told(
    change: dict[str, Any], fault: str, tmp_path: Path
) -> None:
    as_json(tmp_path / "pvqa_train.json", [{**LISTS, **change}])
    good, faults = read("path-vqa", tmp_path)
    assert (good, faults) == ([], [f"2: {fault}"])


def test_a_question_whose_picture_is_missing_is_told(tmp_path: Path) -> None:
    row = {"image": None, "question": "Is it?", "answer": "yes"}
    as_parquet(tmp_path / "data/train-0.parquet", [{**row, "image": embedded()}, row])
    good, faults = read("path-vqa", tmp_path)
    assert (len(good), faults) == (1, ["2: image is empty"])
