"""`medgpt data sample`: a small real data set from installed packages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.options import Force, Json

OutFolder = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder to make; it appears whole.")
]
Seed = Annotated[
    int,
    typer.Option(
        "--seed", metavar="N", min=0, help="Chooses contrast, crops and wordings; not what is held out."
    ),
]
Slices = Annotated[
    float,
    typer.Option(
        "--slices", metavar="PART", help="Part of everything to make, such as 0.1 for a tenth."
    ),
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="NAME",
        help="Use this source alone: mni152, pictures, icd10cm or hpo; repeat it for several.",
    ),
]


def sample(
    out: OutFolder,
    seed: Seed = 0,
    slices: Slices = 1.0,
    sources: Sources = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Makes local.jsonl to train on and heldout.jsonl to score with, and their images.

    Brain slices, scans and photographs are cut from what nilearn, pydicom and scikit-image carry, and asked
    about with exact answers: plane, level, side, tissue, modality, body part. Texts come from ICD-10-CM and
    the Human Phenotype Ontology, whose terms forbid to alter it (LICENCES.md); --source leaves sources out.
    Neighbouring slices are never on both sides. The same seed gives the same bytes.
    Needs pip install 'medgpt[demo]'.

    Example:
        medgpt data sample --out sample
    """
    from medgpt_cli.workflows.sample import run_sample

    run_sample(out, seed=seed, slices=slices, sources=sources or (), force=force, json=json)
