from dataclasses import dataclass, field
from itertools import permutations
from math import log

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from medgpt_cli.evaluation.intervals import wilson
from medgpt_cli.evaluation.statistics import calibration


@dataclass
class Answer:
    correct: bool
    likelihoods: tuple[float, ...] = ()
    measures: dict[str, float] = field(default_factory=dict)


def sure(confidence: float, correct: bool) -> Answer:
    """An answer among two options, the likelier one with this probability."""
    return Answer(correct, (log(confidence) - 7, log(1 - confidence) - 7))


def drawn(count: int) -> list[Answer]:
    rng = np.random.default_rng(2)
    return [sure(p, bool(rng.random() < p**2)) for p in rng.uniform(0.51, 0.99, size=count)]


def test_worked_by_hand() -> None:
    """Four answers make one bin: mean confidence 0.75, three right."""
    rows = [sure(0.9, True), sure(0.8, False), sure(0.7, True), sure(0.6, True), Answer(True)]
    found = calibration.of(rows)
    assert found
    assert (found.n, found.left_out) == (4, 1)
    assert (found.accuracy, found.confidence) == (0.75, pytest.approx(0.75))
    assert found.ece == pytest.approx(0.0)
    assert found.brier == pytest.approx((0.01 + 0.64 + 0.09 + 0.16) / 4)
    # Errors from the surest on: 0/1, 1/2, 1/3, 1/4.
    assert dict(found.curve) == pytest.approx({0.25: 0, 0.5: 1 / 2, 0.75: 1 / 3, 1: 1 / 4})
    assert found.aurc == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert dict(found.accuracy_at) == pytest.approx(
        {0.5: 0.5, 0.7: 2 / 3, 0.8: 0.75, 0.9: 0.75, 1: 0.75}
    )
    [only] = found.bins
    assert (only.n, only.accuracy, only.low, only.high) == (4, 0.75, *wilson(3, 4))


def test_equals_scikit_learn() -> None:
    rows = drawn(400)
    found = calibration.of(rows)
    assert found
    right = [row.correct for row in rows]
    confidence = [float(np.exp(row.likelihoods[0] + 7)) for row in rows]
    accuracies, confidences = calibration_curve(right, confidence, n_bins=10, strategy="quantile")
    assert [part.n for part in found.bins] == [40] * 10
    assert [part.accuracy for part in found.bins] == pytest.approx(list(accuracies))
    assert [part.confidence for part in found.bins] == pytest.approx(list(confidences))
    assert found.ece == pytest.approx(float(np.abs(accuracies - confidences).mean()))
    assert found.brier == pytest.approx(brier_score_loss(right, confidence))
    assert found.confidence > found.accuracy
    assert len(found.curve) == 100
    assert found.curve[-1] == (1.0, pytest.approx(1 - found.accuracy))


def test_equally_sure_answers_are_taken_together() -> None:
    """The area is the mean over every order of the ties."""
    rows = [sure(0.9, True), sure(0.7, False), sure(0.7, True), sure(0.7, True), sure(0.6, False)]
    found = calibration.of(rows)
    areas = []
    for tied in permutations([1, 0, 0]):
        errors = [0, *tied, 1]
        areas.append(np.mean([sum(errors[:k]) / k for k in range(1, 6)]))
    assert found
    assert found.aurc == pytest.approx(np.mean(areas))
    assert calibration.of(rows[::-1]) == found


def test_ties_across_bins_do_not_depend_on_the_order() -> None:
    rows = [sure(0.7, n < 15) for n in range(30)]
    found = calibration.of(rows)
    assert found == calibration.of(rows[::-1])
    assert found
    assert [(part.n, part.accuracy) for part in found.bins] == [(10, pytest.approx(0.5))] * 3


def test_confidence_is_that_of_the_likeliest_option_and_so_is_its_verdict() -> None:
    """What the text chose does not count where it is known whether the likeliest option is right."""
    row = Answer(True, (-9.0, -1.0, -5.0), {calibration.LIKELIEST_RIGHT: 0.0})
    found = calibration.of([row])
    assert found
    e = np.exp([-9.0, -1.0, -5.0])
    assert (found.confidence, found.accuracy) == (pytest.approx(e[1] / e.sum()), 0.0)


def test_likelihoods_far_below_the_smallest_number_are_fine() -> None:
    found = calibration.of([Answer(True, (-2000.0, -2001.0, float("-inf")))])
    assert found
    assert found.confidence == pytest.approx(1 / (1 + np.exp(-1)))


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [Answer(True)],
        [Answer(True, (-1.0,))],
        [Answer(True, (float("-inf"), float("-inf")))],
        [Answer(True, (float("nan"), -1.0))],
        [Answer(True, (-1.0, float("nan")))],
    ],
)
def test_without_likelihoods_nothing_is_said(rows: list[Answer]) -> None:
    assert calibration.of(rows) is None


@pytest.mark.parametrize(("items", "bins"), [(1, 1), (19, 1), (20, 2), (99, 9), (100, 10), (5000, 10)])
def test_bins_are_never_nearly_empty(items: int, bins: int) -> None:
    found = calibration.of(drawn(items))
    assert found
    assert len(found.bins) == bins
    assert sum(part.n for part in found.bins) == items
