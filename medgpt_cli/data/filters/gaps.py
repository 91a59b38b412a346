"""Texts with something missing: placeholders of an earlier de-identification, and texts that break off.

Placeholders are frequent in whole sets (MIMIC writes `___`, i2b2 `[**…**]`, OpenI XXXX), so objecting to them is a
choice of its own: a model that learns them will write them.
"""

from __future__ import annotations

import re

from medgpt_cli.core.types import Sample
from medgpt_cli.data.filters.filter import Filter
from medgpt_cli.data.filters.wording import answers, learnt

MIN_CHARACTERS = 30
"""Characters below which a text may end as it likes: many answers are one word."""

_PLACEHOLDER = re.compile(
    r"_{3,}|\[\*\*|\*\*\]|\bX{4,}\b|(?i:[\[<(](?:redacted|removed|name|date|hospital|doctor|location|deid|phi)[\]>)])"
)
_OPEN_END = re.compile(
    r"(?i)(?:[,;:(\[{/\-–]|\.\.\.|…"
    r"|\b(?:and|or|the|of|with|in|a|an|to|is|are|was|were|for|by|at|from|that|which|as|but|no|than))$"
)


def placeholders() -> Filter:
    """Objects to learnt texts that hold a placeholder."""

    def judge(sample: Sample) -> str:
        return "a placeholder" if _PLACEHOLDER.search(learnt(sample)) else ""

    return Filter("placeholders", judge)


def truncated() -> Filter:
    """Objects to texts that break off inside a sentence."""

    def judge(sample: Sample) -> str:
        texts = list(answers(sample)) or [learnt(sample)]
        for text in texts:
            text = text.rstrip()
            if len(text) >= MIN_CHARACTERS and _OPEN_END.search(text):
                return "breaks off"
        return ""

    return Filter("truncated", judge)
