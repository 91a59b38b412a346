"""`medgpt eval run`: score a model on questions with known answers."""

from __future__ import annotations

from typing import Annotated

import typer

from medgpt_cli.commands.options import DryRun, Force, Json, Model, Online, Out, Resume

Tasks = Annotated[
    list[str] | None,
    typer.Option(
        "--task",
        metavar="PATH",
        help="JSONL of questions with answers, prepared set, or folder of a data set; repeat it for several.",
    ),
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", metavar="N", min=1, help="Ask only the first N questions of each task."),
]
MaxNewTokens = Annotated[
    int | None,
    typer.Option("--max-new-tokens", metavar="N", min=1, help="Longest answer, in tokens."),
]
KeepText = Annotated[
    bool,
    typer.Option("--keep-text", help="Keep questions and answers in the log and the report."),
]
Majority = Annotated[
    str | None,
    typer.Option(
        "--majority", metavar="FILE", help="Training JSONL whose commonest answers are the baseline."
    ),
]


def run(
    task: Tasks = None,
    model: Model = None,
    majority: Majority = None,
    out: Out = None,
    limit: Limit = None,
    max_new_tokens: MaxNewTokens = None,
    keep_text: KeepText = False,
    resume: Resume = False,
    force: Force = False,
    dry_run: DryRun = False,
    online: Online = False,
    json: Json = False,
) -> None:
    """Asks every question of a task and counts exact answers.

    The score is over all questions: an answer that is cut, fails or cannot be read is wrong. It stands
    beside its 95 % interval, the majority answer, and the protocol it may be compared under. Without
    --model it scores the newest run under runs/, else the small model called tiny.

    Example:
        medgpt eval run --model tiny --task my.jsonl
    """
    from medgpt_cli.workflows.evaluate import run_eval

    run_eval(
        model=model,
        tasks=task or [],
        out=out,
        limit=limit,
        max_new_tokens=max_new_tokens,
        keep_text=keep_text,
        resume=resume,
        force=force,
        json=json,
        online=online,
        against_majority_of=majority,
        dry_run=dry_run,
    )
