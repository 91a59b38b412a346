"""Questions that give their answer away, from which reading is learnt and not looking.

"Is it axial or coronal?" names its answer and is a fair question; "Which view? Answer: axial" is not.  A long answer
that stands in the question word for word, and an option that is marked as right, give it away too.
"""

from __future__ import annotations

import re

from medgpt_cli.core.types import Sample
from medgpt_cli.data.filters.filter import Filter
from medgpt_cli.data.filters.wording import answers, question, words

LONG = 4
"""Words of an answer from which standing in the question word for word is no chance; of an option, half."""

_TOLD = re.compile(
    r"(?i)\b(?:correct\s+|right\s+|gold\s+)?answer\s*(?:is|:|=)\s*\W{0,3}(\w[^\n.]{0,200})|\bground[\s-]truth\s*[:=]"
)
_MARKED = re.compile(r"(?i)[(\[]\s*(?:correct|right|true\s+answer)\s*[)\]]|[✓✔☑]|\*{2}\s*$")


def leaked_answers() -> Filter:
    """Objects to questions that tell, mark or contain their own answer."""

    def judge(sample: Sample) -> str:
        asked, said = question(sample), next(reversed(list(answers(sample))), "")
        if not asked or not said:
            return ""
        right = dict(sample.options).get(said.strip(), said)
        told = _TOLD.search(asked)
        if told and (told[1] is None or _begins(told[1], said) or _begins(told[1], right)):
            return "the answer is told in the question"
        if any(_MARKED.search(text) for _, text in sample.options):
            return "an option is marked as right"
        if sample.options:
            others = [text for _, text in sample.options if text != right]
            if _inside(right, asked, LONG // 2) and not any(_inside(text, asked, 1) for text in others):
                return "the right option alone stands in the question"
        elif _inside(right, asked, LONG) and "or" not in words(asked):
            return "the answer stands in the question"
        return ""

    return Filter("leaked_answers", judge)


def _begins(told: str, answer: str) -> bool:
    wanted = words(answer)
    return bool(wanted) and words(told)[: len(wanted)] == wanted


def _inside(text: str, asked: str, least: int) -> bool:
    """Whether a text of at least so many words stands in the question, word for word."""
    wanted = words(text)
    if len(wanted) < least:
        return False
    return f" {' '.join(wanted)} " in f" {' '.join(words(asked))} "
