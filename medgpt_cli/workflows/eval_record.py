"""What an evaluation leaves behind: what was asked of what, the scores, the answers, the page, and their hashes.

This module knows nothing of how a model is loaded or asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from medgpt_cli.chat.notice import NOTICE
from medgpt_cli.core import console, files
from medgpt_cli.core.distributed import ranks
from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.manifest import environment, write_manifest
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.core.wording import counted
from medgpt_cli.evaluation import score_table, summary
from medgpt_cli.evaluation.hashes import Hashes
from medgpt_cli.evaluation.items import Kind
from medgpt_cli.evaluation.outcomes import Outcome
from medgpt_cli.evaluation.scores import TaskScore
from medgpt_cli.evaluation.statistics import tables
from medgpt_cli.evaluation.tasks.task import Task
from medgpt_cli.workflows import eval_page
from medgpt_cli.workflows.eval_backing import Answering
from medgpt_cli.workflows.eval_settings import EvalSettings
from medgpt_cli.workflows.eval_tasks import plain_of
from medgpt_cli.workflows.picture_files import PictureFiles, refuse_changed

SCORES, SAMPLES = "scores.json", "samples.jsonl"
MARKDOWN, LATEX = "scores.md", "scores.tex"
OF_PICTURES = frozenset({"pictures", "data", "protocols"})
"""What differs where nothing but pictures was changed."""


def refuse_other(
    run: RunFolder, asked: dict[str, Any], tasks: Sequence[Task], hashes: Hashes | None = None
) -> None:
    """An evaluation is only continued with exactly what it was begun with.

    Args:
        run: The folder.
        asked: What is asked of which model, in words.
        tasks: The same, item by item.
        hashes: By what the answers are known, once that is.

    Raises:
        UsageError: The folder holds another evaluation.
        HashMismatch: It holds this one, of other pictures.
    """
    if not run.manifest.exists():
        return
    before = json.loads(run.manifest.read_text())
    changed = [word for word in asked if asked[word] != before["asked"].get(word)]
    if hashes is not None and hashes != Hashes.read(before):
        kind, _ = hashes.identity
        changed.append(f"{kind} under the same name")
    if "pictures" in changed and OF_PICTURES.issuperset(changed):
        refuse_changed(run.path, before["asked"].get("pictures"), _shown(tasks))
    if changed:
        raise UsageError(
            f"{run.path} holds another evaluation, with different {', '.join(changed)}",
            repair="name another --out, or overwrite with --force",
        )


def asked(settings: EvalSettings, tasks: Sequence[Task], model: str) -> dict[str, Any]:
    """What is asked of which model, as the manifest keeps it; a run only goes on with the same."""
    majority = settings.asked.majority
    plain = [task for task in tasks if plain_of(task, tasks) is None]
    return {
        "model": model,
        "adapter": settings.adapter,
        "endpoint": settings.backing.endpoint,
        "picture_size": settings.backing.picture_size,
        "protocols": [task.protocol for task in tasks],
        "data": {word: task.data_hash for word, task in zip(settings.asked.tasks, plain, strict=True)},
        "pictures": _shown(tasks).told(),
        "prompts": {task.name: _prompts_hash(task) for task in tasks},
        "measures": {task.name: list(task.measures) for task in tasks},
        "majority": files.sha256_file(Path(majority)) if majority else None,
        "keep_text": settings.keeping.text,
        "examples": sorted(settings.keeping.examples),
        "overlap": settings.keeping.overlap,
    }


def _shown(tasks: Sequence[Task]) -> PictureFiles:
    """The pictures of all questions, examples before them included."""
    return PictureFiles.of(item for task in tasks for item in task.items)


def _prompts_hash(task: Task) -> str:
    """SHA-256 over every word that is said: a task file's wording may change under the same profile and version."""
    return hashlib.sha256("".join(item.prompt_hash for item in task.items).encode()).hexdigest()


