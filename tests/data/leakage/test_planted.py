"""Planted leaks are found: drawn films changed in every way of the benchmark, and questions reworded."""

from __future__ import annotations

import random

import pytest

from medgpt_cli.core.types import Place, Sample
from medgpt_cli.data.duplicates.pictures import image_print
from medgpt_cli.data.leakage.against import Against
from medgpt_cli.data.leakage.album import Album
from medgpt_cli.data.records import read_record
from tests.pictures import film
from tests.planted import PICTURES, QUESTIONS, RE_ENCODED, edited, question

COUNT = 40
FILMS = [film(seed) for seed in range(COUNT)]


@pytest.fixture(scope="module")
def album() -> Album:
    found = Album()
    for image in FILMS:
        found.add(image_print(image))
    return found


@pytest.mark.parametrize("kind", PICTURES)
def test_changed_films_are_found_and_no_other_is(album: Album, kind: str) -> None:
    draw = random.Random(4)
    found = [
        [seen.number for seen in album.seen(image_print(PICTURES[kind](image, draw)))] for image in FILMS
    ]
    missed = sum(number not in seen for number, seen in enumerate(found))
    assert missed == 0 if kind in RE_ENCODED else missed <= 1
    assert all(set(seen) <= {number} for number, seen in enumerate(found))


def samples(records: list[dict[str, object]]) -> list[Sample]:
    return [read_record(record, Place("planted", line), str)[1] for line, record in enumerate(records)]


@pytest.mark.parametrize("kind", QUESTIONS)
def test_reworded_questions_are_found(kind: str) -> None:
    draw = random.Random(5)
    asked = [question(draw) for _ in range(300)]
    held = Against.build(samples(asked))
    planted = samples([QUESTIONS[kind](record, draw) for record in asked])
    found = [{match.item for match in held.matches(sample)} for sample in planted]
    assert sum(number in seen for number, seen in enumerate(found)) >= 297
    assert sum(len(seen - {number}) for number, seen in enumerate(found)) <= 0.001 * 300 * 299


def test_reports_of_which_a_word_in_fifty_is_changed_are_found() -> None:
    draw = random.Random(6)
    words = [f"term{number}" for number in range(3000)]
    reports = [" ".join(draw.choices(words, k=draw.randint(30, 200))) for _ in range(300)]
    held = Against.build(samples([{"text": report} for report in reports]))
    met = [
        {match.item for match in held.matches(sample)}
        for sample in samples([{"text": edited(report, draw)} for report in reports])
    ]
    assert sum(seen == {number} for number, seen in enumerate(met)) >= 297
