"""Compare evaluations item by item: is the second better, worse, or can these items not tell?

With more than two runs every one is compared with the first, which makes a table of what was forgotten on the way.
What was asked of other items is never compared, what was asked under another protocol only by a waiver that stands in
the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from medgpt_cli.core import console
from medgpt_cli.core.errors import Complaint, InputError
from medgpt_cli.evaluation.statistics import forgetting
from medgpt_cli.evaluation.statistics.forgetting import Course
from medgpt_cli.workflows import (
    compare_pairs,
    compare_probes,
    compare_published,
    compare_refusals,
    compare_tables,
)
from medgpt_cli.workflows.compare_pairs import Pairs
from medgpt_cli.workflows.compare_refusals import PROTOCOL
from medgpt_cli.workflows.compare_tables import UNSEEN, Form, Sheet
from medgpt_cli.workflows.eval_runs import EvalRun, read_runs

READING = (
    "verdicts at p < 0.05; visible: the smallest true difference that such items show four times in five; "
    "won:lost: items on which the run is better : worse than the first; cases: patients, studies or images"
)


def compare(
    paths: Sequence[Path],
    *,
    published: str | None = None,
    measure: str | None = None,
    allow: Sequence[str] = (),
    form: Form = "table",
    json: bool = False,
) -> None:
    """Compares finished evaluations, or one with published numbers, and prints what it found.

    Args:
        paths: Run folders; every later one is compared with the first.
        published: A set whose published numbers stand beside ours.
        measure: What is compared; each task's headline when None.
        allow: Names of what is waived: `protocol`.
        form: How tables are written.
        json: Print one JSON document instead.

    Raises:
        UsageError: Too few runs, one named twice, or an unknown waiver.
        InputError: Something is no evaluation, or runs cannot be compared.
        HashMismatch: A run's files are not those its manifest names.
    """
    compare_refusals.refuse_words(paths, published, allow)
    runs = read_runs(list(paths))
    document: dict[str, Any] = {"runs": [_told(run) for run in runs], "warnings": []}
    sheets: list[Sheet] = []
    if len(runs) > 1:
        sheet, found = _compared(runs, measure, waived=PROTOCOL in allow)
        sheets.append(sheet)
        document |= found
    if published is not None:
        sheet, found = compare_published.beside(runs, published)
        sheets.append(sheet)
        document["published"] = found
        document["warnings"].append(found["warning"])
    for warning in document["warnings"]:
        console.warn(warning)
    if json:
        console.print_json(document)
        return
    page = console.result()
    page.print("\n\n".join(sheet.written(form, page.width) for sheet in sheets), soft_wrap=True)


def _told(run: EvalRun) -> dict[str, str | None]:
    told: dict[str, str | None] = {"name": run.name, "path": str(run.path), "model": run.model}
    return told | run.hashes.document


def _compared(
    runs: Sequence[EvalRun], measure: str | None, *, waived: bool
) -> tuple[Sheet, dict[str, Any]]:
    first = runs[0]
    common = [task for task in first.scores if all(task in run.scores for run in runs)]
    tasks = [task for task in common if not compare_probes.is_probe(first, task)]
    if not tasks:
        raise InputError(
            "the runs have no task in common",
            repair="name runs of the same tasks",
            complaints=[Complaint(", ".join(run.scores) or "no task", str(run.path)) for run in runs],
        )
    measures = {task: measure or first.scores[task].headline for task in tasks}
    waivers = compare_refusals.refuse_incomparable(runs, measures, waived)
    found = {task: compare_pairs.pairs_of(runs, task, measures[task]) for task in tasks}
    pairs = [each for each in found.values() if each]
    if not pairs:
        raise compare_refusals.unmeasured(runs, measures)
    courses = forgetting.table({each.task: each.values for each in pairs})
    unseen = forgetting.table(
        {f"{each.task}, {UNSEEN}": each.unseen for each in pairs if each.unseen is not None}
    )
    effects = [effect for run in runs for effect in compare_probes.effects_of(run)]
    warnings = [*waivers, *compare_refusals.warnings(runs, tasks, measures, pairs)]
    lines = _lines(pairs, courses, unseen)
    notes = [READING]
    notes += [
        f"{run.name}: {run.model}, {run.hashes.identity[0]} {run.hashes.identity[1][:12]}"
        for run in runs
    ]
    notes += [f"{task}: {first.scores[task].protocol}" for task in measures]
    notes += [f"{name}, {effect.sentence}" for name, effect in effects]
    notes += [f"warning: {warning}" for warning in warnings]
    layout = compare_tables.two_runs if len(runs) == 2 else compare_tables.many_runs
    sheet = layout([run.name for run in runs], lines, notes)
    document = {
        "tasks": [
            {
                "task": course.task,
                "measure": named,
                "protocol": first.scores[course.task.removesuffix(f", {UNSEEN}")].protocol,
                "against_first": msgspec.to_builtins(course.against_first),
            }
            for named, course in lines
        ],
        "probes": [{"of": name, **msgspec.to_builtins(effect)} for name, effect in effects],
        "waived": [PROTOCOL] if waivers else [],
        "warnings": warnings,
    }
    return sheet, document


def _lines(
    pairs: Sequence[Pairs], courses: Sequence[Course], unseen: Sequence[Course]
) -> list[tuple[str, Course]]:
    """Each task with its measure, the line without what was seen in training right behind it."""
    clean = {course.task: course for course in unseen}
    lines = []
    for each, course in zip(pairs, courses, strict=True):
        also = clean.get(f"{each.task}, {UNSEEN}")
        lines += [(each.measure, course)] + ([(each.measure, also)] if also else [])
    return lines
