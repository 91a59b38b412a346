"""One step of a pipeline done: a stage trained, a set prepared, a model scored, exported; or found done, proven so.

Each step is the command it would be alone, given with --resume, so a kill at any instant costs what it costs there.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medgpt_cli.core import rundir
from medgpt_cli.core.errors import HashMismatch, Interrupted, StateSaved, UsageError
from medgpt_cli.core.manifest import file_hashes, verify_files
from medgpt_cli.workflows.pipeline import exporting
from medgpt_cli.workflows.pipeline.steps import DATA, EVAL, EXPORT, Step

RESULTS = ("model", "adapter")
"""Folders that a training stage leaves."""


def walk(step: Step, *, online: bool, again: str) -> bool:
    """Does a step, or checks what is there of it.

    Args:
        step: The step.
        online: Whether a hub id may be fetched.
        again: The command line that goes on with the whole pipeline.

    Returns:
        Whether anything was done.

    Raises:
        UsageError: What is there was begun with another recipe.
        HashMismatch: What is there is not what its manifest says.
        StateSaved, Interrupted: It was stopped, and goes on with `again`.
    """
    try:
        if exporting.is_there(step) if step.stage == EXPORT else rundir.is_done(step.out):
            require_same(step, online=online)
            return False
        with aside():
            _do(step, online=online)
    except UsageError as error:
        if (
            step.stage == EVAL
        ):  # a newer medgpt may ask or score otherwise; what is trained need not go for that
            error.repair = f"remove {step.out} to have it asked anew, and give the same line again"
        raise
    except (StateSaved, Interrupted) as stopped:
        stopped.repair = f"go on with: {again}"
        raise
    return True


def _do(step: Step, *, online: bool) -> None:
    if step.stage == DATA:
        from medgpt_cli.workflows.prep.story import run_prep

        run_prep(step.words, out=step.out, recipe=step.source, resume=True)
    elif step.stage == EVAL:
        from medgpt_cli.workflows.eval_settings import Backing, Keeping
        from medgpt_cli.workflows.evaluate import run_eval

        run_eval(
            recipe=step.source,
            overrides=step.words,
            flags={"--model": step.model, "--task": list(step.tasks)},
            backing=Backing(online=online),
            keeping=Keeping(out=step.out, resume=True),
        )
    elif step.stage == EXPORT:
        exporting.export(step, online=online)
    else:
        from medgpt_cli.workflows.stage import run_stage

        run_stage(
            stage=step.stage,
            data=step.data,
            model=step.model,
            recipe=step.source,
            out=step.out,
            overrides=step.words,
            resume=True,
            online=online,
        )


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """What a step prints as its result is no result of the pipeline."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def require_same(step: Step, *, online: bool) -> None:
    """Checks that a finished step is this one, from these inputs, and whole.

    Args:
        step: The step.
        online: Whether a hub id may be fetched.

    Raises:
        UsageError: It was begun with another recipe.
        HashMismatch: Its data, their pictures or its start have changed, or its result is not what its manifest says.
    """
    if step.stage == EXPORT:
        with aside():
            exporting.require_same(step, online=online)
        return
    if step.stage == EVAL:
        _require_same_model(step, online=online)
    if step.stage in (DATA, EVAL):
        _do_again(step, online=online)
        return
    from medgpt_cli.workflows import run_record, starting, training_files
    from medgpt_cli.workflows.gates.leakage import against_hashes

    recipe = step.resolved.recipe
    mix = [Path(part.path) for part in recipe.data.mix]
    named = [Path(path) for path in recipe.data.validation]
    training_files.require_files([*mix, *named])
    watched = training_files.validation_files(mix, named)
    read = [*mix, *watched]
    data = training_files.file_hashes(read) | against_hashes(
        [Path(path) for path in recipe.data.against]
    )
    base = starting.base_hashes(recipe, online=online)
    pictures = training_files.shown_by(
        [(path, training_files.TRAIN) for path in mix]
        + [(path, training_files.VALIDATION) for path in watched],
        image_root=Path(recipe.data.image_root) if recipe.data.image_root else None,
        limit=recipe.data.limit,
    )
    run_record.refuse_other(step.out, step.resolved.as_json(), data, base, pictures)
    require_whole(step.out)


def require_whole(run: Path) -> None:
    """Checks the results of a training run against its manifest.

    Raises:
        HashMismatch: A file is missing or another one.
    """
    manifest = json.loads((run / "manifest.json").read_text())
    for name in RESULTS:
        if name in manifest and isinstance(manifest[name], dict):
            folder = run / name
            if not folder.is_dir() or file_hashes(folder) != manifest[name]:
                raise HashMismatch(
                    f"{name}/ is not what the manifest of {run} describes",
                    repair="restore the folder, or start anew with another --out",
                )
            verify_files(folder)


def _do_again(step: Step, *, online: bool) -> None:
    """A finished evaluation or preparation, given its line again, says so or refuses by itself."""
    with aside():
        _do(step, online=online)
    if step.stage == EVAL:
        verify_files(step.out)


def _require_same_model(step: Step, *, online: bool) -> None:
    from medgpt_cli.workflows.naming import named_model

    before: Any = json.loads((step.out / "manifest.json").read_text())["model_hash"]
    if named_model(step.model, online=online).hash() != before:
        raise HashMismatch(
            f"{step.out} scored other weights than {step.model} holds now",
            repair=f"remove {step.out} to have them scored anew, and give the same line again",
        )
