"""What probes say of each run: a probe is a task beside the plain one, over those of its items that it changes.

This module knows nothing of comparisons between runs.
"""

from __future__ import annotations

from medgpt_cli.evaluation.statistics.probes import Effect, effect
from medgpt_cli.workflows.compare_pairs import better_of
from medgpt_cli.workflows.eval_runs import EvalRun
from medgpt_cli.workflows.eval_tasks import PLUS, PROBES


def is_probe(run: EvalRun, task: str) -> bool:
    """Whether a task of a run is a probe of another one."""
    plain, _, word = task.rpartition(PLUS)
    return plain in run.scores and word in PROBES


def effects_of(run: EvalRun) -> list[tuple[str, Effect]]:
    """What each probe of a run did to the headline of its task, with the names of both.

    A headline of the whole table is left out: it has no value for a single item.
    """
    found = []
    for task in run.scores:
        if not is_probe(run, task):
            continue
        plain, _, word = task.rpartition(PLUS)
        measure = run.scores[plain].headline
        rows = [(run.rows[plain].get(name), row) for name, row in run.rows.get(task, {}).items()]
        pairs = [
            (one, two)
            for one, two in rows
            if one and measure in one.measures and measure in two.measures
        ]
        if pairs:
            told = effect(
                PROBES[word],
                [one.measures[measure] for one, _ in pairs],
                [two.measures[measure] for _, two in pairs],
                [one.cluster for one, _ in pairs],
                better=better_of(run, plain, measure),
            )
            found.append((f"{plain}, {run.name}", told))
    return found
