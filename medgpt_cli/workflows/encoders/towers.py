"""The towers of a study: what each is, and whether LLaVA can hold it; told of all before anything is trained.

This module knows nothing of training.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medgpt_cli.core.errors import BadCheckpoint, Complaint, InputError, MedGPTError, UsageError
from medgpt_cli.core.manifest import model_hash
from medgpt_cli.models.parts import load_vision_tower
from medgpt_cli.models.transfer.towers import open_tower
from medgpt_cli.workflows.naming import model_folder

LAYER = -2
"""Any layer will do to ask whether a tower can be opened."""


@dataclass(frozen=True)
class StudyTower:
    """A tower under the name it was given.

    Attributes:
        name: As it was typed.
        folder: What its walk is called below `--out`.
        hash: SHA-256 over its checkpoint.
        kind: `clip_vision_model`, `vit` …
        side: Pixels a side of what it sees.
        patches: Tokens that a picture takes.
        parameters: Of the tower alone.
    """

    name: str
    folder: str
    hash: str
    kind: str
    side: int
    patches: int
    parameters: int


def named_towers(refs: Sequence[str], *, online: bool) -> list[StudyTower]:
    """The towers in the order they were named, each loaded once.

    Args:
        refs: Folders of transformers or open_clip, or hub ids.
        online: Whether hub ids may be fetched.

    Raises:
        UsageError: There is one alone, or one is named twice.
        InputError: One cannot be held by LLaVA; all complaints about all of them.
        Missing, HashMismatch: As `model_folder` and `load_vision_tower` say.
    """
    if len(refs) < 2:
        raise UsageError(
            "one tower alone has nothing to be compared with", repair="name another one with --tower"
        )
    if len(set(refs)) < len(refs):
        raise UsageError("a tower is named twice", repair="name each --tower once")
    found: list[StudyTower] = []
    faults: list[tuple[str, InputError]] = []
    for ref in refs:
        try:
            found.append(_tower(ref, {each.folder for each in found}, online=online))
        except InputError as error:
            faults.append((ref, error))
    if faults:
        raise InputError(
            f"{len(faults)} of {len(refs)} towers cannot be used, so nothing was trained",
            repair="leave out what cannot be used, and give the line again",
            complaints=[Complaint(error.what, ref, error.repair) for ref, error in faults],
        )
    return found


def _tower(ref: str, taken: set[str], *, online: bool) -> StudyTower:
    folder = model_folder(ref, online=online)
    try:
        tower = load_vision_tower(folder)
    except BadCheckpoint as error:
        if _is_for_transfer(folder):
            error.what = f"{error.what}; it is for transfer only"
            error.repair = f"compare it with medgpt eval transfer --tower {ref}"
        raise
    config = tower.config
    return StudyTower(
        name=ref,
        folder=_called(ref, taken),
        hash=model_hash(folder),
        kind=str(config.model_type),
        side=int(config.image_size),
        patches=(int(config.image_size) // int(config.patch_size)) ** 2,
        parameters=sum(each.numel() for each in tower.parameters()),
    )


def _is_for_transfer(folder: Path) -> bool:
    """Whether a tower that LLaVA cannot hold can be compared on classification sets."""
    try:
        open_tower(folder, LAYER)
    except MedGPTError:
        return False
    return True


def _called(ref: str, taken: set[str]) -> str:
    """A folder's name: the last word of the reference, numbered where two end alike."""
    plain = re.sub(
        r"[^A-Za-z0-9._-]+", "-", Path(ref).resolve().name if ref in (".", "..") else Path(ref).name
    )
    plain = plain.strip(".-") or "tower"
    names = [plain, *(f"{plain}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)
