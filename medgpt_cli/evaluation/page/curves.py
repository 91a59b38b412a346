"""Calibration and risk-coverage as points on a square, ready to be drawn.

Places are in the units of the drawing, (0, 0) at its upper left.  This module knows nothing of HTML.
"""

from __future__ import annotations

from math import ceil, sqrt
from typing import NamedTuple

from medgpt_cli.core.wording import counted
from medgpt_cli.evaluation.statistics.calibration import Bin, Calibration

SIDE = 240
"""Of the square."""
LEFT, TOP = 44, 12
"""Room for the numbers of the axis, and above."""
WIDTH, HEIGHT = LEFT + SIDE + 16, TOP + SIDE + 46
SMALLEST, LARGEST = 2.5, 5.0
"""Radii of the points, by how many questions stand behind one."""


class Tick(NamedTuple):
    """A line of the grid and the number at its end."""

    at: float
    text: str


class Point(NamedTuple):
    """One bin: its place, its interval, its size, and the same in words."""

    x: float
    y: float
    low: float
    high: float
    radius: float
    told: str


class Reliability(NamedTuple):
    """How often the model is right, against how sure it is."""

    points: tuple[Point, ...]
    line: str
    ticks: tuple[Tick, ...]
    rows: tuple[Tick, ...]


class Coverage(NamedTuple):
    """How often the model errs, against how many questions it answers.

    Attributes:
        line: The curve.
        all: Height of the error rate over all questions.
        ticks: Of the coverage.
        rows: Of the error rate.
    """

    line: str
    all: float
    ticks: tuple[Tick, ...]
    rows: tuple[Tick, ...]


def reliability(found: Calibration) -> Reliability:
    """The bins as points with intervals; where the model is exactly as sure as it is right they lie on the diagonal."""
    most = max(part.n for part in found.bins)
    points = tuple(_point(part, most) for part in found.bins)
    line = " ".join(f"{point.x:.1f},{point.y:.1f}" for point in points)
    return Reliability(points, line, _across(), _up(1.0))


def coverage(found: Calibration) -> Coverage:
    """The risk-coverage curve, as high as its highest point asks for."""
    top = max(0.1, ceil(max(risk for _, risk in found.curve) * 10 - 1e-9) / 10)
    line = " ".join(f"{_x(share):.1f},{_y(risk / top):.1f}" for share, risk in found.curve)
    return Coverage(line, _y(found.curve[-1][1] / top), _across(), _up(top))


def _point(part: Bin, most: int) -> Point:
    return Point(
        _x(part.confidence),
        _y(part.accuracy),
        _y(part.low),
        _y(part.high),
        max(SMALLEST, LARGEST * sqrt(part.n / most)),
        f"{counted(part.n, 'question')}: {part.confidence:.3f} sure, {part.accuracy:.3f} right "
        f"({part.low:.3f}–{part.high:.3f})",
    )


def _x(share: float) -> float:
    return LEFT + SIDE * share


def _y(share: float) -> float:
    return TOP + SIDE * (1 - share)


def _across() -> tuple[Tick, ...]:
    return tuple(Tick(_x(share), f"{share:g}") for share in (0, 0.25, 0.5, 0.75, 1))


def _up(top: float) -> tuple[Tick, ...]:
    return tuple(Tick(_y(share), f"{share * top:.3g}") for share in (0, 0.25, 0.5, 0.75, 1))
