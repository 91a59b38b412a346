"""What an evaluation leaves behind: what was asked of what, the scores, the answers, the page, and their hashes.

This module knows nothing of how a model is loaded or asked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from medgpt_cli.chat.notice import NOTICE
from medgpt_cli.core import console, files
from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.manifest import environment, write_manifest
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.evaluation import report, score_table, summary
from medgpt_cli.evaluation.outcomes import Outcome
from medgpt_cli.evaluation.scores import TaskScore
from medgpt_cli.evaluation.tasks.task import Task

SCORES, SAMPLES = "scores.json", "samples.jsonl"


def refuse_other(run: RunFolder, asked: dict[str, Any], model_hash: str | None = None) -> None:
    """An evaluation is only continued with exactly what it was begun with.

    Args:
        run: The folder.
        asked: What is asked of which model, in words.
        model_hash: The model's hash, once it is known.

    Raises:
        UsageError: The folder holds another evaluation.
    """
    if not run.manifest.exists():
        return
    before = json.loads(run.manifest.read_text())
    changed = [word for word in asked if asked[word] != before["asked"].get(word)]
    if model_hash not in (None, before["model_hash"]):
        changed.append("weights under the same name")
    if changed:
        raise UsageError(
            f"{run.path} holds another evaluation, with different {', '.join(changed)}",
            repair="name another --out, or overwrite with --force",
        )


def begin(run: RunFolder, asked: dict[str, Any], model_hash: str) -> None:
    """Says in the manifest what is being evaluated."""
    write_manifest(run.path, _manifest(asked, model_hash))


def end(
    run: RunFolder,
    asked: dict[str, Any],
    model_hash: str,
    scores: Sequence[TaskScore],
    outcomes: Sequence[Outcome],
) -> None:
    """Writes the scores, the report and the manifest with their hashes, and declares the folder finished."""
    model, machine = asked["model"], environment()
    files.write_json(run.path / SCORES, summary.as_document(scores, model, model_hash))
    facts = {"model": model, "model SHA-256": model_hash}
    facts |= {f"data SHA-256 of {score.task}": score.data_hash for score in scores}
    facts |= {
        "medgpt": f"{machine['medgpt']}, code {machine['code'][:12]}",
        "platform": machine["platform"],
    }
    page = report.render(scores, outcomes, model=model, facts=facts | machine["packages"], notice=NOTICE)
    files.write_text(run.report, page)
    hashes = {name: files.sha256_file(run.path / name) for name in (SCORES, SAMPLES, run.report.name)}
    write_manifest(run.path, {**_manifest(asked, model_hash), "environment": machine, "files": hashes})
    run.finish()


def _manifest(asked: dict[str, Any], model_hash: str) -> dict[str, Any]:
    return {"kind": "eval", "notice": NOTICE, "asked": asked, "model_hash": model_hash}


def tell(run: RunFolder, *, as_json: bool) -> None:
    """Prints the scores of a finished folder."""
    document = json.loads((run.path / SCORES).read_text())
    if as_json:
        console.print_json({**document, "out": str(run.path)})
        return
    scores = msgspec.convert(document["tasks"], list[TaskScore])
    page = console.result()
    page.print(score_table.as_table(scores, page.width))
    cut = sum(score.overall.truncated for score in scores)
    failed = sum(score.overall.errors for score in scores)
    if cut:
        console.warn(f"answers that reached the token limit, and count as wrong: {cut}")
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
            f"{task.protocol}: {len(task.items)} questions to {model}", soft_wrap=True
        )
