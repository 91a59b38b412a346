"""The linear probe: logistic regression on frozen features, its penalty chosen on validation.

Features are brought to mean 0 and deviation 1 by the training split alone.  This module knows nothing of pictures; it
is handed the measure, and never sees a test label.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from medgpt_cli.core.transfer import Probe

Floats = NDArray[np.float32]
Score = Callable[[Sequence[int], Sequence[int]], float]
"""From right classes and predicted ones to a number, higher being better."""


@dataclass(frozen=True)
class Trained:
    """A classifier that was chosen on validation.

    Attributes:
        predict: From inputs to classes; features for a probe, numbers of pictures for a network.
        validation: Its score there.
        told: What was chosen, for the record.
    """

    predict: Callable[[Any], list[int]]
    validation: float
    told: dict[str, Any]


def fit_probe(
    train: tuple[Floats, Sequence[int]], val: tuple[Floats, Sequence[int]], recipe: Probe, score: Score
) -> Trained:
    """Fits one classifier for each penalty and keeps the best; among equals the strongest penalty.

    Args:
        train: Features (N, D) and classes.
        val: Likewise.
        recipe: The penalties.
        score: Judges on validation.
    """
    mean, spread = train[0].mean(axis=0, dtype=np.float64), train[0].std(axis=0, dtype=np.float64)
    spread[spread < 1e-8] = 1.0  # a feature that never changes stays zero

    def brought(features: Floats) -> NDArray[np.float64]:
        scaled: NDArray[np.float64] = (features - mean) / spread
        return scaled

    best: tuple[float, float, LogisticRegression, bool] | None = None
    for c in sorted(recipe.c):
        model = LogisticRegression(C=c, max_iter=recipe.iterations)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvergenceWarning)
            model.fit(brought(train[0]), np.asarray(train[1]))
        reached = score(val[1], model.predict(brought(val[0])).tolist())
        if best is None or reached > best[0]:
            best = (reached, c, model, not any(each.category is ConvergenceWarning for each in caught))
    assert best is not None
    reached, c, chosen, converged = best
    return Trained(
        lambda features: [int(each) for each in chosen.predict(brought(features))],
        reached,
        {"c": c, "converged": converged},
    )
