from __future__ import annotations

import pytest

from medgpt_cli.data.filters.repetition import repeated_share, repetition
from tests.data.filters.samples import answered

REPORT = (
    "There is no evidence of pneumothorax. There is no evidence of pleural effusion. There is no evidence of "
    "consolidation. The heart size is normal. The mediastinal contours are within normal limits. No fracture."
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The lungs are clear and the heart is normal. " * 4, "repeats itself"),
        ("no no no no no no", "repeats itself"),
        ("aaaaaaaaaaaaaaaa", "repeats itself"),
        ("的的的的的的的的的的的", "repeats itself"),
        ("#@!$%^&*()_+ ~~~~ |||| abc", "mostly symbols"),
        ("| 12 | -- | ** | == | ++ | // | :: |", "mostly symbols"),
        (REPORT, ""),
        ("no", ""),
        ("No. No.", ""),
        ("***", ""),  # too short to be told from an answer
        ("BP 120/80, HR 72, T 36.6 °C, SpO2 98 %", ""),
        ("--------------------\nThe lungs are clear, and the heart is normal in size.", ""),
        ("WET READ: ___ 9:39 AM\n" + "_" * 78 + "\nFINAL REPORT", ""),
        ("", ""),
    ],
)
def test_what_a_broken_generator_leaves_behind(text: str, reason: str) -> None:
    assert repetition()(answered(text)) == reason


def test_the_share_of_repeated_words_by_hand() -> None:
    # Words 0 to 4 and 10 to 14 are the same five: 10 of 15.
    first, middle = "one two three four five", "six seven eight nine ten"
    assert repeated_share(f"{first} {middle} {first}") == pytest.approx(10 / 15)
    assert repeated_share(f"{first} {middle} eleven twelve thirteen fourteen fifteen") == 0
    assert repeated_share(f"{first} {first}") == 0  # 10 words say nothing yet
