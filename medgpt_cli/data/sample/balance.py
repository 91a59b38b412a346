"""Evens out answers, so that guessing the commonest one, or reading the question alone, is not rewarded.

Knows nothing of what is asked.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable

from medgpt_cli.data.sample.material import Question
from medgpt_cli.data.sample.wordings import ANSWERS

SLACK = 2.0
"""Of open questions, an answer may stand at most this many times as often as the rarest of its stratum."""


def balanced(questions: Iterable[Question], rng: random.Random) -> list[Question]:
    """Drops questions until the answers of each kind and stratum are even.

    Where there are two possible answers they come out equally often, and a stratum that has one of them alone is
    dropped.  What is dropped is chosen by `rng`; what stays keeps its order.
    """
    questions = list(questions)
    groups: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, question in enumerate(questions):
        groups[question.kind, question.stratum][question.answer].append(number)
    kept: set[int] = set()
    for (kind, _), answers in groups.items():
        either_or = len(ANSWERS[kind]) == 2
        if either_or and len(answers) < 2:
            continue
        rarest = min(map(len, answers.values()))
        limit = rarest if either_or else int(rarest * SLACK)
        for numbers in answers.values():
            kept.update(rng.sample(numbers, min(limit, len(numbers))))
    return [question for number, question in enumerate(questions) if number in kept]
