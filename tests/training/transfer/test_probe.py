from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from medgpt_cli.core.transfer import Probe
from medgpt_cli.training.transfer.probe import fit_probe


def score(gold: object, predicted: object) -> float:
    return float(f1_score(gold, predicted, labels=range(3), average="macro", zero_division=0))


def points(count: int, seed: int, noise: float = 2.0) -> tuple[np.ndarray, list[int]]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=count)
    centres = np.random.default_rng(9).normal(size=(3, 8)) * [1, 100, 1, 1, 0.01, 1, 1, 1]
    spread = np.array([1, 100, 1, 1, 0.01, 1, 1, 1]) * noise
    return (centres[labels] + rng.normal(size=(count, 8)) * spread).astype(np.float32), labels.tolist()


def test_it_is_scikit_learns_with_the_penalty_that_validation_likes_best() -> None:
    train, val, test = points(90, 10, 3.0), points(60, 11, 3.0), points(60, 12, 3.0)
    recipe = Probe(c=(10.0, 0.001, 0.03))
    reached = {}
    for c in recipe.c:
        peer = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=2000)).fit(*train)
        reached[c] = (score(val[1], peer.predict(val[0])), peer.predict(test[0]).tolist())
    best = max(reached, key=lambda c: reached[c][0])
    assert len({value for value, _ in reached.values()}) == 3  # else the choice could not fail
    found = fit_probe(train, val, recipe, score)
    assert found.told == {"c": best, "converged": True}
    assert found.validation == pytest.approx(reached[best][0])
    assert found.predict(test[0]) == reached[best][1]


def test_among_equals_the_strongest_penalty_is_taken() -> None:
    train, val = points(60, 0, noise=0.01), points(30, 1, noise=0.01)
    assert fit_probe(train, val, Probe(c=(100.0, 1.0, 10.0)), score).told["c"] == 1.0


def test_a_feature_that_never_changes_does_no_harm() -> None:
    train, val = points(60, 0), points(30, 1)
    train[0][:, 3] = val[0][:, 3] = 5.0
    found = fit_probe(train, val, Probe(), score)
    assert np.isfinite(found.validation)
    assert len(found.predict(val[0])) == 30


def test_a_solver_that_did_not_end_is_told() -> None:
    found = fit_probe(points(60, 0), points(30, 1), Probe(c=(100.0,), iterations=1), score)
    assert found.told == {"c": 100.0, "converged": False}
