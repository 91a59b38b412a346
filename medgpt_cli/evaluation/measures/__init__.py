"""The measures by name: what a task's `measures:` may say, and what is computed of each answer.

A measure that cannot be computed is absent, never 0; an item that was not answered scores 0, never nothing.
This package knows nothing of models, files, averages over groups or intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from medgpt_cli.evaluation.items import Item
from medgpt_cli.evaluation.measures.bleu import BLEU1_CORPUS, BLEU1_SENT, VQAMED_BLEU_LEGACY
from medgpt_cli.evaluation.measures.exact import EXACT
from medgpt_cli.evaluation.measures.likelihood import ACCURACY_LIKELIHOOD, ACCURACY_LIKELIHOOD_NORM
from medgpt_cli.evaluation.measures.macro_f1 import MACRO_F1
from medgpt_cli.evaluation.measures.measure import Measure, Row
from medgpt_cli.evaluation.measures.mxq import EXACT_MXQ
from medgpt_cli.evaluation.measures.overlap import NORMALISED, ROUGE_L, TOKEN_F1

__all__ = ["MEASURES", "Measure", "Row", "measure_item", "not_computed"]

MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        EXACT,
        EXACT_MXQ,
        NORMALISED,
        TOKEN_F1,
        BLEU1_SENT,
        BLEU1_CORPUS,
        VQAMED_BLEU_LEGACY,
        ROUGE_L,
        MACRO_F1,
        ACCURACY_LIKELIHOOD,
        ACCURACY_LIKELIHOOD_NORM,
    )
}


def measure_item(
    item: Item, text: str, names: Sequence[str], likelihoods: Sequence[float] | None = None
) -> dict[str, float]:
    """The named measures of one answer.

    Args:
        item: What was asked.
        text: The reply a person would read; empty where there was none or it was cut off.
        names: Measures of `MEASURES`.
        likelihoods: Log-probabilities of the item's options in their order; empty where they were asked for and did
            not come (that scores 0), None where none were asked for (the measure is then absent).

    Returns:
        One number for each measure that applies to the item; of a measure over the whole table its counts, as
        `name#0`, `name#1`…, from which `MEASURES[name].score(rows)` makes the score.
    """
    row: dict[str, float] = {}
    for name in names:
        row |= MEASURES[name].row(item, text, likelihoods)
    return row


def not_computed(items: Sequence[Item], names: Sequence[str]) -> dict[str, str]:
    """The named measures that these items cannot be given, each with the reason."""
    reasons: dict[str, str] = {}
    for name in names:
        measure = MEASURES[name]
        if not any(measure.applies(item) for item in items):
            reasons[name] = "no item here is of the kind it measures"
        elif reason := measure.unsuited(items):
            reasons[name] = reason
    return reasons
