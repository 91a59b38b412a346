"""`medgpt eval transfer`: what vision towers are worth on other people's pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from medgpt_cli.commands.options import DryRun, Force, Json, Online, Resume

Towers = Annotated[
    list[str],
    typer.Option(
        "--tower",
        metavar="REF",
        help="Run, checkpoint, transformers or open_clip folder, hub id, or scratch; repeat it.",
    ),
]
Sets = Annotated[
    list[str],
    typer.Option(
        "--data", metavar="SET", help="A .npz, a .csv with image,label, or SET/label/picture; repeat it."
    ),
]
Folder = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder for scores, report and answers.")
]
Modes = Annotated[
    Literal["probe", "finetune", "both"],
    typer.Option("--mode", help="Linear probe, full fine-tuning, or both."),
]
Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="Changes the recipe, such as seeds=5 or finetune.lr=1e-5."),
]


def transfer(
    tower: Towers,
    data: Sets,
    overrides: Words = None,
    mode: Modes = "both",
    out: Folder = None,
    resume: Resume = False,
    force: Force = False,
    dry_run: DryRun = False,
    online: Online = False,
    json: Json = False,
) -> None:
    """Trains the same classifier on several sets for several vision towers, and compares macro-F1.

    A linear probe on frozen features and full fine-tuning, by one recipe for all, printed in the report. What
    is chosen is chosen on validation; the test split is looked at once. The word scratch is the first tower's
    architecture with fresh weights. Each tower is compared with the first, on the same pictures, per set and
    over all sets. Sets without splits are parted by patient, or by picture where patients are not told.

    Example:
        medgpt eval transfer --tower runs/sft --tower scratch --data cxr.npz --data planes
    """
    from medgpt_cli.workflows.transfer import Keeping, run_transfer

    run_transfer(
        tower,
        data,
        overrides or (),
        Keeping(out=out, resume=resume, force=force),
        mode=mode,
        online=online,
        dry_run=dry_run,
        as_json=json,
    )
