"""BLEU in the three variants that medical VQA tables mix up; each has its own name, for they differ by points.

    bleu1_sent           BLEU-1 of each answer, then the mean
    bleu1_corpus         BLEU-1 of all answers as one text: short answers are punished together
    vqamed_bleu_legacy   what the VQA-Med evaluator gave under NLTK 3.2.5: up to four words in a row, but the count
                         stops at the first length of which nothing matches; so "yes" for "yes" is 1, and half a
                         two-word answer 0.84.  Stop words are removed as there; words are not stemmed, as it did.

BLEU: Papineni et al. 2002.  Several right answers are several references.  This module knows nothing of files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import exp, log

from medgpt_cli.evaluation.exact_match import normalise
from medgpt_cli.evaluation.items import Item
from medgpt_cli.evaluation.measures.measure import Measure, Tally
from medgpt_cli.evaluation.measures.overlap import Words, is_in_words
from medgpt_cli.evaluation.measures.stop_words import content_words
from medgpt_cli.evaluation.measures.words import words


def clipped(answer: Words, references: Sequence[Words], order: int = 1) -> int:
    """How many runs of `order` words of the answer stand in a reference, each at most as often as there."""
    limits: Counter[tuple[str, ...]] = Counter()
    for reference in references:
        limits |= _runs(reference, order)
    return (_runs(answer, order) & limits).total()


def closest(length: int, references: Sequence[Words]) -> int:
    """The length of the reference nearest to `length`, the shorter of two equally near."""
    return min(
        (len(reference) for reference in references), key=lambda other: (abs(other - length), other)
    )


def _runs(text: Words, order: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(text[at:] for at in range(order)), strict=False))


def _brevity(length: float, reference: float) -> float:
    return 1.0 if length > reference else exp(1 - reference / length) if length else 0.0


def _tally(item: Item, text: str) -> Tally:
    answer, references = words(text), [words(gold) for gold in item.golds]
    return clipped(answer, references), len(answer), closest(len(answer), references)


def _bleu1(counts: Sequence[float]) -> float:
    matched, length, reference = counts
    return _brevity(length, reference) * matched / length if length else 0.0


def _legacy(item: Item, text: str) -> float:
    # By the evaluator's own rule silence would be right where the right answer is a stop word.
    if not normalise(text):
        return 0.0
    answer, references = content_words(text), [content_words(gold) for gold in item.golds]
    return max(_truncated_bleu4(answer, reference) for reference in references)


def _truncated_bleu4(answer: Words, reference: Words) -> float:
    if not answer or not reference:
        return float(not answer and not reference)
    total = 0.0
    for order in range(1, 5):
        matched = clipped(answer, [reference], order)
        if not matched and order == 1:
            return 0.0
        if not matched:
            break
        total += log(matched / (len(answer) - order + 1)) / 4
    return _brevity(len(answer), len(reference)) * exp(total)


BLEU1_SENT = Measure(
    "bleu1_sent",
    1,
    "BLEU-1 of each answer, mean",
    per_item=lambda item, text: _bleu1(_tally(item, text)),
    applies=is_in_words,
)
BLEU1_CORPUS = Measure(
    "bleu1_corpus",
    1,
    "BLEU-1 of all answers together",
    tally=_tally,
    combine=_bleu1,
    applies=is_in_words,
)
VQAMED_BLEU_LEGACY = Measure(
    "vqamed_bleu_legacy",
    1,
    "VQA-Med's BLEU as NLTK 3.2.5 counted it, without its stemmer",
    per_item=_legacy,
    applies=is_in_words,
)
