"""Several vision towers on several classification sets by one fixed recipe: what is a tower worth elsewhere?

The test split of a set is looked at once for each training, after everything was chosen on validation.  A run that
was killed goes on with the jobs that are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from medgpt_cli.core import console, rundir
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.core.transfer import Mode, read_recipe
from medgpt_cli.core.wording import counted
from medgpt_cli.data.classification.sets import ClassificationSet
from medgpt_cli.training.signals import StopOnSignal
from medgpt_cli.workflows import transfer_record
from medgpt_cli.workflows.transfer_inputs import NamedTower, first_load, named_sets, named_towers
from medgpt_cli.workflows.transfer_jobs import Job, answers, jobs, work

MODES: dict[str, tuple[Mode, ...]] = {
    "probe": ("probe",),
    "finetune": ("finetune",),
    "both": ("probe", "finetune"),
}


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


def run_transfer(
    towers: Sequence[str],
    sets: Sequence[str],
    overrides: Sequence[str],
    keeping: Keeping,
    *,
    mode: Literal["probe", "finetune", "both"] = "both",
    online: bool = False,
    dry_run: bool = False,
    as_json: bool = False,
) -> None:
    """Trains every tower on every set, and writes scores, comparisons and a report.

    Args:
        towers: As the person named them.
        sets: Paths of archives, tables and folders.
        overrides: KEY=VALUE words of the recipe.
        keeping: Where everything is kept.
        mode: Which of the two trainings.
        online: Whether hub ids may be fetched.
        dry_run: Say what would be trained, and write nothing.
        as_json: Print one JSON document.

    Raises:
        UsageError, BadRecipe, BadRecord, BadImage, BadCheckpoint, NotThere: Something given is not right.
        StateSaved, Interrupted: Stopped; finished jobs are kept.
    """
    recipe = read_recipe(overrides)
    found_towers = named_towers(towers, recipe, online=online)
    found_sets = named_sets(sets)
    todo = jobs(found_sets, found_towers, MODES[mode], recipe)
    parameters = first_load(found_towers)
    if dry_run:
        _tell_plan(todo, found_sets, found_towers, parameters, as_json=as_json)
        return
    asked = transfer_record.asked(found_sets, found_towers, MODES[mode], recipe)
    path = keeping.out or rundir.dated("transfer")
    run = RunFolder.open(path, resume=keeping.resume, force=keeping.force, kind="transfer")
    try:
        console.log_to(run.log)
        transfer_record.begin(run, asked)
        if run.done:
            console.say(f"{run.path} had already finished.")
        else:
            with StopOnSignal():
                done = work(run, todo, recipe)
            given = answers(todo, done, recipe)
            transfer_record.end(run, asked, found_sets, found_towers, parameters, done, given)
        transfer_record.tell(run, as_json=as_json)
    finally:
        console.log_to(None)
        run.close()


def _tell_plan(
    todo: Sequence[Job],
    sets: Sequence[ClassificationSet],
    towers: Sequence[NamedTower],
    parameters: dict[str, int],
    *,
    as_json: bool,
) -> None:
    document: dict[str, Any] = {
        "towers": [
            {"name": each.name, "kind": each.tower.kind, "parameters": parameters[each.name]}
            for each in towers
        ],
        "sets": [
            {
                "name": each.name,
                "classes": len(each.labels),
                **each.counts(),
                "parted": each.parted,
                "notes": list(each.notes),
            }
            for each in sets
        ],
        "trainings": len(todo),
    }
    if as_json:
        console.print_json(document)
        return
    page = console.result()
    for tower in document["towers"]:
        page.print(
            f"{tower['name']}: {tower['kind']}, {tower['parameters']:,} parameters", soft_wrap=True
        )
    for each in document["sets"]:
        page.print(
            f"{each['name']}: {counted(each['classes'], 'class', 'classes')}, "
            f"{counted(each['train'], 'picture')} to train, {each['val']} to choose, "
            f"{each['test']} to test, parted {each['parted']}",
            soft_wrap=True,
        )
    page.print(counted(len(todo), "training"), soft_wrap=True)
