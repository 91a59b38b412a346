"""What a source publishes as held out stays held out, whatever copies of it stand elsewhere."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import pytest

from tests.pictures import symmetric
from tests.workflows.prep.making import pair, picture, prep, rejected, rows, text, written


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def where(folder: str) -> dict[str, str]:
    """The split of each record that is left, by its id."""
    splits = json.loads(Path(folder, "manifest.json").read_text())["splits"]
    return {row["id"]: split for split in splits for row in rows(Path(folder), split)}


@pytest.mark.parametrize("order", list(permutations(("train", "val", "test"))))
def test_of_copies_the_one_that_is_held_out_most_stays(order: tuple[str, ...]) -> None:
    copies = (pair(1, split=split) for split in order)
    assert prep(written(Path("a.jsonl"), *copies, pair(2, split="train")), "--out", "out") == 0
    assert where("out") == {"r1": "test", "r2": "train"}
    left = [line for line, split in enumerate(order, start=1) if split != "test"]
    assert [(line, stage) for line, stage, _ in rejected(Path("out"))] == [
        (line, "duplicate") for line in left
    ]


def test_a_copy_left_out_still_says_where_its_group_belongs() -> None:
    path = written(
        Path("a.jsonl"),
        pair(1, patient_id="p1", split="train"),
        pair(2, patient_id="p1", answer="MRN: 48291734.", split="test"),  # left out for what it names
        *(
            {"id": f"c{n}", "text": text(9, 60), "patient_id": f"q{n}", "split": "test"}
            for n in range(3)
        ),
        {"id": "d", "text": text(8, 60), "patient_id": "q2", "split": "train"},
    )
    words = ("gates.phi.found=drop", "duplicates.max_per_cluster=2")
    assert prep(path, "--out", "out", *words) == 0
    assert where("out") == {"c0": "test", "c1": "test"}
    assert [(line, stage) for line, stage, _ in rejected(Path("out"))] == [
        (1, "split"),
        (2, "phi"),
        (5, "duplicate"),
        (6, "split"),
    ]


def test_the_cap_of_a_cluster_keeps_what_is_held_out() -> None:
    splits = ["train", "train", "val", "train", "test"]
    same = [
        {"id": str(n), "text": text(9, 60), "patient_id": f"p{n}", "split": split}
        for n, split in enumerate(splits)
    ]
    path = written(Path("a.jsonl"), *same)
    assert prep(path, "--out", "out", "duplicates.max_per_cluster=3") == 0
    assert where("out") == {"4": "test", "2": "validation", "0": "train"}
    # Where published splits say nothing, those that come first stay.
    anew = ("duplicates.max_per_cluster=3", "splits.published=false")
    assert prep(path, "--out", "anew", *anew) == 0
    assert set(where("anew")) == {"0", "1", "2"}


def test_a_picture_in_train_and_test_is_held_out() -> None:
    """As in SLAKE: the same picture and question on both sides, and questions of one side alone."""
    for number in range(2):
        picture(Path(f"{number}.png"), number)
    path = written(
        Path("a.jsonl"),
        {**pair(1, image="0.png", split="train"), "id": "same"},
        pair(2, image="0.png", split="train"),
        {**pair(1, image="0.png", split="test"), "id": "held"},
        pair(3, image="1.png", split="train"),
    )
    assert prep(path, "--out", "out") == 0
    assert where("out") == {"held": "test", "r3": "train"}


def test_a_held_out_picture_that_is_its_own_mirror_image_is_known_again_as_jpeg() -> None:
    """As slices of a symmetric brain average are, of which half the signs of a print are noise."""
    symmetric(20, 250).save("held.png")
    symmetric(20, 250).save("copy.jpg", quality=75)
    symmetric(21, 250).save("other.jpg", quality=75)
    path = written(
        Path("a.jsonl"),
        pair(1, image="copy.jpg", split="train"),
        pair(2, image="held.png", split="test"),
        pair(3, image="other.jpg", split="train"),
    )
    assert prep(path, "--out", "out") == 0
    assert where("out") == {"r2": "test", "r3": "train"}
    assert [(line, stage) for line, stage, _ in rejected(Path("out"))] == [(1, "split")]
