"""Splits by group: the same whatever else is in the set, and never two for one group."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from medgpt_cli.core.errors import GateRefusal, InputError
from medgpt_cli.core.types import Place
from medgpt_cli.data.duplicates.groups import Groups
from medgpt_cli.data.splits import SHARES, Divided, assign_split, divide, prove_apart


def places(count: int) -> list[Place]:
    return [Place("a.jsonl", line + 1) for line in range(count)]


def test_shares_come_out_and_the_seed_changes_who() -> None:
    names = [f"patient:a/{number}" for number in range(20_000)]
    counts = Counter(assign_split(name) for name in names)
    for split, share in SHARES.items():
        assert counts[split] / len(names) == pytest.approx(share, abs=0.01)
    assert [assign_split(name, seed=1) for name in names] != [assign_split(name) for name in names]
    assert {assign_split(name, {"train": 1.0, "test": 0.0}) for name in names} == {"train"}


def test_a_split_is_the_same_today_and_in_ten_years() -> None:
    # Written out once: a change here would move patients from test to train.
    told = [assign_split(f"patient:mimic/{number}", seed=3) for number in (0, 13, 29, 150)]
    assert told == ["train", "validation", "test", "train"]


@pytest.mark.parametrize("shares", [{"train": 0.9}, {"train": 1.2, "test": -0.2}, {}])
def test_shares_that_are_none_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(InputError, match="the shares of the splits"):
        assign_split("a", shares)


def divided(records: list[tuple[tuple[str, ...], str]]) -> Divided:
    groups = Groups()
    for number, (keys, _) in enumerate(records):
        groups.add(keys, f"record:{number}")
    grouped = groups.close()
    return divide(
        grouped.labels, grouped.identifiers, [split for _, split in records], places(len(records))
    )


def test_a_patient_is_in_one_split_and_stays_there_when_the_set_grows() -> None:
    before = [((f"patient:a/{number % 300}", f"study:a/{number}"), "") for number in range(900)]
    grown = [((f"patient:a/{number % 500}", f"study:b/{number}"), "") for number in range(2000)]
    one, other = divided(before).splits, divided(grown + before).splits[2000:]
    assert one == other
    assert set(one) == set(SHARES)
    assert all(len({one[n] for n in range(p, 900, 300)}) == 1 for p in range(300))


def test_published_splits_are_kept_and_unpublished_records_follow_their_group() -> None:
    found = divided(
        [
            (("patient:a/1",), "valid"),
            (("patient:a/1",), ""),
            (("patient:a/2",), "Train"),
            (("p:3",), "fold7"),
        ]
    )
    assert found == Divided(["validation", "validation", "train", "fold7"], ())


def test_a_group_that_spans_published_splits_leaves_the_one_that_is_learnt() -> None:
    found = divided(
        [
            (("image:s/1",), "train"),
            (("image:s/1",), "test"),
            (("image:s/1",), "validation"),
            (("image:s/2",), "train"),
        ]
    )
    assert found.splits == ["", "test", "", "train"]
    assert [str(each) for each in found.spanning] == [
        "a.jsonl:1  is published in train, and its group is held out in test too; it was left out",
        "a.jsonl:3  is published in validation, and its group is held out in test too; it was left out",
    ]


def test_apart_is_proven() -> None:
    rows = [
        ("train", ("patient:a/1",)),
        ("train", ("patient:a/1", "image:x")),
        ("test", ("patient:a/2",)),
        ("", ("image:x",)),
    ]
    assert (
        prove_apart((split, keys, place) for (split, keys), place in zip(rows, places(4), strict=True))
        == 3
    )
    assert prove_apart([]) == 0


def test_a_key_in_two_splits_is_refused_with_the_places_and_not_the_key() -> None:
    rows = [
        ("train", ("patient:a/Jane",)),
        ("test", ("image:x",)),
        ("validation", ("image:y", "patient:a/Jane")),
        ("train", ("image:x",)),
    ]
    with pytest.raises(GateRefusal) as error:
        prove_apart((split, keys, place) for (split, keys), place in zip(rows, places(4), strict=True))
    assert sorted(str(error.value).splitlines()) == sorted(
        [
            "a.jsonl:1  is in train and shares a key with a.jsonl:3 in validation",
            "a.jsonl:4  is in train and shares a key with a.jsonl:2 in test",
            "2 keys in two splits",
            "this set must not be used: prepare it again",
        ]
    )
    assert error.value.exit_code == 4
    assert "Jane" not in str(error.value)


def test_a_hundred_thousand_groups_are_divided_and_proven() -> None:
    labels = np.arange(100_000, dtype=np.int32) // 2 * 2
    found = divide(labels, labels, [""] * 100_000, places(100_000))
    assert (
        prove_apart(
            (split, (f"patient:{label}",), place)
            for split, label, place in zip(found.splits, labels.tolist(), places(100_000), strict=True)
        )
        == 50_000
    )
