"""Strict exact match, the headline: the whole answer is right, or it is wrong.

This module knows nothing of how an answer is read; `scoring` does that.
"""

from __future__ import annotations

from medgpt_cli.evaluation.items import Item, Kind
from medgpt_cli.evaluation.measures.measure import Measure
from medgpt_cli.evaluation.scoring import judge


def _exact(item: Item, text: str) -> float:
    return float(judge(item, text).correct)


EXACT = Measure(
    "exact", 1, "strict exact match", per_item=_exact, applies=lambda item: item.kind is not Kind.REPORT
)
