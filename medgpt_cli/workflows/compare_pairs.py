"""Which answers of several evaluations belong together, and why others must not be put side by side.

Two scores may be compared when the same items were asked in the same words and scored by the same rules.  What differs
is named part by part; a waiver lets other protocols stand side by side, never other items.  This module knows nothing
of tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medgpt_cli.core.errors import Complaint
from medgpt_cli.core.wording import counted
from medgpt_cli.evaluation.measures import MEASURES
from medgpt_cli.evaluation.outcomes import Outcome
from medgpt_cli.evaluation.statistics import protocols
from medgpt_cli.evaluation.statistics.forgetting import Values
from medgpt_cli.evaluation.statistics.paired import Better
from medgpt_cli.workflows.eval_runs import EvalRun

UNKNOWN = "unknown"
"""What stands in `seen` where a model's training data was not at hand."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """One task in all runs, by one measure.

    Attributes:
        task: Its name.
        measure: The measure's name.
        items: Ids of the items that all runs measured, in the first run's order.
        asked: Items of the first run.
        values: What is compared.
        unseen: The same over items that no run's training data met; None where that is all of them, or none.
    """

    task: str
    measure: str
    items: tuple[str, ...]
    asked: int
    values: Values
    unseen: Values | None


def other_protocol(first: EvalRun, other: EvalRun, task: str, measure: str) -> list[Complaint]:
    """What differs in how a task was asked and scored; a waiver may let it pass."""
    names = f"{first.name} and {other.name}"
    one, two = first.scores[task], other.scores[task]
    found = [
        Complaint(f"{what}: {a!r} in {first.name}, {b!r} in {other.name}", task)
        for what, a, b in protocols.differences(one.protocol, two.protocol)
    ]
    versions = [str(scored.version) for run in (one, two) if (scored := run.measure(measure))]
    if len(set(versions)) > 1:
        found.append(Complaint(f"{measure} has version {' and '.join(versions)} in {names}", task))
    readers = first.read_by.get(measure), other.read_by.get(measure)
    if readers[0] != readers[1]:
        found.append(
            Complaint(
                f"reports were read by {readers[0] or 'nobody'} in {first.name}, "
                f"by {readers[1] or 'nobody'} in {other.name}",
                f"{task} {measure}",
            )
        )
    if not found:
        rows, others = first.rows.get(task, {}), other.rows.get(task, {})
        reworded = sum(
            row.prompt_hash != others[name].prompt_hash for name, row in rows.items() if name in others
        )
        if reworded:
            found.append(
                Complaint(
                    f"{reworded:,} of {counted(len(rows), 'item')} asked in other words in {names}, "
                    "though the protocol line is the same",
                    task,
                )
            )
    return found


def other_items(first: EvalRun, other: EvalRun, task: str) -> list[Complaint]:
    """Items that only one of two runs was asked; nothing waives that."""
    one, two = first.rows.get(task, {}).keys(), other.rows.get(task, {}).keys()
    if one == two:
        return []
    counts = f"{counted(len(one), 'item')} in {first.name}, {len(two)} in {other.name}, {len(one & two)} in both"
    return [Complaint(f"other items were asked: {counts}", task)]


def pairs_of(runs: Sequence[EvalRun], task: str, measure: str) -> Pairs | None:
    """The values of the items that all runs measured; None where there are none."""
    first = runs[0].rows.get(task, {})
    if any(run.scores[task].measure(measure) is None for run in runs):
        return None  # its rows may hold counts that do not add up, of questions with other classes
    kept = tuple(
        name
        for name in first
        if all(name in run.rows[task] and _has(run.rows[task][name], measure) for run in runs)
    )
    if not kept:
        return None
    met = {name for run in runs for name in kept if run.rows[task][name].seen not in ("", UNKNOWN)}
    unseen = tuple(name for name in kept if name not in met)
    return Pairs(
        task=task,
        measure=measure,
        items=kept,
        asked=len(first),
        values=_values(runs, task, measure, kept),
        unseen=_values(runs, task, measure, unseen) if 0 < len(unseen) < len(kept) else None,
    )


def better_of(run: EvalRun, task: str, measure: str) -> Better:
    """Which end of a measure is the good one."""
    scored = run.scores[task].measure(measure)
    if scored is not None:
        return scored.better
    return MEASURES[measure].better if measure in MEASURES else "higher"


def _is_whole(measure: str) -> bool:
    return measure in MEASURES and MEASURES[measure].combine is not None


def _has(row: Outcome, measure: str) -> bool:
    return (f"{measure}#0" if _is_whole(measure) else measure) in row.measures


def _values(runs: Sequence[EvalRun], task: str, measure: str, items: Sequence[str]) -> Values:
    rows = [[run.rows[task][name] for name in items] for run in runs]
    clusters = [row.cluster for row in rows[0]]
    better = better_of(runs[0], task, measure)
    if not _is_whole(measure):
        values = [[row.measures[measure] for row in run] for run in rows]
        return Values(clusters, values, better=better)
    rule = MEASURES[measure]
    tallies = [rule.tallies([row.measures for row in run]) for run in rows]
    return Values(clusters, tallies=tallies, combine=rule.combine, held=rule.held, better=better)
