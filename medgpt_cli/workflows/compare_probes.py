"""What probes said of each run: a probe is a task beside the plain one, over those of its items that it changes.

This module knows nothing of comparisons between runs.
"""

from __future__ import annotations

from medgpt_cli.evaluation.statistics.probes import Effect
from medgpt_cli.workflows.eval_runs import EvalRun
from medgpt_cli.workflows.eval_tasks import PLUS, PROBES


def is_probe(run: EvalRun, task: str) -> bool:
    """Whether a task of a run is a probe of another one."""
    plain, _, word = task.rpartition(PLUS)
    return plain in run.scores and word in PROBES


def effects_of(run: EvalRun) -> list[tuple[str, Effect]]:
    """What each probe of a run did to the headline of its task, behind the names of both."""
    return [
        (f"{task.rpartition(PLUS)[0]}, {run.name}", score.effect)
        for task, score in run.scores.items()
        if is_probe(run, task) and score.effect is not None
    ]
