"""The same language model behind one tower after another: joined, trained by the same recipes, asked the same.

Each tower's walk is what `medgpt run` would do, in a folder of its own, so a kill at any instant loses what it would
lose there.  Everything that can be wrong is told before the first step of the first tower.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, files, rundir
from medgpt_cli.core.errors import BadRecipe, Interrupted, StateSaved, UsageError
from medgpt_cli.core.manifest import model_hash, write_manifest
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.models.upstream.language import LanguageWeights
from medgpt_cli.workflows.encoders import page, summing
from medgpt_cli.workflows.encoders.towers import StudyTower, named_towers
from medgpt_cli.workflows.naming import model_folder
from medgpt_cli.workflows.pipeline import planning, preflight, steps
from medgpt_cli.workflows.pipeline.planning import Pipeline
from medgpt_cli.workflows.pipeline.story import run_pipeline, steps_of
from medgpt_cli.workflows.pipeline.walking import aside

KIND = "encoders"


@dataclass(frozen=True)
class Asked:
    """What a person asked of a study.

    Attributes:
        towers: As they were named; the first is what the others are compared with.
        llm: The language model, likewise.
        data: What all learn from.
        tasks: What all are scored on.
        recipes: The family that each walks through.
        words: KEY=VALUE words for all, some with an address.
        online: Whether a hub id may be fetched.
    """

    towers: Sequence[str]
    llm: str
    data: Sequence[str]
    tasks: Sequence[str]
    recipes: str
    words: Sequence[str] = ()
    online: bool = False


@dataclass(frozen=True)
class Keeping:
    """Where everything is kept.

    Attributes:
        out: The folder; a dated one under `runs/` when None.
        resume: Start or go on.
        force: Overwrite.
    """

    out: Path | None = None
    resume: bool = False
    force: bool = False


def run_encoders(
    asked: Asked, keeping: Keeping, *, dry_run: bool = False, as_json: bool = False
) -> None:
    """Walks every tower through the recipes, and writes one table and page.

    Args:
        asked: What is compared, on what.
        keeping: Where everything is kept.
        dry_run: Say what would happen, and write nothing.
        as_json: Print one JSON document.

    Raises:
        UsageError, BadRecipe, NotThere, InputError, Missing: Something given is not right; nothing was trained.
        HashMismatch: A finished step is not what its manifest says.
        StateSaved, Interrupted: Stopped; the same line with --resume goes on.
    """
    if keeping.resume and keeping.out is None:
        raise UsageError("--resume needs to know which study", repair="name it with --out")
    out = keeping.out or rundir.dated(KIND)
    towers = named_towers(asked.towers, online=asked.online)
    language = model_folder(asked.llm, online=asked.online)
    LanguageWeights(language)
    walks = [_walk(asked, tower, out) for tower in towers]
    pipelines = [planning.plan(walk) for walk in walks]
    if dry_run:
        _tell_plan(towers, pipelines, as_json=as_json)
        return
    rundir.examine(out, resume=keeping.resume, force=keeping.force, kind=KIND)
    for pipeline in pipelines:
        preflight.check(pipeline, online=asked.online)
    run = RunFolder.open(out, resume=keeping.resume, force=keeping.force, kind=KIND)
    try:
        words = _words(asked, towers, model_hash(language))
        _begin(run, words)
        for number, (tower, walk) in enumerate(zip(towers, walks, strict=True), start=1):
            console.say(f"tower {number} of {len(towers)}: {tower.name}")
            _go(walk, _line(asked, out))
        if run.done:
            console.say(f"{run.path} had already finished.")
        else:
            _finish(run, words, towers, pipelines)
        _tell(run, as_json=as_json)
    finally:
        run.close()


def _walk(asked: Asked, tower: StudyTower, out: Path) -> steps.Asked:
    """What `medgpt run` is asked to do for one tower."""
    walk = steps.Asked(
        source=asked.recipes,
        out=out / tower.folder,
        data=asked.data,
        held_out=asked.tasks,
        words=asked.words,
        online=asked.online,
    )
    first = planning.plan(walk).training[0]
    chosen = first.resolved.recipe.model
    if chosen.base or chosen.llm or chosen.vision:
        raise BadRecipe(
            f"{first.name} names its own model, and the study gives it one",
            where=asked.recipes,
            repair="leave model.base, model.llm and model.vision empty in the first recipe",
        )
    given = {"llm": asked.llm, "vision": tower.name}
    own = [f"{first.name}:model.{key}={json.dumps(value)}" for key, value in given.items()]
    return steps.Asked(**{**vars(walk), "words": [*asked.words, *own]})


def _go(walk: steps.Asked, again: str) -> None:
    try:
        with aside():
            run_pipeline(walk, resume=True)
    except (StateSaved, Interrupted) as stopped:
        stopped.repair = f"go on with: {again}"
        raise


def _words(asked: Asked, towers: Sequence[StudyTower], language: str) -> dict[str, Any]:
    """What is asked of what, as the manifest keeps it; a study only goes on with the same."""
    return {
        "towers": {each.name: each.hash for each in towers},
        "llm": {asked.llm: language},
        "recipes": asked.recipes,
        "data": list(asked.data),
        "tasks": list(asked.tasks),
        "words": list(asked.words),
    }


def _begin(run: RunFolder, words: dict[str, Any]) -> None:
    if not run.manifest.exists():
        write_manifest(run.path, {"kind": KIND, "asked": words})
        return
    before = json.loads(run.manifest.read_text())["asked"]
    if changed := [
        word for word in words if json.dumps(words[word]) != json.dumps(before.get(word))
    ]:  # the order of towers counts
        raise UsageError(
            f"{run.path} holds another study, with different {', '.join(changed)}",
            repair="name another --out, or overwrite with --force",
        )


def _finish(
    run: RunFolder,
    words: dict[str, Any],
    towers: Sequence[StudyTower],
    pipelines: Sequence[Pipeline],
) -> None:
    document = summing.summary(words, towers, pipelines)
    files.write_json(run.path / summing.SUMMARY, document)
    files.write_text(run.report, page.page(document))
    names = (summing.SUMMARY, run.report.name)
    hashes = {name: files.sha256_file(run.path / name) for name in names}
    write_manifest(
        run.path,
        {"kind": KIND, "asked": words, "environment": document["environment"], "files": hashes},
    )
    run.finish()


def _line(asked: Asked, out: Path) -> str:
    """The command line that goes on with the study, as it can be typed."""
    words = ["medgpt", "eval", "encoders"]
    for flag, values in (("--tower", asked.towers), ("--data", asked.data), ("--task", asked.tasks)):
        words += [word for value in values for word in (flag, value)]
    words += ["--llm", asked.llm, "--recipes", asked.recipes, *["--online"] * asked.online]
    return shlex.join([*words, "--out", str(out), "--resume", *asked.words])


def _tell(run: RunFolder, *, as_json: bool) -> None:
    document = json.loads((run.path / summing.SUMMARY).read_text())
    if as_json:
        console.print_json({**document, "out": str(run.path)})
        return
    console.result().print(page.tables_of(document), soft_wrap=True, markup=False, highlight=False)
    for note in document["notes"]:
        console.say(note)
    console.say(f"report: {run.report}")


def _tell_plan(towers: Sequence[StudyTower], pipelines: Sequence[Pipeline], *, as_json: bool) -> None:
    walks = [
        {**vars(tower), "lines": [step.line for step in steps_of(pipeline)]}
        for tower, pipeline in zip(towers, pipelines, strict=True)
    ]
    if as_json:
        console.print_json({"towers": walks})
        return
    for walk in walks:
        console.result().print(page.sentence(walk), soft_wrap=True, markup=False, highlight=False)
        for line in walk["lines"]:
            console.result().print(f"  {line}", soft_wrap=True, markup=False, highlight=False)
    console.say("nothing was done")
