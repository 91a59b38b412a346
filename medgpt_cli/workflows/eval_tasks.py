"""The tasks of an evaluation: those a person named, and the same ones with one thing changed.

A probe is a task of its own, named `slake+blank`, with the ids of the plain one, so that answers are compared one by
one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from medgpt_cli.core import console
from medgpt_cli.core.errors import InputError
from medgpt_cli.evaluation.items import Item, Kind
from medgpt_cli.evaluation.measures import MEASURES
from medgpt_cli.evaluation.statistics import probes
from medgpt_cli.evaluation.tasks.task import Task
from medgpt_cli.workflows.eval_settings import EvalSettings
from medgpt_cli.workflows.task_files import read_tasks

BY_LIKELIHOOD = "accuracy_likelihood"
PLUS = "+"
"""Between a task's name and the probe's."""

PROBES = {"blank": probes.BLANKED, "swap": probes.SWAPPED, "order": probes.REORDERED}
"""The word of `--probe`, and what the probe is called."""


def tasks_of(settings: EvalSettings) -> list[Task]:
    """Everything that is asked, each task followed by its probes.

    Raises:
        UsageError, NotThere, BadRecipe, BadRecord, InputError: As `task_files.read_tasks` says; and where a probe
            can change nothing in any of them.
    """
    words, how = settings.asked.tasks, settings.task_settings
    plain = [_weighed(task, settings) for task in read_tasks(words, how)]
    chosen = settings.asked.probes
    moved: Sequence[Task] = ()
    if "order" in chosen:
        moved = [_weighed(task, settings) for task in read_tasks(words, replace(how, shuffle=0))]
    changed = {
        word: [
            _moved(task, moved[number]) if word == "order" else _changed(word, task.items)
            for number, task in enumerate(plain)
        ]
        for word in chosen
    }
    for word, items in changed.items():
        without = [task.name for task, each in zip(plain, items, strict=True) if not each]
        if without and not any(items):
            raise InputError(
                f"--probe {word} changes nothing in {', '.join(without)}",
                repair="leave it out; it needs questions with options, and by chance none of so few moved"
                if word == "order"
                else "leave it out; it needs questions with pictures, of several cases",
            )
        if without:
            console.warn(
                f"--probe {word} changes nothing in {', '.join(without)}, and is left out there"
            )
    found = []
    for number, task in enumerate(plain):
        found.append(task)
        found += [
            _probing(task, word, changed[word][number]) for word in chosen if changed[word][number]
        ]
    return found


def _probing(task: Task, word: str, items: Sequence[Item]) -> Task:
    """The probe, with the measures that say something of the items it changed."""
    told = tuple(name for name in task.measures if any(MEASURES[name].applies(item) for item in items))
    return replace(
        task, name=f"{task.name}{PLUS}{word}", items=items, measures=told or task.measures[:1]
    )


def plain_of(task: Task, tasks: Sequence[Task]) -> tuple[Task, str] | None:
    """For a probe the plain task and the probe's name; None for any other task."""
    name, _, word = task.name.rpartition(PLUS)
    plain = next((each for each in tasks if each.name == name), None)
    return (plain, PROBES[word]) if plain is not None and word in PROBES else None


def _weighed(task: Task, settings: EvalSettings) -> Task:
    """With the measure that is taken of likelihoods, where they are asked for or decide anyway."""
    wanted = settings.asked.likelihoods or task.choices_by == "likelihood"
    choice = any(item.kind is Kind.CHOICE for item in task.items)
    if not (wanted and choice) or any(MEASURES[name].by_likelihood for name in task.measures):
        return task
    return replace(task, measures=(*task.measures, BY_LIKELIHOOD))


def _changed(word: str, items: Sequence[Item]) -> list[Item]:
    return probes.blanked(items) if word == "blank" else probes.swapped(items)


def _moved(task: Task, moved: Task) -> list[Item]:
    """The items whose options stand in another order."""
    pairs = zip(task.items, moved.items, strict=True)
    return [after for before, after in pairs if after.options != before.options]
