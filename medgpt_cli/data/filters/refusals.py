"""Answers of another model that would not answer: "as an AI", "I cannot assist".

Only the assistant's own words are looked at, and only forms that speak of answering or of seeing the picture at all:
"I cannot see a fracture" is a finding, and a patient's "I cannot breathe" is a symptom.
"""

from __future__ import annotations

import re

from medgpt_cli.core.types import Sample
from medgpt_cli.data.filters.filter import Filter
from medgpt_cli.data.filters.wording import answers

_UNABLE = (
    r"I(?:\s+(?:cannot|can\s*not|can['’]?t|could\s+not|couldn['’]t|am\s+(?:unable|not\s+able)\s+to|won['’]t|will\s+not)"
    r"|['’]m\s+(?:unable|not\s+able)\s+to)"
)
_REFUSAL = re.compile(
    rf"""(?ix)
    \bas\s+an?\s+(?:AI|artificial\s+intelligence|(?:large\s+)?language\s+model)\b
    | \bI(?:['’]m|\s+am)\s+(?:just\s+|only\s+)?an?\s+(?:AI|artificial\s+intelligence|(?:large\s+)?language\s+model)\b
    | \bI(?:['’]m|\s+am)\s+(?:very\s+|so\s+)?sorry,?\s+(?:but|I)\b
    | \bI\s+apologi[sz]e\b
    | \b{_UNABLE}\s+(?:\w+\s+){{0,2}}?(?:provide|assist|help|answer|fulfil|fulfill|comply|offer|diagnose|
        give\s+(?:you|medical|a\s+diagnosis)|process|engage|respond)\b
    | \b{_UNABLE}\s+(?:\w+\s+)?(?:see|view|access|open|analy[sz]e|interpret|read)\s+(?:\w+\s+){{0,2}}?
        (?:images?|pictures?|photos?|scans?|attachments?|x-?rays?)\b
    | \bno\s+image\s+(?:was|has\s+been|is)\s+(?:provided|attached|included|uploaded)\b
    | \bplease\s+(?:provide|upload|attach|share)\s+(?:\w+\s+){{0,2}}?(?:image|picture|scan|x-?ray)\b
    """
)


def refusals() -> Filter:
    """Objects to records in which any answer is a refusal."""

    def judge(sample: Sample) -> str:
        return "an answer refuses" if any(map(_REFUSAL.search, answers(sample))) else ""

    return Filter("refusals", judge)
