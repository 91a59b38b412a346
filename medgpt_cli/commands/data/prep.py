"""`medgpt data prep`: raw sets to one prepared set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.options import DryRun, Force, Json, Out, RecipeName, Resume

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE",
        help="File or folder, or NAME=PATH for a set by name; also KEY=VALUE words of the recipe.",
    ),
]
Against = Annotated[
    list[str] | None,
    typer.Option(
        "--against",
        metavar="PATH",
        help="Evaluation set whose records must not be in the result; repeat it for several.",
    ),
]
ImageRoot = Annotated[
    Path | None,
    typer.Option("--image-root", metavar="DIR", help="Folder image paths are relative to."),
]
MaxBad = Annotated[
    int | None,
    typer.Option("--max-bad", metavar="N", min=0, help="Unusable records that may be left out."),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", metavar="N", min=1, help="Processes; one a core when not given."),
]
Shards = Annotated[
    str | None,
    typer.Option("--shards", metavar="I/N", help="Judge this machine's share of the records alone."),
]
Merge = Annotated[
    bool, typer.Option("--merge", help="Write the set from shares that were judged with --shards.")
]
List = Annotated[bool, typer.Option("--list", help="The sets that can be read by name, and out.")]


def prep(
    words: Words = None,
    out: Out = None,
    recipe: RecipeName = None,
    against: Against = None,
    image_root: ImageRoot = None,
    max_bad: MaxBad = None,
    workers: Workers = None,
    shards: Shards = None,
    merge: Merge = False,
    resume: Resume = False,
    force: Force = False,
    dry_run: DryRun = False,
    list_sets: List = False,
    json: Json = False,
) -> None:
    """Makes one prepared set of raw ones: checked, de-duplicated, split by patient, counted.

    A source is told by its files, or named as in slake=DIR (--list shows the names). What cannot be used is
    listed in rejects.jsonl with its file, line and reason; more than --max-bad of it ends with 3, and
    --resume goes on from what was judged. datasets.load_dataset("prepared") opens the result too.

    Over many machines: each judges a share into the same folder, then one merges. With Slurm, let
    sbatch --array=1-32 run the line with --shards $SLURM_ARRAY_TASK_ID/32, and a job that depends on it
    (--dependency=afterok:JOB) the same line with --merge.

    Fields of the recipe: medgpt recipe fields data

    Example:
        medgpt data prep local.jsonl --out prepared --max-bad 10
    """
    from medgpt_cli.workflows.prep.story import run_prep

    run_prep(
        words or [],
        out=out,
        recipe=recipe,
        against=against or [],
        image_root=image_root,
        max_bad=max_bad,
        workers=workers,
        shards=shards,
        merge=merge,
        resume=resume,
        force=force,
        dry_run=dry_run,
        list_sets=list_sets,
        json=json,
    )
