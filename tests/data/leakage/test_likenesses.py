"""Texts nearly equal to evaluation texts."""

from __future__ import annotations

import random

from medgpt_cli.data.duplicates.words import hashes
from medgpt_cli.data.leakage.likenesses import Likenesses

DRAW = random.Random(2)
REPORTS = [[f"w{DRAW.randrange(3000)}" for _ in range(80)] for _ in range(300)]


def edited(said: list[str], count: int) -> list[str]:
    said = list(said)
    for place in DRAW.sample(range(len(said)), count):
        said[place] = f"x{DRAW.randrange(10**9)}"
    return said


def test_near_copies_are_met_and_others_are_not() -> None:
    table = Likenesses([hashes(report) for report in REPORTS])
    met = [[number for number, _ in table.met(hashes(edited(report, 1)))] for report in REPORTS]
    assert sum(found == [number] for number, found in enumerate(met)) >= 297
    assert all(not list(table.met(hashes(edited(report, 40)))) for report in REPORTS)


def test_short_texts_are_passed_over() -> None:
    short = hashes(REPORTS[0][:19])
    assert list(Likenesses([short]).met(short)) == []
    assert list(Likenesses([]).met(hashes(REPORTS[0]))) == []


def test_a_template_of_many_training_texts_says_nothing() -> None:
    table = Likenesses([hashes(REPORTS[0])])
    for _ in range(3):
        table.learn(hashes(REPORTS[0]))
    assert [share for _, share in table.met(hashes(REPORTS[0]))] == [1.0]
    for number in range(11):
        table.learn(hashes([*REPORTS[0], f"patient{number}"]))
    assert list(table.met(hashes(REPORTS[0]))) == []
