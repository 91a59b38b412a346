"""`medgpt export`: a model as a folder that other programs load."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.options import (
    Adapter,
    DryRun,
    Force,
    Json,
    Model,
    Online,
    Overrides,
    RecipeName,
)

Layout = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="LAYOUT",
        help="hf: safetensors, as transformers and vLLM read. mxfp4: the same, gpt-oss's experts packed. "
        "gguf: as llama.cpp reads.",
    ),
]
Quantise = Annotated[
    str | None,
    typer.Option(
        "--quantise",
        metavar="KIND",
        help="For gguf: mxfp4 (experts; the rest q8_0; usual), q8_0, f16 or f32.",
    ),
]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="NAME",
        help="Waive a refusal by name (clip-gguf, erased-delta); repeat it for several.",
    ),
]
Folder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the exported model.")]
Scores = Annotated[
    list[Path] | None,
    typer.Option(
        "--scores", metavar="DIR", help="Evaluation of this model for its card; repeat it for several."
    ),
]

Sign = Annotated[
    Path | None,
    typer.Option(
        "--sign",
        metavar="KEY",
        help="OpenSSH private key, or a public one whose other half an agent or token holds: signs SHA256SUMS, "
        "and with it every file.",
    ),
]


def export(
    out: Folder,
    overrides: Overrides = None,
    model: Model = None,
    adapter: Adapter = None,
    recipe: RecipeName = None,
    to: Layout = None,
    quantise: Quantise = None,
    scores: Scores = None,
    allow: Allow = None,
    sign: Sign = None,
    force: Force = False,
    dry_run: DryRun = False,
    online: Online = False,
    json: Json = False,
) -> None:
    """Writes a model with its card, hashes and bill of materials, compared with the original before it is done.

    An adapter is added to the weights. The copy is loaded by transformers alone and must answer fixed prompts, with
    and without pictures, in the very numbers of the original; else nothing is kept. Of an mxfp4 copy it is the
    original with its experts rounded; experts that were not trained keep upstream's bytes, and training that rounding
    would erase is refused. A GGUF copy is read back tensor by tensor instead. The card tells what the runs behind the
    model recorded: data, licences, what was scanned, and who answered for what.

    Example:
        medgpt export --model runs/2026-01-31-sft-1 --to hf --out model-for-others
    """
    from medgpt_cli.workflows.export_recipe import run_export

    run_export(
        recipe=recipe,
        overrides=overrides or (),
        model=model,
        adapter=adapter,
        to=to,
        quantise=quantise,
        scores=scores or (),
        allow=allow or (),
        sign=sign,
        out=out,
        force=force,
        online=online,
        dry_run=dry_run,
        as_json=json,
    )
