"""A family: a folder of numbered recipes (`1-align.yaml`, `2-midtrain.yaml`, …) that are walked in order.

Shipped families are found by name, those of a person by their folder, which wins.  This module knows nothing of what
stands in a recipe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from medgpt_cli.core.errors import BadRecipe, UsageError
from medgpt_cli.core.nearest import did_you_mean
from medgpt_cli.core.recipe.fields import fields
from medgpt_cli.core.recipe.locating import SUFFIXES, shipped, shipped_folder

NUMBERED = re.compile(r"(\d+)-[A-Za-z][\w-]*")
ADDRESSED = re.compile(r"([\w-]+):([^=]*=.*)", re.DOTALL)


@dataclass(frozen=True)
class Member:
    """One recipe of a family.

    Attributes:
        name: Its file's name without the ending, such as `2-midtrain`.
        source: What `read_recipe` finds it by.
    """

    name: str
    source: str


@dataclass(frozen=True)
class Family:
    """Numbered recipes of one folder, in order.

    Attributes:
        name: The folder's name.
        members: By number, then by name.
    """

    name: str
    members: tuple[Member, ...]


def families() -> tuple[str, ...]:
    """The names of the shipped families."""
    folder = shipped_folder()
    names = (name.rpartition("/") for name in shipped())
    return tuple(
        dict.fromkeys(
            family
            for family, _, last in names
            if NUMBERED.fullmatch(last) and (folder / family).is_dir()
        )
    )


def find_family(source: str) -> Family:
    """The family meant by a folder or a shipped name.

    Raises:
        BadRecipe: There is none.
    """
    path = Path(source)
    if path.is_dir():
        found = [item for item in path.iterdir() if item.suffix in SUFFIXES[:2] and item.is_file()]
        members = [Member(item.stem, str(item)) for item in found if NUMBERED.fullmatch(item.stem)]
        if not members:
            raise BadRecipe(
                f"no numbered recipe lies in {source}", repair="name them in order, such as 1-align.yaml"
            )
        return Family(path.resolve().name, _in_order(members))
    if source in families():
        names = [name.rpartition("/") for name in shipped()]
        members = [
            Member(last, f"{family}/{last}")
            for family, _, last in names
            if family == source and NUMBERED.fullmatch(last)
        ]
        return Family(source, _in_order(members))
    raise BadRecipe(
        f"there is no folder of recipes {source}",
        repair=did_you_mean(source, families())
        or f"name a folder of numbered recipes, or one of: {', '.join(families())}",
    )


def _in_order(members: Iterable[Member]) -> tuple[Member, ...]:
    return tuple(sorted(members, key=lambda each: (int(each.name.split("-")[0]), each.name)))


def share_out(words: Iterable[str], stages: dict[str, str]) -> dict[str, list[str]]:
    """The KEY=VALUE words of each recipe.

    `2-midtrain:train.lr=1e-5` and `midtrain:train.lr=1e-5` go to that recipe alone; a word without an address goes to
    every recipe whose stage has such a field, and to all where none has, which then say so.

    Args:
        words: As typed.
        stages: The stage of each recipe, by its name.

    Raises:
        UsageError: A word is addressed to nobody.
    """
    shares: dict[str, list[str]] = {name: [] for name in stages}
    for word in words:
        address = ADDRESSED.fullmatch(word)
        if address is None:
            for name in _having(word, stages):
                shares[name].append(word)
            continue
        named = [name for name, stage in stages.items() if address[1] in (name, stage)]
        if not named:
            names = ", ".join(stages)
            raise UsageError(
                f"{word} is for {address[1]}, which is none of the recipes",
                repair=did_you_mean(address[1], stages) or f"they are {names}",
            )
        for name in named:
            shares[name].append(address[2])
    return shares


def _having(word: str, stages: dict[str, str]) -> list[str]:
    key = re.sub(r"\.\d+(?=\.|$)", "", word.partition("=")[0])
    having = [
        name
        for name, stage in stages.items()
        if any(field.name.replace("[]", "") == key for field in fields(stage))
    ]
    return having or list(stages)
