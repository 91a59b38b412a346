"""`--rehearse`: a stage, or a whole family of recipes, from its first record to a model that is read again.

A wrong path, a template that hides the answer, a record that is too long, a target that means nothing: all of it is
found by the code that would find it after two days in the queue.  Everything is written into a folder that is removed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from medgpt_cli.core import console, distributed
from medgpt_cli.core.errors import NotThere, UsageError
from medgpt_cli.core.recipe import read_recipe
from medgpt_cli.workflows.pipeline import planning, preflight, walking
from medgpt_cli.workflows.pipeline.steps import DATA, EXPORT, Asked, Step
from medgpt_cli.workflows.rehearsal.exporting import rehearse_export
from medgpt_cli.workflows.rehearsal.one_stage import RECORDS, Rehearsed, rehearse, stronger_words
from medgpt_cli.workflows.rehearsal.small_model import write_small_model
from medgpt_cli.workflows.rehearsal.telling import tell

QUESTIONS = 2
"""Questions of each task that every model is asked."""


def rehearse_stage(
    *,
    stage: str,
    data: Sequence[str],
    model: str | None,
    recipe: str | None,
    overrides: Sequence[str],
    adapter: str | None = None,
    online: bool = False,
    json: bool = False,
) -> None:
    """Rehearses one stage, from the words of its command.

    Raises:
        MedGPTError: Whatever the stage itself would find.
    """
    _require_one_process()
    flags = {"--data": list(data), "--model": model, "--adapter": adapter}
    resolved = read_recipe(recipe or stage, stage=stage, overrides=overrides, flags=flags)
    if not resolved.recipe.data.mix:
        raise NotThere(
            "no training data was named", repair=f"medgpt {stage} --data local.jsonl --rehearse"
        )
    with tempfile.TemporaryDirectory(prefix="medgpt-rehearsal-") as place:
        start = Path(place) / "start"
        start.mkdir()
        shrunk = write_small_model(resolved.recipe, start, online=online)
        found = rehearse(
            name=stage,
            stage=stage,
            recipe=recipe or stage,
            words=stronger_words(resolved.recipe, _without_model(overrides), whole=True),
            data=data,
            model=start,
            out=Path(place) / stage,
        )
        exported = rehearse_export(
            Step.read(EXPORT, None, Path(place) / EXPORT, stage=EXPORT), found.run
        )
    tell([found], shrunk, exported=[exported], as_json=json)


def rehearse_pipeline(asked: Asked, *, json: bool = False) -> None:
    """Rehearses a family of recipes: each stage from the last one's small model, each asked a few questions; exports.

    Raises:
        MedGPTError: Whatever one of its steps would find.
    """
    _require_one_process()
    preflight.check(planning.plan(asked), online=asked.online)
    with tempfile.TemporaryDirectory(prefix="medgpt-rehearsal-") as place:
        pipeline = planning.plan(replace(asked, out=Path(place) / "walk"))
        start = Path(place) / "start"
        start.mkdir()
        first = pipeline.training[0].resolved.recipe
        shrunk = write_small_model(first, start, online=asked.online)
        model, found = start, list[Rehearsed]()
        for step in pipeline.steps:
            console.say(f"rehearsing {step.name} ({step.stage})")
            if step.stage == DATA:
                walking.walk(_few(step), online=False, again="")
                continue
            found.append(_rehearsed(step, model))
            model = step.out
            if pipeline.scoring is not None:
                walking.walk(_asking(pipeline.scored(step.name, str(model))), online=False, again="")
        exported = [rehearse_export(step, model) for step in pipeline.exports]
    scored = QUESTIONS if pipeline.scoring is not None else None
    tell(found, shrunk, scored=scored, exported=exported, as_json=json)


def _require_one_process() -> None:
    if distributed.ranks() > 1:
        raise UsageError("a rehearsal is one process", repair="give the line without its launcher")


def _without_model(words: Sequence[str]) -> list[str]:
    return [word for word in words if word.partition("=")[0] != "model.base"]


def _rehearsed(step: Step, model: Path) -> Rehearsed:
    assert step.source is not None
    recipe = step.resolved.recipe
    return rehearse(
        name=step.name,
        stage=step.stage,
        recipe=step.source,
        words=stronger_words(recipe, _without_model(step.words), whole=True),
        data=step.data,
        model=model,
        out=step.out,
    )


def _few(step: Step) -> Step:
    """A preparation of the front of each source, compared with no evaluation set; all of it learnt from."""
    sources = step.resolved.recipe.data.sources
    caps = {f"data.sources.{number}.cap": str(RECORDS) for number in range(len(sources))}
    return _with(step, caps | {"data.against": "[]"})


def _asking(step: Step) -> Step:
    return _with(step, {"eval.limit": str(QUESTIONS), "eval.max_new_tokens": "4"})


def _with(step: Step, words: dict[str, str]) -> Step:
    kept = [word for word in step.words if word.partition("=")[0] not in words]
    return Step.read(
        step.name,
        step.source,
        step.out,
        words=(*kept, *(f"{key}={value}" for key, value in words.items())),
        data=step.data,
        model=step.model,
        tasks=step.tasks,
    )
