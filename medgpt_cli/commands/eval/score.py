"""`medgpt eval score`: score answers that were made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.options import Force, Json, Out, Resume, Sets

TaskName = Annotated[
    str,
    typer.Option(
        "--task",
        metavar="NAME|PATH",
        help="A task's name, JSONL of questions with answers, prepared set, or data set's folder.",
    ),
]
Answers = Annotated[
    Path,
    typer.Option(
        "--answers", metavar="FILE", help="JSONL or CSV of id and answer, or samples.jsonl with texts."
    ),
]
Of = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="REF",
        help="Run that gave the answers, to name it and find overlap with its training.",
    ),
]
ModelName = Annotated[
    str | None,
    typer.Option("--model-name", metavar="NAME", help="What the model is called, where it is not here."),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option("--metric", metavar="NAME", help="Measure this too; repeat it for several."),
]
Extracted = Annotated[
    Path | None,
    typer.Option(
        "--extracted", metavar="DIR", help="Folder that eval extract wrote, for metrics of reports."
    ),
]
KeepText = Annotated[
    bool,
    typer.Option("--keep-text", help="Keep questions and answers in the log, wrong ones in the report."),
]
Examples = Annotated[
    list[str] | None,
    typer.Option(
        "--examples",
        metavar="TASK",
        help="With --keep-text: show wrong answers in the report although the set is lent under terms.",
    ),
]


def score(
    task: TaskName,
    answers: Answers,
    data: Sets = None,
    model: Of = None,
    model_name: ModelName = None,
    metric: Metrics = None,
    extracted: Extracted = None,
    keep_text: KeepText = False,
    examples: Examples = None,
    out: Out = None,
    resume: Resume = False,
    force: Force = False,
    json: Json = False,
) -> None:
    """Scores answers from elsewhere by the code that scores our own, into the same folder.

    A line holds the question's id and the answer; thinking and finished where they are known. A question
    without an id of its own is called line-N. One without an answer counts as wrong and is counted; an
    answer to no question, or a second one, is refused. Prompt and decoding are not told, and the score's
    protocol says so.

    Example:
        medgpt eval score --task my.jsonl --answers answers.jsonl
    """
    from medgpt_cli.workflows.eval_settings import Keeping
    from medgpt_cli.workflows.score import Wanted, score_answers

    score_answers(
        Wanted(task, answers, data, model, model_name, tuple(metric or ()), extracted),
        Keeping(text=keep_text, out=out, resume=resume, force=force, examples=tuple(examples or ())),
        json=json,
    )
