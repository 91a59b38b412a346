"""RaTEScore: each entity meets its nearest entity on the other side, weighed by their types.

An entity is a type and a vector.  For each entity of one side the nearest of the other is found by cosine; its cosine
counts with the affinity of the two types as weight, and only in part where one side asserts what the other denies.
The weighted means of both directions are joined as a harmonic mean.  Where one side has no entity the published score
is 0.5; since that rewards an empty report, such pairs are counted in a note with the mean they would leave at 0.

Affinities and what a negation leaves of a cosine are numbers published with the method (Zhao et al. 2024):

| name | affinities | negation | is |
|---|---|---|---|
| long | fitted on whole reports | 0.8717 | the default of the package since 0.6.0 |
| short | fitted on sentences | 0.3612 | the package's other choice since 0.6.0 |
| v05 | as long | 0.3612 | the package up to 0.5.0, and so most published tables |

This module knows nothing of texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medgpt_cli.evaluation.reports.keys import Pair, Report
from medgpt_cli.evaluation.reports.results import Scores, mean_of
from medgpt_cli.evaluation.reports.rows import EntityRow
from medgpt_cli.evaluation.reports.tables import Table
from medgpt_cli.evaluation.reports.vectors import unit, unpack

ONE_SIDE_EMPTY = 0.5

ROWS = ("ABNORMALITY", "ANATOMY", "DISEASE", "NON-ABNORMALITY", "NON-DISEASE")
"""The order of an affinity matrix's rows and columns."""


class Matrix(NamedTuple):
    """How much each pair of types matters, and what a negation costs.

    Attributes:
        name: `long`, `short` or `v05`.
        affinity: Rows are the type that asks, columns the type it met, both in the order of `ROWS`.
        negation: What is left of a cosine where one side asserts what the other denies.
    """

    name: str
    affinity: tuple[tuple[float, ...], ...]
    negation: float


LONG = Matrix(
    "long",
    (
        (
            0.4276119164393705,
            0.6240929990607657,
            0.0034478181112993847,
            0.5431049700217344,
            0.27005425386213877,
        ),
        (
            0.7487824274337533,
            0.2856134859160784,
            0.4592143222158069,
            0.02097055139911715,
            0.00013736314126696204,
        ),
        (
            0.8396510075734789,
            0.9950209388542061,
            0.8460555030578727,
            0.9820689020512646,
            0.3789136708096537,
        ),
        (
            0.16546764653692908,
            0.018670610691852826,
            0.719397354576018,
            0.0009357166071730684,
            0.0927333564267591,
        ),
        (
            0.7759420231214385,
            0.1839139293714062,
            0.10073046076318157,
            0.03860183811876373,
            0.34065681486566446,
        ),
    ),
    0.8716553966489615,
)
SHORT = Matrix(
    "short",
    (
        (
            0.4070293318365468,
            0.6952639610605605,
            0.28342529466226446,
            0.9479148658006686,
            0.23875064111146294,
        ),
        (
            0.5829759950441763,
            0.7709590751917746,
            0.0006059634829551632,
            0.794672584951181,
            0.27982942400798977,
        ),
        (
            0.8840397619834857,
            0.9637659445696822,
            0.19018958438059513,
            0.6962283914800402,
            0.943727057946997,
        ),
        (
            0.1712744286898638,
            0.4485149671497294,
            0.00045065329822896076,
            0.0007887930317199857,
            0.8555432840895761,
        ),
        (
            0.9555801066212176,
            0.13122106162635216,
            0.6072996585919443,
            0.05650711141169969,
            0.3214769399791204,
        ),
    ),
    0.3611577852354489,
)
V05 = Matrix("v05", LONG.affinity, 0.3612)

ASSERTED = frozenset({"ABNORMALITY", "DISEASE"})
DENIED = frozenset({"NON-ABNORMALITY", "NON-DISEASE"})


class Found(NamedTuple):
    """The entities of one report: types, and unit vectors of shape (entities, width)."""

    types: tuple[str, ...]
    vectors: NDArray[np.float32]


def similarity(asking: Found, met: Found, matrix: Matrix) -> float:
    """The weighted mean cosine of each asking entity with its nearest; both sides hold at least one."""
    cosines = asking.vectors @ met.vectors.T
    nearest = cosines.argmax(axis=1)
    total = weights = 0.0
    for row, (kind, index) in enumerate(zip(asking.types, nearest, strict=True)):
        other = met.types[index]
        weight = matrix.affinity[ROWS.index(kind)][ROWS.index(other)]
        opposed = (kind in ASSERTED and other in DENIED) or (kind in DENIED and other in ASSERTED)
        total += float(cosines[row, index]) * weight * (matrix.negation if opposed else 1.0)
        weights += weight
    return total / weights


def ratescore(candidate: Found, reference: Found, matrix: Matrix) -> float:
    """RaTEScore of one pair, from about 0 to 1."""
    if not candidate.types or not reference.types:
        return ONE_SIDE_EMPTY
    one, other = similarity(reference, candidate, matrix), similarity(candidate, reference, matrix)
    return 2 * one * other / (one + other) if one + other else 0.0


def scores(matrix: Matrix, pairs: Sequence[Pair], table: Table[EntityRow]) -> Scores:
    """RaTEScore over all pairs."""
    values, empty = [], 0
    for pair in pairs:
        candidate, reference = (_found(table, report) for report in pair)
        empty += not candidate.types or not reference.types
        values.append(ratescore(candidate, reference, matrix))
    if not empty:
        return mean_of(values)
    left = (sum(values) - ONE_SIDE_EMPTY * empty) / len(values)
    note = (
        f"in {empty} of {len(values)} pairs one side holds no entity: {ONE_SIDE_EMPTY} each, as published; "
        f"counted as 0 the mean is {left:.4f}"
    )
    return mean_of(values, (note,))


def _found(table: Table[EntityRow], report: Report) -> Found:
    if report.blank:
        return Found((), np.zeros((0, 1), np.float32))
    row = table[report.key]
    return Found(row.types, unit(unpack(row.vectors, table.header.width, table.header.dtype)))
