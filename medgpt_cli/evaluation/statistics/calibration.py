"""Does the model know when it does not know: its confidence in an option against how often that option is right.

Confidence is the softmax over the likelihoods of an item's options, taken at the likeliest one.  The expected
calibration error uses bins of equal mass, so that no bin is nearly empty; with few items it is above 0 even for a
perfectly calibrated model, so it stands beside its bins and their intervals.  The risk-coverage curve says how often
the model errs when it answers only the questions it is surest of (El-Yaniv and Wiener 2010); answers of equal
confidence are taken together, so their order changes nothing.  This module knows nothing of models or files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from medgpt_cli.evaluation.intervals import wilson

Floats = NDArray[np.float64]

LIKELIEST_RIGHT = "accuracy_likelihood"
"""The measure that says whether the likeliest option is right; where a row lacks it, its verdict is taken."""

BINS = 10
PER_BIN = 10
"""Items a bin must have; with fewer items there are fewer bins."""

COVERAGES = (0.5, 0.7, 0.8, 0.9, 1.0)
CURVE = 100
"""Points of the risk-coverage curve, at most."""


class Row(Protocol):
    """What is read of one answer; the rows of a sample log have it."""

    @property
    def correct(self) -> bool:
        """Whether the answer is right."""

    @property
    def likelihoods(self) -> Sequence[float]:
        """For each option the sum of its tokens' log-probabilities, in nats; empty where not asked for."""

    @property
    def measures(self) -> Mapping[str, float]:
        """Values by the measure's name."""


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """Items of similar confidence.

    Attributes:
        n: Items.
        confidence: Their mean confidence.
        accuracy: The share of them that is right.
        low: Lower bound of the 95 % Wilson interval of `accuracy`, as if items were independent.
        high: Upper bound.
    """

    n: int
    confidence: float
    accuracy: float
    low: float
    high: float


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """How far a model's confidence can be believed.

    Attributes:
        n: Items with the likelihoods of at least two options.
        left_out: Items without them.
        accuracy: Share of items whose likeliest option is right.
        confidence: Mean confidence; above `accuracy` the model is too sure of itself.
        ece: Expected calibration error: the mean distance of confidence and accuracy over the bins.
        brier: Mean squared distance of confidence and verdict.
        aurc: Area under the risk-coverage curve: the mean error rate over all coverages; lower is better.
        bins: From the least to the most confident.
        curve: Points (coverage, error rate) from the surest answers to all.
        accuracy_at: Accuracy of the surest answers at the coverages of `COVERAGES`, as (coverage, accuracy).
    """

    n: int
    left_out: int
    accuracy: float
    confidence: float
    ece: float
    brier: float
    aurc: float
    bins: tuple[Bin, ...]
    curve: tuple[tuple[float, float], ...]
    accuracy_at: tuple[tuple[float, float], ...]


def of(rows: Sequence[Row]) -> Calibration | None:
    """The calibration of the answers that carry the likelihoods of their options; None where none does."""
    kept = [row for row in rows if len(row.likelihoods) > 1 and _says(row.likelihoods)]
    if not kept:
        return None
    sure = np.array([float(softmax(np.array(row.likelihoods)).max()) for row in kept])
    right = np.array([float(row.measures.get(LIKELIEST_RIGHT, row.correct)) for row in kept])
    order = np.lexsort((right, sure))  # sums do not depend on the order of the items, to the last bit
    brier = float(((sure - right)[order] ** 2).mean())
    sure, right = _ordered(sure, right)
    bins = _bins(sure, right)
    n = len(kept)
    risks = 1 - np.cumsum(right[::-1]) / np.arange(1, n + 1)
    points = np.unique(np.linspace(1, n, min(n, CURVE)).round().astype(int))
    return Calibration(
        n=n,
        left_out=len(rows) - n,
        accuracy=float(right.mean()),
        confidence=float(sure.mean()),
        ece=sum(part.n / n * abs(part.confidence - part.accuracy) for part in bins),
        brier=brier,
        aurc=float(risks.mean()),
        bins=tuple(bins),
        curve=tuple((float(k / n), float(risks[k - 1])) for k in points),
        accuracy_at=tuple(
            (share, float(1 - risks[ceil(round(share * n, 9)) - 1])) for share in COVERAGES
        ),
    )


def _says(likelihoods: Sequence[float]) -> bool:
    """Whether there is a likeliest one; an option of probability 0 is fine, all of them are not."""
    array = np.array(likelihoods)
    return not np.isnan(array).any() and bool(np.isfinite(array.max()))


def _ordered(sure: Floats, right: Floats) -> tuple[Floats, Floats]:
    """From the least to the most confident; among equally sure items each is as right as they are on average."""
    levels, members = np.unique(sure, return_inverse=True)
    shares = np.bincount(members, weights=right) / np.bincount(members)
    members = np.sort(members)
    return levels[members], shares[members]


def _bins(sure: Floats, right: Floats) -> list[Bin]:
    count = max(1, min(BINS, len(sure) // PER_BIN))
    return [
        _bin(*part)
        for part in zip(np.array_split(sure, count), np.array_split(right, count), strict=True)
    ]


def _bin(sure: NDArray[Any], right: NDArray[Any]) -> Bin:
    bounds = wilson(float(right.sum()), len(right))
    return Bin(
        n=len(right),
        confidence=float(sure.mean()),
        accuracy=float(right.mean()),
        low=bounds.low,
        high=bounds.high,
    )
