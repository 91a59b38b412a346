"""What a pipeline came to: loss, time and tokens of each stage, and what each gained on held-out questions.

Every score stands beside its interval, its count and its protocol; gains are of the same questions, item by item, and
their p-values are adjusted together by Holm.  Only run folders are read; no text of the data is in any of them.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from medgpt_cli.core.manifest import environment
from medgpt_cli.evaluation.statistics import paired
from medgpt_cli.evaluation.statistics.paired import Comparison
from medgpt_cli.workflows import compare_pairs, compare_probes
from medgpt_cli.workflows.eval_runs import EvalRun, read_runs
from medgpt_cli.workflows.naming import named_model
from medgpt_cli.workflows.pipeline import exporting
from medgpt_cli.workflows.pipeline.planning import Pipeline
from medgpt_cli.workflows.pipeline.steps import DATA, SCORES, START, Step

SUMMARY = "summary.json"
EDGE = 10
"""The loss at the beginning and the end is that of the first and the last tenth of the lines."""


def summary(pipeline: Pipeline) -> dict[str, Any]:
    """The summary of a pipeline whose steps are done.

    Args:
        pipeline: What was walked.
    """
    scored = _scored(pipeline)
    gains = _gains(scored)
    start = {"name": START, "stage": "start", "run": pipeline.start, "scores": scores_of(scored, START)}
    stages = [
        _stage(step) | {"scores": scores_of(scored, step.name), "gains": gains.get(step.name, {})}
        for step in pipeline.steps
    ]
    return {
        "family": pipeline.name,
        "model": str(pipeline.training[-1].out),
        "left_out": list(pipeline.left_out),
        "not_taken": {name: list(words) for name, words in pipeline.not_taken.items()},
        "stages": [start, *stages] if START in scored else stages,
        "exports": [exporting.told(step) for step in pipeline.exports],
        "protocols": _protocols(scored),
        "environment": environment(),
    }


def _stage(step: Step) -> dict[str, Any]:
    told: dict[str, Any] = {"name": step.name, "stage": step.stage, "run": str(step.out)}
    if step.stage == DATA:
        splits = json.loads((step.out / "manifest.json").read_text())["splits"]
        return told | {"records": sum(int(split.get("rows", 0)) for split in splits.values())}
    manifest = json.loads((step.out / "manifest.json").read_text())
    lines = [json.loads(line) for line in (step.out / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if "tokens" in line]
    losses = [line["loss"] for line in steps if line["loss"] is not None]
    watched = [line["validation_loss"] for line in lines if line.get("validation_loss") is not None]
    edge = -(-len(losses) // EDGE)
    return told | {
        "start": manifest["base"],
        "steps": manifest["steps"],
        "records": manifest["records"],
        "tokens": sum(line["tokens"] for line in steps),
        "supervised": sum(line["supervised"] for line in steps),
        "seconds": round(sum(line["tokens"] / line["tokens_per_s"] for line in steps), 1),
        "loss_first": _mean(losses[:edge]),
        "loss_last": _mean(losses[-edge:]),
        "losses": _thinned([(line["step"], line["loss"]) for line in steps if line["loss"] is not None]),
        "validation_loss": watched[-1] if watched else None,
        "model_hash": named_model(str(step.out)).hash(),
        "learnt": {part: row["trained"] for part, row in manifest["parameters"].items()},
    }


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _thinned(points: Sequence[tuple[int, float]], most: int = 300) -> list[tuple[int, float]]:
    """At most so many points of a curve, evenly."""
    every = -(-len(points) // most)
    return list(points[::every]) if points else []


def _scored(pipeline: Pipeline) -> dict[str, EvalRun]:
    """The evaluations there are, by the step whose model was scored, in order."""
    names = [START, *(step.name for step in pipeline.training)]
    folders = {name: pipeline.out / SCORES / name for name in names}
    there = {name: folder for name, folder in folders.items() if folder.is_dir()}
    return dict(zip(there, read_runs(list(there.values())), strict=True)) if there else {}


def scores_of(scored: Mapping[str, EvalRun], name: str) -> dict[str, Any]:
    """The headline of each task for one model.

    Args:
        scored: Evaluations by step.
        name: Of the step.
    """
    if name not in scored:
        return {}
    run = scored[name]
    told = {}
    for task, score in run.scores.items():
        headline = score.measure(score.headline)
        if headline is not None:
            told[task] = msgspec.to_builtins(headline)
    return told


def _gains(scored: Mapping[str, EvalRun]) -> dict[str, dict[str, Any]]:
    """Each model against the one before it, task by task; Holm runs over all of it."""
    runs = list(scored.items())
    found: list[tuple[str, str, Comparison]] = []
    for (_, before), (name, after) in itertools.pairwise(runs):
        for task, score in before.scores.items():
            if compare_probes.is_probe(before, task) or task not in after.scores:
                continue
            pairs = compare_pairs.pairs_of([before, after], task, score.headline)
            each = pairs.values.against_first(0)[0] if pairs else None
            if each is not None:
                found.append((name, task, each))
    gains: dict[str, dict[str, Any]] = {}
    for (name, task, _), each in zip(found, paired.adjust([row[2] for row in found]), strict=True):
        gains.setdefault(name, {})[task] = msgspec.to_builtins(each)
    return gains


def _protocols(scored: Mapping[str, EvalRun]) -> dict[str, str]:
    last = list(scored.values())[-1] if scored else None
    return {task: score.protocol for task, score in last.scores.items()} if last else {}


def read(out: Path) -> dict[str, Any]:
    """The summary of a finished pipeline."""
    document: dict[str, Any] = json.loads((out / SUMMARY).read_text())
    return document
