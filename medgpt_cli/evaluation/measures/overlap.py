"""Measures of shared words beside the headline: normalised match, token F1 and ROUGE-L.

Where a question has several right answers, the best one counts.  An empty reply scores 0 against anything.  This
module knows nothing of which answers are letters: it compares words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from medgpt_cli.evaluation.items import Item, Kind
from medgpt_cli.evaluation.measures.measure import Measure
from medgpt_cli.evaluation.measures.words import rouge_words, words_without_articles

Words = Sequence[str]


def is_in_words(item: Item) -> bool:
    """Whether the answer is words; a letter shares no words with anything."""
    return item.kind is not Kind.CHOICE


def _best(
    compare: Callable[[Words, Words], float], cut: Callable[[str], Words]
) -> Callable[[Item, str], float]:
    def of(item: Item, text: str) -> float:
        answer = cut(text)
        return max(compare(answer, cut(gold)) for gold in item.golds) if answer else 0.0

    return of


def token_f1(answer: Words, gold: Words) -> float:
    """Harmonic mean of the shares of shared words, each counted as often as it stands in both."""
    return _f1((Counter(answer) & Counter(gold)).total(), answer, gold)


def rouge_l(answer: Words, gold: Words) -> float:
    """Harmonic mean of the shares of the longest common subsequence."""
    return _f1(_common_subsequence(answer, gold), answer, gold)


def _f1(shared: int, answer: Words, gold: Words) -> float:
    return 2 * shared / (len(answer) + len(gold)) if shared else 0.0


def _common_subsequence(left: Words, right: Words) -> int:
    """Length, one bit per word of `right` (Hyyrö 2004): a huge reply costs as many steps as it has words."""
    places: dict[str, int] = {}
    for at, word in enumerate(right):
        places[word] = places.get(word, 0) | 1 << at
    whole = (1 << len(right)) - 1
    free = whole
    for word in left:
        taken = free & places.get(word, 0)
        free = ((free + taken) | (free - taken)) & whole
    return len(right) - free.bit_count()


def _same(answer: Words, gold: Words) -> float:
    return float(list(answer) == list(gold))


NORMALISED = Measure(
    "normalised",
    1,
    "match without case, punctuation and articles",
    per_item=_best(_same, words_without_articles),
    applies=is_in_words,
)
TOKEN_F1 = Measure(
    "token_f1",
    1,
    "F1 of shared words, without case, punctuation and articles",
    per_item=_best(token_f1, words_without_articles),
    applies=is_in_words,
)
ROUGE_L = Measure(
    "rouge_l",
    1,
    "ROUGE-L, F1, without stemmer",
    per_item=_best(rouge_l, rouge_words),
    applies=is_in_words,
)