def begin(
    run: RunFolder,
    settings: EvalSettings,
    asked: dict[str, Any],
    tasks: Sequence[Task],
    answering: Answering,
) -> None:
    """Says in the manifest what is being evaluated, and keeps the recipe by which the run goes on."""
    resolved = settings.resolved
    tree = resolved.as_json()
    if settings.backing.endpoint is None and settings.adapter is None:
        tree["model"]["base"] = asked["model"]
    files.write_text(run.path / "recipe.yaml", resolved.written)
    files.write_text(run.path / "overrides.txt", "".join(f"{word}\n" for word in resolved.overrides))
    files.write_json(run.recipe, tree)
    _shown(tasks).keep(run.path)
    write_manifest(run.path, _manifest(asked, answering))


def end(
    run: RunFolder,
    settings: EvalSettings,
    tasks: Sequence[Task],
    asked: dict[str, Any],
    answering: Answering,
    scores: Sequence[TaskScore],
    outcomes: Sequence[Outcome],
) -> None:
    """Writes the scores, the report and the manifest with their hashes, and declares the folder finished."""
    model, machine = asked["model"], environment()
    document = summary.as_document(scores, model, answering.hashes)
    document["lines"] = [score_table.score_line(score, answering.hashes) for score in scores]
    files.write_json(run.path / SCORES, document)
    rows = score_table.rows_of(scores)
    by = f"model {model}, {answering.hashes.told}"
    files.write_text(run.path / MARKDOWN, tables.markdown(rows, by=by) + "\n")
    files.write_text(run.path / LATEX, tables.latex(rows, by=by) + "\n")
    hashes = {name: files.sha256_file(run.path / name) for name in (SCORES, SAMPLES, MARKDOWN, LATEX)}
    facts = eval_page.facts_of(model, answering, machine, scores, hashes)
    files.write_text(run.report, eval_page.page_of(tasks, scores, outcomes, settings.keeping, facts))
    hashes[run.report.name] = files.sha256_file(run.report)
    write_manifest(
        run.path,
        {
            **_manifest(asked, answering),
            "ranks": ranks(),
            "environment": machine,
            "files": hashes,
        },
    )
    run.finish()


def _manifest(asked: dict[str, Any], answering: Answering) -> dict[str, Any]:
    return {
        "kind": "eval",
        "notice": NOTICE,
        "asked": asked,
        **answering.hashes.document,
        "answering": answering.words,
    }


def tell(run: RunFolder, *, as_json: bool) -> None:
    """Prints the scores of a finished folder."""
    document = json.loads((run.path / SCORES).read_text())
    if as_json:
        console.print_json({**document, "out": str(run.path)})
        return
    scores = msgspec.convert(document["tasks"], list[TaskScore])
    page = console.result()
    page.print(score_table.as_table(scores, page.width))
    page.print(f"model {document['model']}, {Hashes.read(document).told}", soft_wrap=True)
    cut = sum(score.overall.truncated for score in scores if score.kind != Kind.REPORT)
    short = sum(score.overall.truncated for score in scores if score.kind == Kind.REPORT)
    failed = sum(score.overall.errors for score in scores)
    if cut:
        console.warn(f"answers that reached the token limit, and count as wrong: {cut}")
    if short:
        console.warn(f"reports that reached the token limit, and count as far as they go: {short}")
    if failed:
        console.warn(f"questions that failed, and count as wrong: {failed} ({SAMPLES} names the errors)")
    console.say(f"report: {run.report}")


def tell_plan(tasks: Sequence[Task], model: str, *, as_json: bool) -> None:
    """Prints what would be asked of which model."""
    if as_json:
        plan = [{"protocol": task.protocol, "questions": len(task.items)} for task in tasks]
        console.print_json({"model": model, "tasks": plan})
        return
    for task in tasks:
        console.result().print(
            f"{task.protocol}: {counted(len(task.items), 'question')} to {model}", soft_wrap=True
        )
