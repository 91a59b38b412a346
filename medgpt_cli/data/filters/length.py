"""Texts too short to teach anything, or too long to be what they say.

Counted on the text that is learnt: an answer, a caption, a document.
"""

from __future__ import annotations

from medgpt_cli.core.types import Sample
from medgpt_cli.data.filters.filter import Filter
from medgpt_cli.data.filters.wording import learnt, words


def length(
    *,
    min_characters: int | None = None,
    max_characters: int | None = None,
    min_words: int | None = None,
    max_words: int | None = None,
) -> Filter:
    """Objects to texts outside the bounds; a bound that is None does not bind."""

    def judge(sample: Sample) -> str:
        text = learnt(sample).strip()
        if min_characters is not None and len(text) < min_characters:
            return f"under {min_characters} characters"
        if max_characters is not None and len(text) > max_characters:
            return f"over {max_characters} characters"
        if min_words is None and max_words is None:
            return ""
        count = len(words(text))
        if min_words is not None and count < min_words:
            return f"under {min_words} words"
        if max_words is not None and count > max_words:
            return f"over {max_words} words"
        return ""

    return Filter("length", judge)
