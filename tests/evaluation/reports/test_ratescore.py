"""RaTEScore on entities with two-dimensional vectors, worked by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from medgpt_cli.evaluation.reports import score
from medgpt_cli.evaluation.reports.ratescore import LONG, ROWS, SHORT, V05

X, Y, DIAGONAL = (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)
A, AN, D, NA, ND = ROWS


def value(bench: Any, ours: list[Any], theirs: list[Any], metric: str = "ratescore_long") -> float:
    bench.write("entities", [bench.found("ours", *ours), bench.found("theirs", *theirs)])
    (result,) = score(["ours"], ["theirs"], ["p"], bench.folder, [metric])
    return result.value


@pytest.mark.parametrize("metric", ["ratescore_long", "ratescore_short"])
@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([(A, X), (AN, Y)], [(A, X), (AN, Y)], 1),
        ([(A, X)], [(A, Y)], 0),
        ([(A, X)], [(A, DIAGONAL)], math.sqrt(0.5)),
        ([(A, (3.0, 0.0))], [(A, (0.5, 0.0))], 1),  # length does not matter
    ],
)
def test_equal_types(bench: Any, metric: str, ours: Any, theirs: Any, expected: float) -> None:
    assert value(bench, ours, theirs, metric) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "other"), [(D, ND), (ND, D), (A, NA), (NA, A), (D, NA), (NA, D), (A, ND), (ND, A)]
)
def test_assertion_against_denial_keeps_the_published_share(bench: Any, kind: str, other: str) -> None:
    shares = {"long": 0.8716553966489615, "short": 0.3611577852354489, "v05": 0.3612}
    for name, share in shares.items():
        assert value(bench, [(kind, X)], [(other, X)], f"ratescore_{name}") == pytest.approx(share)


@pytest.mark.parametrize(("kind", "other"), [(A, D), (NA, ND), (AN, NA), (AN, ND)])
def test_other_pairs_of_types_are_no_negation(bench: Any, kind: str, other: str) -> None:
    assert value(bench, [(kind, X)], [(other, X)]) == pytest.approx(1)


def test_affinities_weigh_the_mean(bench: Any) -> None:
    # Reference asks: disease meets disease (cosine 1), anatomy meets disease (cosine 0, as nearest of one).
    theirs, ours = [(D, X), (AN, Y)], [(D, X)]
    d_d, an_d = 0.8460555030578727, 0.4592143222158069
    recall = d_d * 1 / (d_d + an_d)
    precision = 1.0
    assert value(bench, ours, theirs) == pytest.approx(2 * precision * recall / (precision + recall))


def test_long_and_short_differ(bench: Any) -> None:
    ours, theirs = [(D, X)], [(D, X), (AN, Y)]
    assert value(bench, ours, theirs) != pytest.approx(
        value(bench, ours, theirs, "ratescore_short"), abs=0.01
    )


def test_matrices_are_whole() -> None:
    assert V05.affinity is LONG.affinity
    for matrix in (LONG, SHORT):
        assert [len(row) for row in matrix.affinity] == [5] * 5
        assert all(0 < cell < 1 for row in matrix.affinity for cell in row)
    # From the published files: asked anatomy, met disease; asked disease, met anatomy.
    assert LONG.affinity[ROWS.index(AN)][ROWS.index(D)] == 0.4592143222158069
    assert SHORT.affinity[ROWS.index(D)][ROWS.index(AN)] == 0.9637659445696822


def test_an_empty_side_is_a_half_as_published_and_said(bench: Any) -> None:
    bench.write("entities", [bench.found("theirs", (A, X)), bench.found("same", (A, X))])
    result, _ = score(["", "same"], ["theirs", "same"], ["p", "q"], bench.folder, ["ratescore_long"] * 2)
    assert result.per_report == pytest.approx((0.5, 1))
    assert result.notes == (
        "in 1 of 2 pairs one side holds no entity: 0.5 each, as published; counted as 0 the mean is 0.5000",
    )
