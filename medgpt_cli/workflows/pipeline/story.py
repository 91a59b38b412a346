"""A folder of numbered recipes as one resumable walk: prepare, train stage after stage, score after each, export.

The folder is owned from the start.  Every step is a run of its own below it, so a kill at any instant loses what it
would lose there; the same line goes on, skips what is finished once its hashes are checked, and ends in the same
weights.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, distributed, files, rundir, runs
from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.manifest import environment, write_manifest
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.workflows.pipeline import page, planning, preflight, steps, summing, walking
from medgpt_cli.workflows.pipeline.planning import Pipeline
from medgpt_cli.workflows.pipeline.steps import START, Asked, Step

KIND = runs.PIPELINE


def rehearse(asked: Asked, *, json: bool = False) -> None:
    """Walks the same family on shrunken models and a few records, in minutes, and keeps nothing.

    Args:
        asked: What to walk, on what.
        json: Print the outcome as one JSON document.
    """
    from medgpt_cli.workflows.rehearsal.story import rehearse_pipeline  # it walks by what stands here

    rehearse_pipeline(asked, json=json)


def run_pipeline(
    asked: Asked, *, resume: bool = False, force: bool = False, dry_run: bool = False, json: bool = False
) -> None:
    """Walks a family of recipes from its first stage to its summary.

    Args:
        asked: What to walk, on what, into which folder.
        resume: Start or continue.
        force: Overwrite an earlier walk.
        dry_run: Say what would happen and write nothing.
        json: Print the outcome as one JSON document.

    Raises:
        BadRecipe: A recipe is wrong; all complaints of all recipes are in it.
        NotThere: Something that a step needs is not there.
        UsageError: Words that mean nothing together, or several processes.
        HashMismatch: A finished step is not what its manifest says.
    """
    if distributed.ranks() > 1:
        raise UsageError(
            "medgpt run is one process, and this is one of several",
            repair="launch stage by stage, as the scripts in recipes/pipelines do, then give this line alone",
        )
    pipeline = planning.plan(asked)
    for name, words in pipeline.not_taken.items():
        console.say(f"{name} goes on without {' '.join(words)}, which its stage cannot do")
    if dry_run:
        _tell_plan(pipeline, as_json=json)
        return
    rundir.examine(pipeline.out, resume=resume, force=force, kind=KIND)
    _refuse_inside(pipeline)
    preflight.check(pipeline, online=asked.online)
    again = line_of(asked, pipeline)
    run = RunFolder.open(pipeline.out, resume=resume, force=force, kind=KIND)
    try:
        for number, step in enumerate(steps_of(pipeline), start=1):
            _walk(step, number, len(list(steps_of(pipeline))), asked, again)
        if run.done:
            console.say(f"{run.path} had already finished.")
        else:
            _finish(run, pipeline)
    finally:
        run.close()
    _tell(pipeline, as_json=json)


def steps_of(pipeline: Pipeline) -> Iterator[Step]:
    """Every step in order, with the scores of each model after the stage that made it."""
    scores = pipeline.scoring is not None
    if scores and pipeline.start is not None:
        yield pipeline.scored(START, pipeline.start)
    for step in pipeline.steps:
        yield step
        if scores and step.stage != steps.DATA:
            yield pipeline.scored(step.name, str(step.out))
    yield from pipeline.exports


def line_of(asked: Asked, pipeline: Pipeline) -> str:
    """The command line that goes on with the walk, as it can be typed."""
    words = ["medgpt", "run", asked.source]
    words += [word for path in asked.data for word in ("--data", path)]
    words += [word for path in asked.held_out for word in ("--held-out", path)]
    words += ["--model", asked.model] if asked.model else []
    words += [word for name in asked.skip for word in ("--skip", name)]
    words += ["--online"] * asked.online
    return shlex.join([*words, "--out", str(pipeline.out), "--resume", *asked.words])


def _walk(step: Step, number: int, total: int, asked: Asked, again: str) -> None:
    what = f"scores of {step.name}" if step.stage == steps.EVAL else f"{step.name} ({step.stage})"
    console.say(f"{number}/{total}  {what}")
    if not walking.walk(step, online=asked.online, again=again):
        console.say(f"{number}/{total}  {what}: was done, and its hashes hold")


def _refuse_inside(pipeline: Pipeline) -> None:
    """Inputs are never changed: nothing that is read may lie where the walk writes, but its own outputs."""
    out = pipeline.out.resolve()
    own = [(pipeline.out / step.name).resolve() for step in pipeline.steps]
    for step in pipeline.training:
        chosen, data = step.resolved.recipe.model, step.resolved.recipe.data
        named = [chosen.base, chosen.llm, chosen.vision, chosen.adapter, *data.validation]
        for name in [*named, *(part.path for part in data.mix)]:
            path = Path(name).resolve() if name else None
            if path and path.is_relative_to(out) and not any(path.is_relative_to(each) for each in own):
                raise UsageError(f"{name} lies inside --out {pipeline.out}", repair="name another --out")


def _finish(run: RunFolder, pipeline: Pipeline) -> None:
    document = summing.summary(pipeline)
    files.write_json(run.path / summing.SUMMARY, document)
    files.write_text(run.report, page.page(document))
    names = (summing.SUMMARY, run.report.name)
    write_manifest(
        run.path,
        {
            "kind": KIND,
            "family": pipeline.name,
            "steps": {step.name: step.line for step in steps_of(pipeline) if step.stage != steps.EVAL},
            "environment": environment(),
            "files": {name: files.sha256_file(run.path / name) for name in names},
        },
    )
    run.finish()


def _tell(pipeline: Pipeline, *, as_json: bool) -> None:
    document = summing.read(pipeline.out)
    if as_json:
        console.print_json({**document, "out": str(pipeline.out)})
        return
    console.result().print(page.table(document), soft_wrap=True)
    for line in page.export_lines(document):
        console.result().print(line, soft_wrap=True)
    console.say(page.NOTE)
    console.say(
        f"report: {pipeline.out / 'report.html'}; ask it with: medgpt chat --model {document['model']}"
    )


def _tell_plan(pipeline: Pipeline, *, as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "name": f"{steps.SCORES}/{step.name}" if step.stage == steps.EVAL else step.name,
            "stage": step.stage,
            "starts_from": step.model or _own_start(step),
            "line": step.line,
            "recipe": step.resolved.as_json(),
        }
        for step in steps_of(pipeline)
    ]
    if as_json:
        told: dict[str, Any] = {
            "family": pipeline.name,
            "out": str(pipeline.out),
            "left_out": list(pipeline.left_out),
        }
        told["not_taken"] = {name: list(words) for name, words in pipeline.not_taken.items()}
        console.print_json({**told, "without_data": list(pipeline.missing), "steps": rows})
        return
    for row in rows:
        console.result().print(row["line"], soft_wrap=True)
    if pipeline.missing:
        console.warn(f"no training data is named for {', '.join(pipeline.missing)}; name it with --data")
    console.say("nothing was done; how much a stage needs: medgpt plan RECIPE")


def _own_start(step: Step) -> str | None:
    if step.stage == steps.DATA:
        return None
    chosen = step.resolved.recipe.model
    return chosen.base or (f"{chosen.llm} + {chosen.vision}" if getattr(chosen, "llm", None) else "tiny")
