"""Signatures of texts, beside the Jaccard index counted out."""

from __future__ import annotations

import random

import numpy as np
import pytest

from medgpt_cli.data.duplicates.texts import likeness, text_print, text_prints

DRAW = random.Random(5)
WORDS = [f"word{number}" for number in range(2000)]


def text(length: int) -> list[str]:
    return DRAW.choices(WORDS, k=length)


def changed(said: list[str], count: int) -> list[str]:
    said = list(said)
    for place in DRAW.sample(range(len(said)), count):
        said[place] = "other"
    return said


def jaccard(one: list[str], other: list[str]) -> float:
    sets = [set(zip(*(said[step:] for step in range(5)), strict=False)) for said in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def signature(said: list[str]) -> np.ndarray:
    return np.frombuffer(text_print(" ".join(said)).signature, np.uint8)


@pytest.mark.parametrize("changes", [0, 1, 3, 8, 20, 60])
def test_equal_bytes_estimate_the_jaccard_index(changes: int) -> None:
    off = []
    for _ in range(30):
        said = text(120)
        other = changed(said, changes)
        off.append(float(likeness(signature(said), signature(other))) - jaccard(said, other))
    assert abs(np.mean(off)) < 0.03
    assert np.abs(off).max() < 0.2


def test_case_punctuation_and_spacing_make_no_other_text() -> None:
    assert text_print("The heart is normal.") == text_print("the  HEART,\nis normal")
    assert text_print("The heart is normal.").exact != text_print("The heart is not normal.").exact


def test_many_at_once_are_as_one_by_one() -> None:
    texts = [" ".join(text(length)) for length in (0, 1, 4, 5, 6, 200)] * 200
    assert text_prints(texts) == [text_print(each) for each in texts]
    assert [each.words for each in text_prints(texts[:3])] == [0, 1, 4]
    assert text_prints([]) == []
