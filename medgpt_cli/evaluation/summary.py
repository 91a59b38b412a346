"""From outcomes to scores: shares with intervals, per group and overall, as data and as a table.

The headline is accuracy over *all* questions: what was cut, failed or could not be read is wrong.
Accuracy over the parsed ones stands beside it and is never the headline.  This module knows nothing of
models or files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from medgpt_cli.evaluation.intervals import wilson
from medgpt_cli.evaluation.majority import Majority
from medgpt_cli.evaluation.outcomes import Outcome, Status
from medgpt_cli.evaluation.tasks.task import Task

OVERALL = "all"
HEADINGS = ("accuracy", "95 %", "k/N", "majority", "of parsed", "parsed", "cut", "errors")
ROOMY = 110
"""Columns from which the table is set with air between its columns."""


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """The score of one group of questions; every share stands beside its count.

    Attributes:
        group: The group's name, or `all`.
        n: Questions.
        k: Right answers.
        accuracy: k / n, the headline.
        low: Lower bound of the 95 % Wilson interval of `accuracy`.
        high: Upper bound.
        parsed: Answers that could be read.
        parse_rate: parsed / n.
        accuracy_parsed: k / parsed; None when nothing could be read.
        truncated: Answers that reached the token limit.
        truncation_rate: truncated / n.
        errors: Questions whose asking failed.
        error_rate: errors / n.
        majority_k: Right answers of the majority baseline.
        majority: majority_k / n.
        clusters: Distinct patients, studies or images; where fewer than n, answers are not independent.
        mean_tokens: Tokens written per answer.
    """

    group: str
    n: int
    k: int
    accuracy: float
    low: float
    high: float
    parsed: int
    parse_rate: float
    accuracy_parsed: float | None
    truncated: int
    truncation_rate: float
    errors: int
    error_rate: float
    majority_k: int
    majority: float
    clusters: int
    mean_tokens: float


class TaskScore(msgspec.Struct, frozen=True, kw_only=True):
    """The scores of one task, with everything that must stand beside them.

    Attributes:
        task: The task's name.
        protocol: The protocol line.
        data_hash: SHA-256 of the task's file.
        majority_from: What the majority baseline was fitted on, in words.
        overall: Over all questions.
        groups: Per group, in the order of the file; empty where there is only one.
    """

    task: str
    protocol: str
    data_hash: str
    majority_from: str
    overall: Score
    groups: tuple[Score, ...]


def summarise(task: Task, outcomes: Sequence[Outcome], majority: Majority) -> TaskScore:
    """Counts the outcomes of a task.

    Args:
        task: The task, with at least one item.
        outcomes: One for each item, in order.
        majority: The baseline.
    """
    rows = [
        (outcome, majority.is_right(item)) for outcome, item in zip(outcomes, task.items, strict=True)
    ]
    names = list(dict.fromkeys(outcome.group for outcome in outcomes))
    groups = [_score(name, [row for row in rows if row[0].group == name]) for name in names]
    return TaskScore(
        task=task.name,
        protocol=task.protocol,
        data_hash=task.data_hash,
        majority_from=majority.source,
        overall=_score(OVERALL, rows),
        groups=tuple(groups) if len(groups) > 1 else (),
    )


def _score(group: str, rows: Sequence[tuple[Outcome, bool]]) -> Score:
    outcomes = [outcome for outcome, _ in rows]
    n, k = len(rows), sum(outcome.correct for outcome in outcomes)
    parsed = sum(outcome.parsed for outcome in outcomes)
    truncated = sum(outcome.status is Status.TRUNCATED for outcome in outcomes)
    errors = sum(outcome.status is Status.ERROR for outcome in outcomes)
    majority_k = sum(guessed for _, guessed in rows)
    low, high = wilson(k, n)
    return Score(
        group=group,
        n=n,
        k=k,
        accuracy=k / n,
        low=low,
        high=high,
        parsed=parsed,
        parse_rate=parsed / n,
        accuracy_parsed=k / parsed if parsed else None,
        truncated=truncated,
        truncation_rate=truncated / n,
        errors=errors,
        error_rate=errors / n,
        majority_k=majority_k,
        majority=majority_k / n,
        clusters=len({outcome.cluster for outcome in outcomes}),
        mean_tokens=sum(outcome.tokens for outcome in outcomes) / n,
    )


def as_document(scores: Sequence[TaskScore], model: str, model_hash: str) -> dict[str, Any]:
    """The document of `scores.json`."""
    return {"model": model, "model_hash": model_hash, "tasks": msgspec.to_builtins(list(scores))}


def as_table(scores: Sequence[TaskScore], width: int) -> Group:
    """What a person reads in the terminal: for each task its protocol, a table, and the baseline's name.

    Args:
        scores: One for each task.
        width: Columns of the terminal; in a narrow one the groups' names fold and the numbers stay whole.
    """
    gap = 3 if width >= ROOMY else 1
    parts: list[Text | Table] = []
    for score in scores:
        table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
        table.add_column("", overflow="fold")
        for heading in HEADINGS:
            table.add_column(heading, justify="right", no_wrap=True)
        for row in (score.overall, *score.groups):
            table.add_row(*_cells(row), style="bold" if row is score.overall else None)
        parts += [Text(score.protocol), table, Text(note(score), style="dim")]
    return Group(*parts)


def _cells(score: Score) -> list[str]:
    return [
        score.group,
        f"{score.accuracy:.3f}",
        f"{score.low:.3f}–{score.high:.3f}",
        f"{score.k}/{score.n}",
        f"{score.majority:.3f}",
        "-" if score.accuracy_parsed is None else f"{score.accuracy_parsed:.3f}",
        f"{score.parse_rate:.1%}",
        f"{score.truncation_rate:.1%}",
        f"{score.error_rate:.1%}",
    ]


def note(score: TaskScore) -> str:
    """What the numbers rest on, in one line."""
    n, clusters = score.overall.n, score.overall.clusters
    return f"{n} questions on {clusters} cases; majority answer fitted on {score.majority_from}"
