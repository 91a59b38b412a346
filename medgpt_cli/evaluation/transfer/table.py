"""Scores of a transfer as rows of text.  This module knows nothing of how they were made."""

from __future__ import annotations

from collections.abc import Sequence

from medgpt_cli.evaluation.statistics.tables import between, number
from medgpt_cli.evaluation.transfer.means import Compared
from medgpt_cli.evaluation.transfer.outcomes import Scored

HEADERS = ("set", "mode", "tower", "macro-F1", "95 %", "accuracy", "95 %", "n", "cases", "seeds")
COMPARED = ("set", "mode", "tower", "against", "difference", "95 %", "p (Holm)", "verdict")


def score_rows(scores: Sequence[Scored]) -> list[tuple[str, ...]]:
    """One row for each tower, set and mode, under `HEADERS`."""
    return [
        (
            each.set,
            each.mode,
            each.tower,
            number(each.macro_f1),
            between(each.low, each.high),
            number(each.accuracy),
            between(each.accuracy_low, each.accuracy_high),
            str(each.n),
            str(each.cases),
            str(len(each.by_seed)),
        )
        for each in scores
    ]


def compared_rows(comparisons: Sequence[Compared]) -> list[tuple[str, ...]]:
    """One row for each pair of towers, under `COMPARED`."""
    return [
        (
            each.set,
            each.mode,
            each.second,
            each.first,
            f"{each.result.difference:+.3f}",
            between(each.result.low, each.result.high),
            f"{each.result.adjusted:.4f}",
            each.result.verdict,
        )
        for each in comparisons
    ]
