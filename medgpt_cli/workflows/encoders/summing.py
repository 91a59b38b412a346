"""What a study came to: every tower's scores with their intervals, and each against the first, item by item.

Only what the walks left is read; no text of the data is in any of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from medgpt_cli.core.manifest import environment
from medgpt_cli.evaluation.statistics import forgetting
from medgpt_cli.workflows import compare_pairs, compare_probes, compare_refusals
from medgpt_cli.workflows.encoders.towers import StudyTower
from medgpt_cli.workflows.eval_runs import EvalRun, read_runs
from medgpt_cli.workflows.pipeline import summing as walked
from medgpt_cli.workflows.pipeline.planning import Pipeline
from medgpt_cli.workflows.pipeline.steps import SCORES

SUMMARY = "summary.json"
SAME = (
    "The same for all towers: language model, records, seed, recipes, and a projector drawn from the same seed. Not "
    "the same: the size of what a tower sees, the tokens that a picture takes, the tower's own parameters, and the "
    "pictures it was trained on before."
)
READING = (
    "Verdicts are at p < 0.05, Holm over the whole table; cases are patients, studies or images, which intervals draw "
    "whole."
)
ONE_SEED = (
    "Intervals and p-values are of the questions: what another seed or other records would change is not in "
    "them."
)


def summary(
    asked: Mapping[str, Any], towers: Sequence[StudyTower], pipelines: Sequence[Pipeline]
) -> dict[str, Any]:
    """The summary of a study whose walks are done.

    Args:
        asked: What was asked, as the manifest keeps it.
        towers: The towers.
        pipelines: What each walked.
    """
    runs = [
        replace(run, name=tower.name)
        for tower, run in zip(towers, read_runs([_scored(each) for each in pipelines]), strict=True)
    ]
    told = [
        _tower(tower, pipeline, run)
        for tower, pipeline, run in zip(towers, pipelines, runs, strict=True)
    ]
    comparisons, notes = _compared(runs)
    return {
        "asked": dict(asked),
        "towers": told,
        "comparisons": comparisons,
        "protocols": {task: score.protocol for task, score in runs[0].scores.items()},
        "notes": [SAME, *_steps(told), ONE_SEED, READING, *notes],
        "environment": environment(),
    }


def _scored(pipeline: Pipeline) -> Any:
    return pipeline.out / SCORES / pipeline.training[-1].name


def _tower(tower: StudyTower, pipeline: Pipeline, run: EvalRun) -> dict[str, Any]:
    stages = [each for each in walked.read(pipeline.out)["stages"] if "steps" in each]
    last = pipeline.training[-1].name
    return {
        **vars(tower),
        "model": str(pipeline.training[-1].out),
        "stages": [{key: value for key, value in each.items() if key != "losses"} for each in stages],
        "learnt": sum(sum(each["learnt"].values()) for each in stages[-1:]),
        "seconds": round(sum(each["seconds"] for each in stages), 1),
        "scores": walked.scores_of({last: run}, last),
    }


def _compared(runs: Sequence[EvalRun]) -> tuple[list[dict[str, Any]], list[str]]:
    """Each tower against the first, task by task; Holm runs over all of it."""
    first = runs[0]
    tasks = [task for task in first.scores if not compare_probes.is_probe(first, task)]
    measures = {task: first.scores[task].headline for task in tasks}
    notes = compare_refusals.refuse_incomparable(runs, measures, waived=True)
    found = [compare_pairs.pairs_of(runs, task, measures[task]) for task in tasks]
    pairs = [each for each in found if each is not None]
    notes += compare_refusals.warnings(runs, tasks, measures, pairs)
    told = [
        {
            "task": course.task,
            "measure": measures[course.task],
            "tower": run.name,
            "against": first.name,
            "result": msgspec.to_builtins(cell),
        }
        for course in forgetting.table({each.task: each.values for each in pairs})
        for run, cell in zip(runs[1:], course.against_first, strict=True)
        if cell is not None
    ]
    return told, notes


def _steps(towers: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence where the towers did not take the same steps: recipes that count tokens may do that."""
    taken = {tuple(stage["steps"] for stage in each["stages"]) for each in towers}
    if len(taken) == 1:
        return []
    return [
        "The towers did not take the same number of steps, since their pictures take other numbers of tokens: "
        "set train.max_steps, or count records by train.batch_size without packing."
    ]
