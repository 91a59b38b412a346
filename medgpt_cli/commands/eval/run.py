"""`medgpt eval run`: score a model on questions with known answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.options import (
    Adapter,
    DryRun,
    EndpointKey,
    EndpointTokenFile,
    Force,
    Json,
    Model,
    Online,
    Out,
    Overrides,
    RecipeName,
    Resume,
    Sets,
)

Tasks = Annotated[
    list[str] | None,
    typer.Option(
        "--task",
        metavar="NAME|PATH",
        help="A task's name, JSONL of questions with answers, prepared set, or data set's folder; repeat it.",
    ),
]
Profile = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="Prompt profile: how questions are worded."),
]
Shots = Annotated[
    int | None,
    typer.Option("--shots", metavar="K", min=0, help="Answered examples shown before each question."),
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", metavar="N", min=1, help="Ask only the first N questions of each task."),
]
MaxNewTokens = Annotated[
    int | None,
    typer.Option("--max-new-tokens", metavar="N", min=1, help="Longest answer, in tokens."),
]
Likelihoods = Annotated[
    bool,
    typer.Option("--likelihoods", help="Weigh the letters of options too: accuracy and calibration."),
]
Probes = Annotated[
    list[str] | None,
    typer.Option(
        "--probe",
        metavar="blank|swap|order",
        help="Ask again with blank pictures, another case's, or options in another order; repeat it.",
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
Majority = Annotated[
    str | None,
    typer.Option(
        "--majority", metavar="FILE", help="Training JSONL whose commonest answers are the baseline."
    ),
]
NoOverlap = Annotated[
    bool,
    typer.Option("--no-overlap", help="Do not compare the questions with the model's training data."),
]
Cache = Annotated[
    bool,
    typer.Option(
        "--cache",
        help="Take answers given before from the cache folder, and keep new ones there: clinical text.",
    ),
]
EndpointUrl = Annotated[
    str | None,
    typer.Option(
        "--endpoint", metavar="URL", help="Ask an OpenAI-compatible endpoint instead of a model here."
    ),
]
EndpointModel = Annotated[
    str | None,
    typer.Option("--endpoint-model", metavar="NAME", help="The model's name at the endpoint."),
]
PictureSize = Annotated[
    int | None,
    typer.Option(
        "--picture-size",
        metavar="PIXELS",
        min=1,
        help="Pad pictures to a square of this side for the endpoint, as its tower would.",
    ),
]
Extracted = Annotated[
    Path | None,
    typer.Option(
        "--extracted", metavar="DIR", help="Folder that eval extract wrote, for metrics of reports."
    ),
]


def run(
    overrides: Overrides = None,
    task: Tasks = None,
    model: Model = None,
    adapter: Adapter = None,
    data: Sets = None,
    recipe: RecipeName = None,
    profile: Profile = None,
    shots: Shots = None,
    limit: Limit = None,
    max_new_tokens: MaxNewTokens = None,
    likelihoods: Likelihoods = False,
    probe: Probes = None,
    majority: Majority = None,
    endpoint: EndpointUrl = None,
    endpoint_model: EndpointModel = None,
    endpoint_key: EndpointKey = None,
    token_file: EndpointTokenFile = None,
    picture_size: PictureSize = None,
    no_overlap: NoOverlap = False,
    cache: Cache = False,
    keep_text: KeepText = False,
    examples: Examples = None,
    extracted: Extracted = None,
    out: Out = None,
    resume: Resume = False,
    force: Force = False,
    dry_run: DryRun = False,
    online: Online = False,
    json: Json = False,
) -> None:
    """Asks every question of a task and counts exact answers.

    The score is over all questions: an answer that is cut, fails or cannot be read is wrong. It stands
    beside its 95 % interval, the majority answer, the protocol it may be compared under, and how many of
    the questions the model met in training. Without --model it scores the newest run under runs/, else
    the small model called tiny. Several processes share the questions under torchrun. Metrics of reports
    come afterwards: eval extract reads the log of a run with --keep-text, and --resume --extracted adds them.

    Example:
        medgpt eval run --model tiny --task my.jsonl
    """
    from medgpt_cli.workflows.eval_settings import Backing, Keeping
    from medgpt_cli.workflows.evaluate import run_eval

    run_eval(
        recipe=recipe,
        overrides=overrides or (),
        flags={
            "--task": task,
            "--model": model,
            "--adapter": adapter,
            "--data DIR": data,
            "--profile": profile,
            "--shots": shots,
            "--limit": limit,
            "--max-new-tokens": max_new_tokens,
            "--likelihoods": likelihoods,
            "--probe": probe,
            "--majority": majority,
        },
        backing=Backing(
            endpoint=endpoint,
            endpoint_model=endpoint_model,
            endpoint_key=endpoint_key,
            token_file=token_file,
            picture_size=picture_size,
            online=online,
            cache=cache,
        ),
        keeping=Keeping(
            text=keep_text,
            out=out,
            resume=resume,
            force=force,
            overlap=not no_overlap,
            examples=tuple(examples or ()),
            extracted=extracted,
        ),
        dry_run=dry_run,
        json=json,
    )
