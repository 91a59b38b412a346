"""RaTEScore: each entity meets its nearest entity on the other side, weighed by their types.

An entity is a type and a vector.  For each entity of one side the nearest of the other is found by cosine; its cosine
counts with the affinity of the two types as weight, and only in part where one side asserts what the other denies.
The weighted means of both directions are joined as a harmonic mean.  Where one side has no entity the published score
is 0.5; since that rewards an empty report, such pairs are counted in a note with the mean they would leave at 0.

Affinities and negation weights are numbers published with the method (Zhao et al. 2024; package 0.6.0): `long` was
fitted on whole reports, `short` on sentences.  This module knows nothing of texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """How much each pair of types matters.

    Attributes:
        name: `long` or `short`.
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
    0.3612,
)
SHORT = Matrix(
    "short",
    (
        (
            0.38333811268900353,
            0.524104047030107,
            0.923737018237504,
            0.52192782632639,
            0.09090975714641883,
        ),
        (
            0.5455639078951555,
            0.626496536178074,
            0.6437623942176629,
            0.8479489992919492,
            0.11194478418886475,
        ),
        (
            0.8598321916682581,
            0.37507211703215715,
            0.5462324461459105,
            0.8552179351076601,
            0.6815724040730634,
        ),
        (
            0.6456808357648485,
            0.3722718146905089,
            0.23592975602491242,
            0.02307311214300464,
            0.2791242506609838,
        ),
        (
            0.14219022374586918,
            0.5458139289243846,
            0.0845070074347237,
            0.9484343180305856,
            0.9387816097414258,
        ),
    ),
    0.786728804814,
)

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


MATRICES: Mapping[str, Matrix] = {matrix.name: matrix for matrix in (LONG, SHORT)}
