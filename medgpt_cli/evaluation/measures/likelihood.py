"""Accuracy by the likelihood of the options: the one with the highest log-probability is the model's choice.

    accuracy_likelihood        sum over the option's tokens: `acc` of lm-evaluation-harness
    accuracy_likelihood_norm   that sum divided by the option's length in characters: its `acc_norm`; for options
                               weighed by their whole text, not by their letter

Options that tie for the highest are all chosen, and right only if all of them are: the harness takes the first, and so
gives a model that cannot tell them apart the points of position A.  This module knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from medgpt_cli.evaluation.items import Item
from medgpt_cli.evaluation.measures.measure import Measure


def has_options(item: Item) -> bool:
    """Whether there are options whose likelihood could be compared."""
    return bool(item.options)


def chosen(item: Item, likelihoods: Sequence[float]) -> tuple[str, ...]:
    """The letters with the highest likelihood.

    Args:
        item: A question with options.
        likelihoods: One number for each option, in their order; empty where none came.

    Returns:
        The letters; none where a likelihood is missing or not a number.
    """
    complete = bool(likelihoods) and len(likelihoods) == len(item.options)
    if not complete or any(isnan(value) for value in likelihoods):
        return ()
    best = max(likelihoods)
    letters = zip((letter for letter, _ in item.options), likelihoods, strict=True)
    return tuple(letter for letter, value in letters if value == best)


def _right(item: Item, likelihoods: Sequence[float]) -> float:
    letters = chosen(item, likelihoods)
    return float(bool(letters) and set(letters) <= set(item.letters))


def _right_by_length(item: Item, likelihoods: Sequence[float]) -> float:
    lengths = (max(len(text), 1) for _, text in item.options)
    if len(likelihoods) != len(item.options):
        return 0.0
    return _right(item, [value / length for value, length in zip(likelihoods, lengths, strict=True)])


ACCURACY_LIKELIHOOD = Measure(
    "accuracy_likelihood",
    1,
    "accuracy by the likelihood of the options (acc)",
    by_likelihood=_right,
    applies=has_options,
)
ACCURACY_LIKELIHOOD_NORM = Measure(
    "accuracy_likelihood_norm",
    1,
    "accuracy by the likelihood of the options for each character (acc_norm)",
    by_likelihood=_right_by_length,
    applies=has_options,
)
