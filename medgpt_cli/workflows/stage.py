"""The story that align, midtrain, sft and adapt share: read, build, freeze, train, save.

The stages differ only in their recipes (which parts learn, at which rate, on what), so there is one story.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, distributed, rundir
from medgpt_cli.core.device import pick_device
from medgpt_cli.core.errors import NotThere, UsageError
from medgpt_cli.core.recipe import Resolved, read_recipe
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.models.attention.choosing import Chosen, require_kernel
from medgpt_cli.training.exactness import exact_sums
from medgpt_cli.training.meters import Meters, cut_after
from medgpt_cli.training.parts import freeze
from medgpt_cli.training.report import write_report
from medgpt_cli.training.signals import StopOnSignal
from medgpt_cli.training.trackers import keep_trackers_in, require_trackers
from medgpt_cli.training.trainer import StageTrainer
from medgpt_cli.workflows import outlook, results, run_record
from medgpt_cli.workflows.adapting import by_adapters
from medgpt_cli.workflows.announcing import announce
from medgpt_cli.workflows.context import check_processes
from medgpt_cli.workflows.first_step import first_loss_note
from medgpt_cli.workflows.going_on import Start, find_start, put_aside
from medgpt_cli.workflows.parts_table import part_rows
from medgpt_cli.workflows.quantising import sentence, told_of
from medgpt_cli.workflows.seeing import left_alone, unreached
from medgpt_cli.workflows.sharded import reading_in_shards
from medgpt_cli.workflows.sharded import told_of as told_of_shards
from medgpt_cli.workflows.stage_data import StageData, gather
from medgpt_cli.workflows.stage_trainer import attention_of, batch_of, build_trainer
from medgpt_cli.workflows.starting import (
    base_hashes,
    build_embedded,
    build_model,
    learning_parts,
    refuse_inputs_inside,
)


def run_stage(
    *,
    stage: str,
    data: Sequence[Path | str] = (),
    model: str | None = None,
    adapter: str | None = None,
    recipe: str | None = None,
    out: Path | None = None,
    overrides: Sequence[str] = (),
    resume: bool = False,
    force: bool = False,
    dry_run: bool = False,
    rehearse: bool = False,
    online: bool = False,
    json: bool = False,
) -> None:
    """Trains one stage and leaves a run folder.

    Args:
        stage: `align`, `midtrain`, `sft` or `adapt`.
        data: Record files; they replace the recipe's `data.mix`.
        model: Where the weights start; replaces the recipe's `model.base`.
        adapter: The adapter it goes on with; replaces the recipe's `model.adapter`.
        recipe: A recipe's name or file; the stage's own when None.
        out: The run folder; a dated one under `runs/` when None.
        overrides: `KEY=VALUE` words.
        resume: Start or continue.
        force: Overwrite an earlier run.
        dry_run: Say what would happen and write nothing.
        rehearse: Go the same way on a shrunken model and a few records, and keep nothing.
        online: Whether a hub id may be fetched.
        json: Print the outcome as one JSON document.
    """
    if rehearse:
        from medgpt_cli.workflows.rehearsal.story import rehearse_stage  # it trains by what stands here

        rehearse_stage(
            stage=stage,
            data=[str(path) for path in data],
            model=model,
            adapter=adapter,
            recipe=recipe,
            overrides=overrides,
            online=online,
            json=json,
        )
        return
    resolved = read_recipe(
        recipe or stage,
        stage=stage,
        overrides=overrides,
        flags={"--data": [str(path) for path in data], "--model": model, "--adapter": adapter},
    )
    if not resolved.recipe.data.mix:
        raise NotThere("no training data was named", repair=f"medgpt {stage} --data local.jsonl")
    if dry_run:
        outlook.tell(resolved, online=online, as_json=json)
        return
    check_processes(resolved.recipe)
    require_kernel(resolved.recipe.model.attention)
    if resume and out is None:
        raise UsageError("--resume needs to know which run", repair="name it with --out")
    distributed.join(pick_device()[0])
    path = distributed.from_first(out or rundir.dated(stage))
    if distributed.is_first():
        rundir.examine(path, resume=resume, force=force, kind=stage)
        refuse_inputs_inside(path, resolved.recipe)
        if distributed.ranks() > 1:
            build_embedded(resolved.recipe)
    distributed.wait()
    with StopOnSignal() as signals:
        _run(path, resolved, signals, resume=resume, force=force, online=online, as_json=json)


def _run(
    path: Path,
    resolved: Resolved,
    signals: StopOnSignal,
    *,
    resume: bool,
    force: bool,
    online: bool,
    as_json: bool,
) -> None:
    recipe = resolved.recipe
    first = distributed.is_first()
    if resume and distributed.from_first(rundir.is_done(path)):
        if first:
            console.say(f"{path} had already finished.")
            run_record.tell(path, as_json=as_json)
        return
    # Everything that can be wrong is found before the folder is touched.
    require_trackers(recipe.engine.report_to)
    start = distributed.from_first(find_start(path) if resume else Start())
    last = start.checkpoint
    with reading_in_shards(recipe, last, online=online):
        model, processor = build_model(recipe, checkpoint_folder=last, online=online)
    gathered = gather(recipe, processor)
    attention = attention_of(recipe, model)
    rows = part_rows(recipe, model, freeze(model, learning_parts(recipe), by_adapters(recipe)))
    idle = unreached(rows, sum(gathered.train.images), [part.path for part in recipe.data.mix])
    distributed.wait()
    run = _take(path, resume=resume, force=force, kind=recipe.stage)
    if first:
        console.log_to(run.log)
    try:
        if first:
            put_aside(start.damaged)
            if run.done or last != (_newest(path) if resume else None):
                raise UsageError(
                    f"{path} was written to by another process meanwhile", repair="give the line again"
                )
            run_record.begin(
                run,
                resolved,
                gathered.hashes,
                base_hashes(recipe, online=online),
                {"phi": gathered.phi},
                gathered.pictures,
            )
            batch = batch_of(recipe)
            parameters = {part: row._asdict() for part, row in rows.items()}
            quantised = told_of(model)
            how = {"batch": asdict(batch), "attention": asdict(attention)}
            how |= {"quantised_base": quantised} if quantised is not None else {}
            run_record.note(run, {"parameters": parameters, **how})
            settled = [batch.sentence(), attention.sentence(), *told_of_shards(model)]
            settled += [sentence(quantised)] if quantised is not None else []
            announce(run, resolved, gathered, rows, settled, last)
            if idle:
                console.say(left_alone(idle))
        if first and recipe.engine.report_to:
            keep_trackers_in(run.path, online=online)
        distributed.wait()
        steps = _train(
            run, recipe, model, processor, gathered, attention, last, signals, idle, online=online
        )
        if first:
            run_record.end(run, gathered, rows, steps)
            write_report(run.path)
            run.finish()
    finally:
        console.log_to(None)
        run.close()
    if first:
        run_record.tell(path, as_json=as_json)


def _newest(path: Path) -> Path | None:
    return next(reversed(rundir.checkpoints(path)), None)


def _take(path: Path, *, resume: bool, force: bool, kind: str) -> RunFolder:
    """The folder: the first process owns it, the others wait for that and follow."""
    run = None
    if distributed.is_first():
        run = RunFolder.open(path, resume=resume, force=force, kind=kind)
    distributed.wait()
    return run or RunFolder.follow(path, kind=kind)


def _train(
    run: RunFolder,
    recipe: Any,
    model: Any,
    processor: Any,
    gathered: StageData,
    attention: Chosen,
    last: Path | None,
    signals: StopOnSignal,
    idle: Sequence[str],
    *,
    online: bool,
) -> int:
    """Takes the steps that are left, and returns how many the whole run has."""
    save = results.saver(run, recipe, model, processor, online=online)
    note = first_loss_note(run, recipe, model.config.text_config.vocab_size)
    trainer = build_trainer(run, recipe, model, processor, gathered, attention, last, save, note)
    steps = trainer.args.max_steps
    meters = Meters(
        run.metrics,
        sources=trainer.sources,
        validation_sources=trainer.validation_sources,
        row_tokens=batch_of(recipe).row_tokens,
    )
    meters.attach(trainer)
    trainer.add_callback(meters)
    trainer.add_callback(signals)
    reached = int(last.name.removeprefix("step-")) if last else 0
    if distributed.is_first():
        cut_after(run.metrics, reached)
    weights = None
    if reached < steps:  # resuming a finished run would train one step more
        try:
            with exact_sums(cpu=trainer.args.use_cpu, threads=recipe.train.threads):
                trainer.train(resume_from_checkpoint=str(last) if last else None)
        finally:
            meters.close()
        if signals.received is not None:
            raise signals.stopped(
                f"stopped at step {trainer.state.global_step} of {steps}; the state is saved",
                f"go on with: {run_record.resume_line(run)}",
            )
        weights = trainer.gathered_weights()
    if distributed.is_first():
        results.keep(run, recipe, model, save, weights, unreached=idle, online=online)
        run_record.note(run, _outcome(trainer))
    distributed.wait()
    return int(steps)


def _outcome(trainer: StageTrainer) -> dict[str, Any]:
    """What the manifest says of how training went, and the person of what is worth knowing."""
    guard, best = trainer.guard, trainer.best
    if guard.refused:
        console.warn(f"{guard.refused:,} of {trainer.args.max_steps:,} steps were not taken")
    outcome: dict[str, Any] = {"steps_refused": guard.refused}
    if best is not None:
        outcome["best"] = {"checkpoint": best.checkpoint, "validation_loss": best.validation_loss}
        console.say(
            f"checkpoints/{best.checkpoint} has the lowest validation loss, {best.validation_loss:.3f}"
        )
    return outcome
