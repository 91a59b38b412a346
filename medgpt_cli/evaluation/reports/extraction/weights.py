"""Where the weights of an extraction lie, and what is missing there.

`--weights`, else a folder of the extraction's name under `$MEDGPT_METRIC_HOME`.  Nothing is fetched.  This module knows
nothing of models.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from medgpt_cli.core.errors import Missing, NotThere
from medgpt_cli.core.files import sha256_file
from medgpt_cli.evaluation.reports.parts import EXTRACTIONS, HOME

MODEL_FILES = ("model.safetensors", "pytorch_model.bin")
TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json")
"""Any of them is read without another package; a SentencePiece model alone is not."""


def weights_folder(extraction: str, given: Path | None) -> Path:
    """The folder of weights.

    Args:
        extraction: A word of `EXTRACTIONS`.
        given: What the person named, or None.

    Raises:
        NotThere: The named folder does not exist.
        Missing: None was named and none lies where they are looked for.
    """
    if given is not None:
        if not given.is_dir():
            raise NotThere("there is no such folder of weights", where=str(given))
        return given
    home = os.environ.get(HOME)
    if home and (folder := Path(home) / extraction).is_dir():
        return folder
    looked = f"looked in {Path(home) / extraction}" if home else f"${HOME} is not set"
    raise Missing(
        f"the weights of {extraction} are not here: {looked}", repair=EXTRACTIONS[extraction].repair
    )


def require(extraction: str, folder: Path, *wanted: Sequence[str]) -> list[Path]:
    """The files an extraction needs, each the first that is there of several names.

    Raises:
        Missing: Some are not there; all of them are named.
    """
    found, absent = [], []
    for names in wanted:
        there = [folder / name for name in names if (folder / name).is_file()]
        found += there[:1]
        absent += [] if there else [" or ".join(names)]
    if absent:
        raise Missing(f"{folder} lacks {', '.join(absent)}", repair=EXTRACTIONS[extraction].repair)
    return found


def fingerprint(*files: Path) -> str:
    """The SHA-256 of the weights: of the file, or of several files' hashes joined by `+`."""
    return "+".join(sha256_file(file) for file in files)
