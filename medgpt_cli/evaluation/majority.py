"""The answer one would give without looking: the commonest one of each group.

A model is worth something only above this line.  Fitted on the training file it is an honest baseline;
fitted on the task itself it is the best constant answer in hindsight, and is named so.  This module
knows nothing of files or models.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from medgpt_cli.evaluation.exact_match import normalise
from medgpt_cli.evaluation.items import Item


class Majority:
    """The commonest right answer per group, with the commonest of all for groups never seen.

    Args:
        items: What to count on.  Multiple choice and free answers are counted apart.
        source: What the items come from, in words.
    """

    def __init__(self, items: Iterable[Item], source: str) -> None:
        self.source = source
        counts: defaultdict[tuple[str | None, bool], Counter[str]] = defaultdict(Counter)
        for item in items:
            for group in (item.group, None):
                counts[group, bool(item.options)][_answer(item)] += 1
        self._answers = {key: _commonest(counter) for key, counter in counts.items()}

    def is_right(self, item: Item) -> bool:
        """Whether the majority answer of the item's group is right for the item."""
        kind = bool(item.options)
        guess = self._answers.get((item.group, kind), self._answers.get((None, kind)))
        return guess is not None and (guess in item.letters if item.options else guess == _answer(item))


def _answer(item: Item) -> str:
    return item.letters[0] if item.options else normalise(item.gold)


def _commonest(counter: Counter[str]) -> str:
    """Ties go to the first in alphabetical order, so that the baseline does not depend on the order
    of a file.
    """
    return min(counter, key=lambda answer: (-counter[answer], answer))
