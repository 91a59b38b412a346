from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from medgpt_cli.core.errors import InputError
from medgpt_cli.core.types import Role, Sample, Turn
from medgpt_cli.evaluation.items import Item, items_from
from medgpt_cli.evaluation.shots import draw, shots_hash, with_shots


@pytest.fixture
def make(sample: Callable[..., Sample]) -> Callable[..., Item]:
    def one(own: str, question: str = "", **fields: object) -> Item:
        turns = (
            Turn(Role.USER, (0, question) if fields.get("images") else (question or own,)),
            Turn(Role.ASSISTANT, ("yes",)),
        )
        record = replace_sample(sample(1, "q", "yes", id=own, **fields), turns)
        [item], _ = items_from([record])
        return item

    return one


def replace_sample(record: Sample, turns: tuple[Turn, ...]) -> Sample:
    import msgspec

    return msgspec.structs.replace(record, turns=turns)


def ids(drawn: list[tuple[Item, ...]]) -> list[list[str]]:
    return [[each.id for each in shots] for shots in drawn]


def test_the_same_examples_in_whatever_order_they_come(make: Callable[..., Item]) -> None:
    items = [make("a"), make("b")]
    pool = [make(f"t{number}") for number in range(20)]
    drawn = draw(items, pool, 3)
    assert ids(drawn)[0] == ids(drawn)[1]
    assert ids(draw(items, reversed(pool), 3)) == ids(drawn)
    assert ids(draw(items, pool, 2)) == [shots[:2] for shots in ids(drawn)]
    assert ids(drawn)[0] != ["t0", "t1", "t2"]


@pytest.mark.parametrize(
    "shared",
    [
        {"patient_id": "p"},
        {"study_id": "s"},
        {"keys": ("image:set/7",)},
        {"images": ("7.png",)},
    ],
)
def test_an_example_shares_nothing_with_any_question(
    make: Callable[..., Item], shared: dict[str, object]
) -> None:
    items = [make("a"), make("b", **shared)]
    pool = [*(make(f"t{number}", **shared) for number in range(20)), make("free")]
    assert ids(draw(items, pool, 1)) == [["free"], ["free"]]


def test_the_wording_ties_where_there_is_no_picture_and_only_there(make: Callable[..., Item]) -> None:
    asked = [make("a", "What is next?")]
    with pytest.raises(InputError):
        draw(asked, [make("t", "what  is NEXT?")], 1)
    seen = [make("b", "What plane is it?", images=("1.png",))]
    assert ids(draw(seen, [make("t", "What plane is it?", images=("2.png",))], 1)) == [["t"]]


def test_two_examples_on_one_picture_are_one(make: Callable[..., Item]) -> None:
    pool = [make(f"t{number}", images=("same.png",)) for number in range(5)]
    with pytest.raises(InputError) as caught:
        draw([make("a")], pool, 2)
    assert str(caught.value) == (
        "2 before each question were asked for; examples that share nothing with any question: 1\nask with --shots 1"
    )


def test_examples_alike(make: Callable[..., Item]) -> None:
    def of(own: str, subject: str) -> Item:
        return make(own, facets=(("subject", subject),))

    pool = [of(f"{subject}{number}", subject) for subject in ("x", "y") for number in range(4)]
    drawn = draw([of("a", "x"), of("b", "y")], pool, 2, alike=["subject"])
    assert [{each[0] for each in shots} for shots in ids(drawn)] == [{"x"}, {"y"}]
    with pytest.raises(InputError, match=r"with any question: 0, alike in subject"):
        draw([of("a", "z")], pool, 1, alike=["subject"])


def test_examples_are_earlier_turns_with_their_pictures(make: Callable[..., Item]) -> None:
    one = make("t1", "First?", images=("1.png",))
    two = replace(make("t2", "Second?"), gold="no")
    asked = make("a", "Last?", images=("9.png",))
    system = Turn(Role.SYSTEM, ("Be brief.",))
    asked, one = (replace(each, turns=(system, *each.turns)) for each in (asked, one))
    found = with_shots(asked, (one, two))
    assert [(turn.role.value, turn.parts) for turn in found.turns] == [
        ("system", ("Be brief.",)),
        ("user", (0, "First?")),
        ("assistant", ("yes",)),
        ("user", ("Second?",)),
        ("assistant", ("no",)),
        ("user", (1, "Last?")),
    ]
    assert found.images == ("1.png", "9.png")
    assert (found.id, found.gold, found.question) == ("a", "yes", "Last?")
    assert found.prompt_hash != asked.prompt_hash


def test_the_hash_is_that_of_what_is_shown(make: Callable[..., Item]) -> None:
    one, two = make("t1", "First?"), make("t2", "Second?")
    base = shots_hash([(one, two), (one, two)])
    assert shots_hash([(one, two)]) == base
    assert (
        len(
            {
                base,
                shots_hash([(two, one)]),
                shots_hash([(one,)]),
                shots_hash([(one, replace(two, gold="no"))]),
            }
        )
        == 4
    )
