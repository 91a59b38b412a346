from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.classification.sets import Example
from medgpt_cli.data.classification.splitting import part


def examples(count: int, *, patients: bool = False, classes: int = 2) -> list[Example]:
    return [
        Example(f"a.csv:{n}", n, (n // 2) % classes, f"{n:064d}", f"p{n // 2}" if patients else "")
        for n in range(count)
    ]


def test_pictures_are_parted_class_by_class() -> None:
    placed, told, notes = part(examples(400), "set")
    found = Counter((each.split, each.label) for each in placed)
    assert found == {
        ("train", 0): 140, ("train", 1): 140, ("val", 0): 20, ("val", 1): 20, ("test", 0): 40, ("test", 1): 40,
    }  # fmt: skip
    assert told == (
        "by picture here: a fifth of the cases of each class for testing, a tenth for validation"
    )
    assert notes == ()


def test_patients_are_never_parted() -> None:
    placed, told, _ = part(examples(200, patients=True), "set")
    splits = Counter(each.split for each in placed)
    assert splits == {"train": 140, "val": 20, "test": 40}
    assert all(len({e.split for e in placed if e.patient == f"p{n}"}) == 1 for n in range(100))
    assert told.startswith("by patient")


def test_equal_pictures_stay_together() -> None:
    twins = [replace(each, digest=f"{each.source // 4}") for each in examples(200)]  # type: ignore[operator]
    placed, _, notes = part(twins, "set")
    assert all(len({e.split for e in placed if e.digest == f"{n}"}) == 1 for n in range(50))
    assert notes == ()


def test_the_order_of_the_examples_does_not_matter() -> None:
    straight = examples(60, patients=True)
    mixed = random.Random(0).sample(straight, 60)
    by_place = {each.place: each.split for each in part(straight, "set")[0]}
    assert by_place == {each.place: each.split for each in part(mixed, "set")[0]}


def test_three_cases_of_a_class_are_enough_for_three_splits() -> None:
    placed, _, _ = part(examples(6, classes=1), "set")
    assert {each.split for each in placed} == {"train", "val", "test"}
    placed, _, _ = part(examples(2, classes=1), "set")
    assert {each.split for each in placed} == {"train"}


def test_validation_is_cut_from_training_where_it_alone_is_missing() -> None:
    given = [replace(each, split="test" if n < 100 else "train") for n, each in enumerate(examples(200))]
    placed, told, _ = part(given, "set")
    assert [each.split for each in placed[:100]] == ["test"] * 100
    assert Counter(each.split for each in placed[100:]) == {"train": 90, "val": 10}
    assert told == "by the set; validation by picture from its training split"


def test_splits_of_the_set_itself_stay_as_they_are() -> None:
    given = [replace(each, split=("train", "val", "test")[n % 3]) for n, each in enumerate(examples(30))]
    placed, told, _ = part(given, "set")
    assert list(placed) == given
    assert told == "by the set"


def test_test_pictures_that_were_trained_on_are_counted() -> None:
    given = [
        replace(each, split=("train", "val", "test")[n % 3], digest=f"{n % 6}")
        for n, each in enumerate(examples(30))
    ]
    given[2] = replace(given[2], digest="0")
    assert part(given, "set")[2] == (
        "1 of 10 test pictures stand in the training split too, byte for byte",
    )


@pytest.mark.parametrize(
    ("splits", "says"),
    [
        (
            ["train", "test", "val", ""],
            "set  some pictures have a split and others have none\nfill in all",
        ),
        (
            ["train", "train", "val", "val"],
            "set  there is no test split\nname both, or leave the splits out",
        ),
        (
            ["val"] * 4,
            "set  there is no test and train split\nname both, or leave the splits out",
        ),
        (
            ["train", "test", "val", "test"],
            "set  2 of 2 patients stand in more than one split\n"
            "put all pictures of a patient into one split, or leave the splits out",
        ),
    ],
)
def test_splits_that_cannot_be_are_refused(splits: list[str], says: str) -> None:
    given = [
        replace(each, split=split)
        for each, split in zip(examples(4, patients=True), splits, strict=True)
    ]
    with pytest.raises(BadRecord) as caught:
        part(given, "set")
    assert str(caught.value) == says
