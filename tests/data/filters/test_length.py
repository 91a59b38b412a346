from __future__ import annotations

import pytest

from medgpt_cli.data.filters.length import length
from tests.data.filters.samples import answered, document


@pytest.mark.parametrize(
    ("bounds", "text", "reason"),
    [
        ({}, "", ""),
        ({"min_characters": 4}, " yes ", "under 4 characters"),
        ({"min_characters": 3}, "yes", ""),
        ({"max_characters": 3}, "none", "over 3 characters"),
        ({"max_characters": 4}, "none", ""),
        ({"min_words": 3}, "two words", "under 3 words"),
        ({"min_words": 2}, "two words", ""),
        ({"min_words": 3}, "右肺有", ""),
        ({"max_words": 1}, "two words", "over 1 words"),
        ({"max_words": 2}, "two words.", ""),
    ],
)
def test_bounds_of_an_answer(bounds: dict, text: str, reason: str) -> None:
    assert length(**bounds)(answered(text, "A question that is long and does not count")) == reason


def test_a_document_is_measured_too() -> None:
    assert length(min_words=3)(document("two words")) == "under 3 words"
