"""`medgpt data preview`: a page of samples as a model will see them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.data.words import DataPath, ImageRoot
from medgpt_cli.commands.options import Force, Online

Page = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="The page to write, readable by you alone.")
]
Number = Annotated[int, typer.Option("-n", "--number", min=1, max=500, help="Samples on the page.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Another seed, other samples.")]
SeenBy = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="REF",
        help="Who will see them: run folder, checkpoint folder, hub id, tiny or small.",
    ),
]
Split = Annotated[
    str | None, typer.Option("--split", metavar="NAME", help="Choose from this split alone.")
]


def preview(
    path: DataPath,
    out: Page,
    number: Number = 12,
    seed: Seed = 0,
    model: SeenBy = "tiny",
    split: Split = None,
    image_root: ImageRoot = None,
    online: Online = False,
    force: Force = False,
) -> None:
    """Writes one self-contained HTML page of samples: tokens, what is learnt of them, letterboxed pictures.

    Findings that identify persons, flags of pictures and objections of quality filters stand beside each sample. The
    page holds clinical text: it is readable by its owner alone, and nothing but its path is printed.

    Example:
        medgpt data preview local.jsonl --out page.html -n 12
    """
    from medgpt_cli.workflows.preview import write_preview

    write_preview(
        path,
        out,
        number=number,
        seed=seed,
        model=model,
        split=split,
        image_root=image_root,
        online=online,
        force=force,
    )
