"""Passages met in training texts."""

from __future__ import annotations

import numpy as np
import pytest

from medgpt_cli.data.duplicates.words import Hashes, hashes
from medgpt_cli.data.leakage.passages import Passages


def said(first: int, count: int) -> list[str]:
    return [f"w{number}" for number in range(first, first + count)]


def text(*runs: list[str]) -> Hashes:
    return hashes([word for run in runs for word in run])


LONG, BRIEF, TINY, MIDDLE = said(0, 40), said(100, 10), said(200, 7), said(400, 30)
TABLE = [text(LONG), text(BRIEF), text(TINY), text(said(300, 10)), text(MIDDLE)]


def passages() -> Passages:
    return Passages(TABLE, [True, True, True, False, True])


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        ((said(900, 50), LONG, said(990, 20)), [(0, 1.0)]),
        ((LONG[:27],), [(0, 15 / 28)]),
        ((LONG[:13], said(900, 3)), []),
        ((LONG[:14],), []),  # two n-grams that overlap are one passage
        ((LONG[:13], said(900, 3), LONG[20:33]), [(0, 2 / 28)]),
        ((BRIEF[:9],), [(1, 2 / 3)]),
        ((BRIEF[:7],), []),
        ((MIDDLE[:8], said(900, 3), MIDDLE[10:18]), []),  # two short passages of a longer text
        ((MIDDLE[:15], said(900, 1), MIDDLE[16:]), [(4, 15 / 23)]),  # one word changed
        ((TINY,), []),
        ((said(300, 10),), []),  # short, and 8-grams are not allowed for it
        ((LONG, BRIEF), [(0, 1.0), (1, 1.0)]),
        ((), []),
    ],
)
def test_half_of_a_text_or_two_passages_of_it(
    training: tuple[list[str], ...], expected: list[object]
) -> None:
    assert list(passages().met(text(*training))) == [(n, pytest.approx(share)) for n, share in expected]


def test_what_many_different_texts_say_is_boilerplate() -> None:
    table = passages()
    for number in range(10):
        table.learn(text(LONG, said(1000 + number, 1)))
    assert list(table.met(text(LONG))) == [(0, 1.0)]
    table.learn(text(LONG, said(2000, 1)))
    assert list(table.met(text(LONG))) == []


def test_one_text_repeated_is_not_boilerplate() -> None:
    table = passages()
    for _ in range(500):
        table.learn(text(LONG))
    assert list(table.met(text(LONG))) == [(0, 1.0)]


def test_a_passage_of_two_evaluation_texts_is_met_in_both() -> None:
    table = Passages([text(LONG), text(said(500, 4), LONG)], [True, True])
    assert [number for number, _ in table.met(text(LONG))] == [0, 1]


def test_no_evaluation_texts() -> None:
    table = Passages([], [])
    table.learn(text(LONG))
    assert list(table.met(text(LONG))) == []
    assert list(Passages([np.empty(0, np.uint64)], [True]).met(text(LONG))) == []
