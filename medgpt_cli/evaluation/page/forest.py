"""One line for each task, what of it was not met in training, and its probes: the table on top, with its intervals.

This module counts nothing and knows nothing of HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from medgpt_cli.evaluation.page.strips import Strip, strip
from medgpt_cli.evaluation.score_table import unseen
from medgpt_cli.evaluation.scores import Exposure, MeasureScore, Score, TaskScore
from medgpt_cli.evaluation.statistics.probes import PROBES


class Line(NamedTuple):
    """One line.

    Attributes:
        kind: A task, its unseen part, or a probe of it.
        name: Of the line.
        anchor: Of the section it leads to.
        measure: What is measured.
        value: Its value; None where it was not computed.
        low: Lower bound of the 95 % interval.
        high: Upper bound.
        n: Questions.
        parsed: Answers that could be read.
        majority: What the commonest answer scores; None where there is none.
        met: How many questions stood in training data, in a word or two.
        distribution: In, out or unknown.
        strip: The interval; None where the value is no share.
    """

    kind: Literal["task", "unseen", "probe"]
    name: str
    anchor: str
    measure: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    parsed: int
    majority: float | None
    met: str
    distribution: str
    strip: Strip | None


def headline(score: TaskScore) -> MeasureScore | None:
    """The measure that is the task's headline; None where it could not be computed."""
    return next((each for each in score.measures if each.name == score.headline), None)


def met(exposure: Exposure, n: int) -> str:
    """How many questions stood in training data, as short as a cell is."""
    if exposure.seen is None:
        return "unknown"
    return f"{'' if exposure.known else '≥ '}{exposure.seen:,} of {n:,}"


def task_line(score: TaskScore, anchor: str) -> Line:
    """The line of a task."""
    return _line("task", score.task, anchor, score)


def probe_line(score: TaskScore, anchor: str) -> Line:
    """The line of a probe, named by what was changed."""
    name = PROBES.get(score.effect.probe, score.effect.probe) if score.effect else score.task
    return _line("probe", name, anchor, score)


def unseen_lines(score: TaskScore, anchor: str) -> list[Line]:
    """What a task scores on questions that were not met in training, where some were and the headline is a share."""
    clean = unseen(score)
    if clean is None:
        return []
    value, low, high = clean.accuracy, clean.low, clean.high
    return [
        Line(
            "unseen",
            clean.group,
            anchor,
            score.headline,
            value,
            low,
            high,
            clean.n,
            clean.parsed,
            clean.majority,
            "0",
            score.distribution,
            _strip(f"{score.task}, {clean.group}", value, low, high, clean),
        )
    ]


def _line(kind: Literal["task", "probe"], name: str, anchor: str, score: TaskScore) -> Line:
    head, overall = headline(score), score.overall
    value, low, high = (None,) * 3 if head is None else (head.value, head.low, head.high)
    return Line(
        kind,
        name,
        anchor,
        score.headline,
        value,
        low,
        high,
        overall.n,
        overall.parsed,
        overall.majority,
        met(score.exposure, overall.n),
        score.distribution,
        _strip(f"{name}, {score.headline}", value, low, high, overall),
    )


def _strip(
    name: str, value: float | None, low: float | None, high: float | None, beside: Score
) -> Strip | None:
    return strip(name, value, low, high, beside=beside.majority, called="majority answer")


def lines(groups: Sequence[tuple[TaskScore, Sequence[TaskScore], str]]) -> list[Line]:
    """All lines, each task followed by what belongs to it.

    Args:
        groups: Tasks with their probes and the anchors of their sections.
    """
    found = []
    for score, probes, anchor in groups:
        found += [task_line(score, anchor), *unseen_lines(score, anchor)]
        found += [probe_line(probe, anchor) for probe in probes]
    return found
