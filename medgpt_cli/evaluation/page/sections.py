"""The part of the page that is about one task, its probes with it.

This module lays out what was counted; it counts nothing and knows nothing of HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from medgpt_cli.evaluation import exposure
from medgpt_cli.evaluation.measures import MEASURES
from medgpt_cli.evaluation.outcomes import Outcome
from medgpt_cli.evaluation.page import curves
from medgpt_cli.evaluation.page.examples import Examples, Pictures, examples
from medgpt_cli.evaluation.page.forest import Line, headline, lines, probe_line, task_line
from medgpt_cli.evaluation.page.strips import Strip, strip
from medgpt_cli.evaluation.reports import METRICS
from medgpt_cli.evaluation.scores import MeasureScore, Score, TaskScore
from medgpt_cli.evaluation.statistics.subgroups import Gap, Subgroup

LONG = 12
"""Groups of a facet from which their table is folded away."""


class Facet(NamedTuple):
    """What one facet splits a task into."""

    name: str
    rows: Sequence[tuple[Subgroup, Strip | None]]
    gap: Gap | None

    @property
    def long(self) -> bool:
        """Whether there are so many groups that their table is folded away."""
        return len(self.rows) > LONG

    @property
    def small(self) -> bool:
        """Whether one of the groups is too small."""
        return any(row.too_small for row, _ in self.rows)


class Measured(NamedTuple):
    """A measure with its title and its strip."""

    score: MeasureScore
    title: str
    strip: Strip | None


@dataclass(frozen=True)
class Section:
    """One task.

    Attributes:
        score: Of the task.
        anchor: By which the page leads to it.
        line: Its headline.
        head: The measure behind it; None where it was not computed.
        measures: All of them, the headline first.
        titles: Of what was not computed, where it has one.
        met: How many of the questions stood in training data, in words.
        groups: What is told apart: all, the unseen part, each source; empty where there is nothing but all.
        facets: Its subgroups.
        reliability: The calibration curve; None without likelihoods.
        coverage: The risk-coverage curve.
        probes: The same questions with one thing changed, and what that says.
        examples: Wrong answers; None where texts were not kept or there are none.
        withheld: Why wrong answers are not shown although texts were kept; empty where they are.
    """

    score: TaskScore
    anchor: str
    line: Line
    head: MeasureScore | None
    measures: Sequence[Measured]
    titles: Mapping[str, str]
    met: str
    groups: Sequence[tuple[Score, Strip | None]]
    facets: Sequence[Facet]
    reliability: curves.Reliability | None
    coverage: curves.Coverage | None
    probes: Sequence[tuple[TaskScore, Line]]
    examples: Examples | None
    withheld: str


def sections(
    scores: Sequence[TaskScore],
    outcomes: Sequence[Outcome],
    pictures: Pictures | None,
    withheld: Mapping[str, str],
) -> list[Section]:
    """One section for each task; a probe stands in that of its task.

    Args:
        scores: Of all tasks and probes.
        outcomes: Of all of them.
        pictures: Gives the pictures of a question.
        withheld: By a task's name, why its wrong answers are not shown.
    """
    plain = [score for score in scores if plain_of(score, scores) is None]
    found = []
    for number, score in enumerate(plain, start=1):
        probes = [each for each in scores if plain_of(each, scores) is score]
        rows = [row for row in outcomes if row.task == score.task]
        found.append(_section(score, probes, rows, f"task-{number}", pictures, withheld))
    return found


def plain_of(score: TaskScore, scores: Sequence[TaskScore]) -> TaskScore | None:
    """For a probe the score of the plain task, whose name its own begins with; None for any other task."""
    before = [each for each in scores if score.task.startswith(f"{each.task}+")]
    return max(before, key=lambda each: len(each.task), default=None) if score.effect else None


def forest(found: Sequence[Section]) -> list[Line]:
    """The lines of the table on top."""
    return lines([(each.score, [probe for probe, _ in each.probes], each.anchor) for each in found])


def _section(
    score: TaskScore,
    probes: Sequence[TaskScore],
    rows: Sequence[Outcome],
    anchor: str,
    pictures: Pictures | None,
    withheld: Mapping[str, str],
) -> Section:
    calibration = score.calibration
    parts = [
        score.overall,
        *([score.clean] if score.clean and score.exposure.seen else []),
        *score.groups,
    ]
    return Section(
        score=score,
        anchor=anchor,
        line=task_line(score, anchor),
        head=headline(score),
        measures=[
            Measured(each, _title(each.name), strip(each.name, each.value, each.low, each.high))
            for each in score.measures
        ],
        titles={name: _title(name) for name in score.not_computed},
        met=exposure.told(score.exposure, score.overall.n),
        groups=[(part, _of_group(part)) for part in parts] if len(parts) > 1 else [],
        facets=_facets(score),
        reliability=curves.reliability(calibration) if calibration else None,
        coverage=curves.coverage(calibration) if calibration else None,
        probes=[(probe, probe_line(probe, anchor)) for probe in probes],
        examples=None if score.task in withheld else examples(score, rows, pictures),
        withheld=withheld.get(score.task, ""),
    )


def _title(name: str) -> str:
    known = MEASURES.get(name) or METRICS.get(name)
    return known.title if known else ""


def _of_group(part: Score) -> Strip | None:
    return strip(
        f"{part.group}, accuracy",
        part.accuracy,
        part.low,
        part.high,
        beside=part.majority,
        called="majority answer",
    )


def _facets(score: TaskScore) -> list[Facet]:
    """By facet; every group is held against the score over all questions."""
    head = headline(score)
    overall = score.overall.accuracy
    if overall is None and head is not None:
        overall = head.value
    found = []
    for name in dict.fromkeys(row.facet for row in score.subgroups):
        rows = [row for row in score.subgroups if row.facet == name]
        drawn = [
            (row, strip(row.name, row.value, row.low, row.high, beside=overall, called="all questions"))
            for row in rows
        ]
        found.append(Facet(name, drawn, next((gap for gap in score.gaps if gap.facet == name), None)))
    return found
