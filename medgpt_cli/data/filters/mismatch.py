"""Captions that do not fit their picture, by a score that is handed in; no model is known here.

The worst percentile of a set is objected to, because scores of different towers have no common scale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from medgpt_cli.core.types import Sample
from medgpt_cli.data.filters.filter import Filter

Score = Callable[[Sample], float]
"""How well the text of a sample fits its pictures; higher is better."""


def threshold(samples: Iterable[Sample], score: Score, percentile: float) -> float:
    """The score below which a share of the samples with pictures lies; minus infinity when there are none.

    Args:
        samples: A whole set, or a fair part of it.
        score: Of a sample.
        percentile: 0 to 100.
    """
    scores = [score(sample) for sample in samples if sample.images]
    return float(np.percentile(scores, percentile)) if scores else -np.inf


def mismatch(score: Score, least: float) -> Filter:
    """Objects to records with pictures that score less than `least`; a score that is no number is objected to."""

    def judge(sample: Sample) -> str:
        if not sample.images or score(sample) >= least:
            return ""
        return "the text does not fit the picture"

    return Filter("mismatch", judge)
