"""All rules at once: hostile texts take linear time, and the generated notes are read as well as they were."""

from __future__ import annotations

import time

import pytest

from medgpt_cli.data.privacy.text import find_text

HOSTILE = [" ", "A. ", "1 ", "John Smith ", "ssn # "]
MORE = [
    "A", "Aa, ", "de la ", "1/", "a|",
    "a", "1", "\n", "\t", "-", "#", "(", "é", "a.", "a@", "A-", "A'", "1-", "12:", "::", "<", "Aa ", "St. ", "Dr. ",
    "MRN: ", "call ", "May ", "of The ", "I, A ", "thanks\n", "12 Oak ", "john smith ", "Patient ", "Name:", "www.",
    "http://a", "a\t", "00 1", "by a ", "Foley, ", "1.", "+1 ", "@", "A<",
]  # fmt: skip
SIZE = 200_000


@pytest.mark.parametrize(
    "piece", [*HOSTILE, *(pytest.param(piece, marks=pytest.mark.slow) for piece in MORE)], ids=repr
)
def test_time_is_linear_in_the_length_of_a_hostile_text(piece: str) -> None:
    took = {}
    for size in (SIZE // 8, SIZE):
        text = (piece * (size // len(piece) + 1))[:size]
        began = time.process_time()
        find_text(text)
        took[size] = time.process_time() - began
    # Eight times the text: quadratic would be 64 times the time.  Short times are mostly noise.
    assert took[SIZE] < 24 * max(took[SIZE // 8], 0.05)


def test_empty_and_clean_texts() -> None:
    assert find_text("") == []
    assert find_text("The lungs are clear. No pleural effusion or pneumothorax.") == []


def test_offsets_count_characters() -> None:
    text = "Ωμέγα 😀 MRN: 12345678"
    [found] = find_text(text)
    assert text[found.start : found.end] == "12345678"
