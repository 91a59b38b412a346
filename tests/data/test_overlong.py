"""Long records as several: nothing lost, nothing cut, every answer behind its question."""

from __future__ import annotations

import pytest

from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.data.overlong import part

HERE = Place("local.jsonl", 1)


def dialogue(*turns: tuple[Role, tuple[str | int, ...]]) -> Sample:
    return Sample(
        place=HERE,
        turns=tuple(Turn(role, parts) for role, parts in turns),
        images=("a.png", "b.png"),
        patient_id="7",
    )


def words(sample: Sample) -> int:
    """A length: a picture is three."""
    parts = [*sample.document, *(part for turn in sample.turns for part in turn.parts)]
    return sum(len(each.split()) if isinstance(each, str) else 3 for each in parts)


LONG = dialogue(
    (Role.SYSTEM, ("be brief",)),
    (Role.USER, (0, "one two")),
    (Role.ASSISTANT, ("three",)),
    (Role.USER, ("four five",)),
    (Role.ASSISTANT, ("six seven",)),
    (
        Role.USER,
        (
            1,
            "eight",
        ),
    ),
    (Role.ASSISTANT, ("nine",)),
)


def test_a_dialogue_is_parted_before_questions() -> None:
    first, second = part(LONG, lambda piece: words(piece) <= 15)
    assert first.turns == LONG.turns[:5]
    assert second.turns[0] == LONG.turns[0]  # what the system says, again
    assert [turn.role for turn in second.turns[1:]] == [Role.USER, Role.ASSISTANT]


def test_pictures_shown_before_are_shown_again() -> None:
    first, second, third = part(LONG, lambda piece: words(piece) <= 10)
    assert second.turns[1].parts == (0, "four five")
    assert third.turns[1].parts == (0, 1, "eight")
    assert first.images == third.images == LONG.images
    assert third.patient_id == "7"
    assert third.place == HERE


@pytest.mark.parametrize("limit", range(8, 30))
def test_nothing_is_left_out(limit: int) -> None:
    pieces = part(LONG, lambda piece: words(piece) <= limit)
    if limit < 10:  # the last exchange, with both pictures
        assert pieces == []
        return
    said = [turn.text for piece in pieces for turn in piece.turns if turn.role is not Role.SYSTEM]
    assert said == [turn.text for turn in LONG.turns[1:]]
    assert all(words(piece) <= limit for piece in pieces)


def test_an_exchange_is_never_parted() -> None:
    alone = dialogue((Role.USER, ("one two three",)), (Role.ASSISTANT, ("four five",)))
    assert part(alone, lambda piece: words(piece) <= 4) == []


def test_several_questions_in_a_row_stay_together() -> None:
    given = dialogue(
        (Role.USER, ("one",)),
        (Role.USER, ("two",)),
        (Role.ASSISTANT, ("three",)),
        (Role.USER, ("four",)),
        (Role.ASSISTANT, ("five",)),
    )
    assert [len(piece.turns) for piece in part(given, lambda piece: words(piece) <= 3)] == [3, 2]


@pytest.mark.parametrize("limit", [3, 4, 6, 9])
def test_a_document_is_parted_at_blank_lines_and_pictures(limit: int) -> None:
    text = "one two\n\nthree\nfour five\n\n\nsix "
    given = Sample(place=HERE, document=(text, 0, "seven\n\neight"), images=("a.png",))
    pieces = part(given, lambda piece: words(piece) <= limit)
    assert all(words(piece) <= limit for piece in pieces)
    joined = "".join(str(each) for piece in pieces for each in piece.document)
    assert joined == text + "0seven\n\neight"
    assert {piece.document[0] for piece in pieces} <= {
        "one two\n\n",
        "three\nfour five\n\n\n",
        "six ",
        0,
        "seven\n\n",
        "eight",
    }


def test_a_paragraph_is_never_parted() -> None:
    assert part(Sample(place=HERE, document=("one two three",)), lambda piece: words(piece) <= 2) == []
