"""What a person names for a transfer, as towers and sets; everything wrong with the sets is told at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from medgpt_cli.core.errors import Complaint, InputError, MedGPTError, UsageError
from medgpt_cli.core.manifest import model_hash
from medgpt_cli.core.transfer import TransferRecipe
from medgpt_cli.data.classification.opening import open_set
from medgpt_cli.data.classification.sets import ClassificationSet
from medgpt_cli.models.transfer.towers import Tower, open_tower
from medgpt_cli.workflows.naming import model_folder

SCRATCH = "scratch"
"""The word for the first tower's architecture with fresh weights."""


@dataclass(frozen=True)
class NamedTower:
    """A tower under the name it was given.

    Attributes:
        name: As it was typed, or `scratch`.
        tower: What it is.
        hash: SHA-256 over its checkpoint; of the first tower's for `scratch`, whose weights come from the seed.
    """

    name: str
    tower: Tower
    hash: str

    @property
    def fresh(self) -> bool:
        """Whether it differs from seed to seed before anything is learnt."""
        return self.name == SCRATCH

    def network(self, seed: int) -> nn.Module:
        """The network, anew."""
        return self.tower.draw(seed) if self.fresh else self.tower.load()


def named_towers(refs: Sequence[str], recipe: TransferRecipe, *, online: bool) -> list[NamedTower]:
    """The towers in the order they were named.

    Args:
        refs: Models of ours, folders of transformers or open_clip, hub ids, `scratch`.
        recipe: Says which layer is read.
        online: Whether hub ids may be fetched.

    Raises:
        UsageError: A tower is named twice, or `scratch` alone.
        NotThere, BadCheckpoint, HashMismatch, Missing: One cannot be read.
    """
    if len(set(refs)) < len(refs):
        raise UsageError("a tower is named twice", repair="name each --tower once")
    first = next((ref for ref in refs if ref != SCRATCH), None)
    if first is None:
        raise UsageError(
            "scratch has the architecture of another tower, and none is named",
            repair="name one with --tower",
        )
    found: dict[str, NamedTower] = {}
    for ref in refs:
        if ref != SCRATCH:
            folder = model_folder(ref, online=online)
            found[ref] = NamedTower(ref, open_tower(folder, recipe.layer), model_hash(folder))
    like = found[first]
    return [found.get(ref) or NamedTower(SCRATCH, like.tower, like.hash) for ref in refs]


def named_sets(paths: Sequence[str]) -> list[ClassificationSet]:
    """The sets in the order they were named.

    Args:
        paths: Archives, tables and folders.

    Raises:
        InputError: Sets cannot be used; all complaints about all of them.
        UsageError: Two have one name.
    """
    sets, complaints, faults = [], [], []
    for path in paths:
        try:
            sets.append(open_set(Path(path)))
        except InputError as error:
            faults.append(error)
            complaints += [*error.complaints, Complaint(error.what, error.where or path, error.repair)]
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise InputError(f"{len(faults)} of {len(paths)} sets cannot be used", complaints=complaints)
    _refuse_same_names(sets)
    return sets


def _refuse_same_names(sets: Sequence[ClassificationSet]) -> None:
    names = [each.name for each in sets]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(
            f"{len(twice)} names stand for several sets (such as {twice[0]})",
            repair="rename the file or folder: its name is the set's",
        )
    if "mean" in names:
        raise UsageError("a set is called mean, as the mean over sets is", repair="rename it")


def first_load(towers: Sequence[NamedTower]) -> dict[str, int]:
    """The parameters of each tower, every one loaded once, so that a bad one is told before anything is trained.

    Raises:
        MedGPTError: Weights are damaged or do not fit.
    """
    counts = {}
    for each in towers:
        try:
            network = each.network(0)
        except MedGPTError as error:
            error.where = error.where or each.name
            raise
        counts[each.name] = sum(parameter.numel() for parameter in network.parameters())
    return counts
