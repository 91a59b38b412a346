"""Answered examples before a question: which are shown, and how they are said.

Which ones depends on the examples' ids alone, so every question of a task gets the same ones in the same order
wherever it can, in every run.  An example never shares a patient, a study, a picture or another key with any question
that is asked, nor, where there are no pictures, its wording.  This module knows nothing of files or of prompts:
questions and examples come as they are asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec

from medgpt_cli.core.errors import InputError
from medgpt_cli.core.in_context import after_examples
from medgpt_cli.core.types import Role, Turn
from medgpt_cli.evaluation.items import Item

Shots = tuple[Item, ...]


def rank(item_id: str) -> bytes:
    """What examples are ordered by: a hash of the id, which no order of a file and no seed of a run can change."""
    return hashlib.sha256(f"shots\0{item_id}".encode()).digest()


def ties(item: Item) -> set[str]:
    """Everything that, shared with a question, would give something of it away."""
    if item.images:  # of pictures the same is asked again and again
        return {*item.keys, *item.images}
    return {*item.keys, f"said:{' '.join(item.question.casefold().split())}"}


def draw(
    items: Sequence[Item], candidates: Iterable[Item], count: int, *, alike: Sequence[str] = ()
) -> list[Shots]:
    """The examples of each question.

    Args:
        items: Every question of the task, those included that a limit leaves out.
        candidates: Examples to choose from.
        count: Examples before each question.
        alike: Facets an example has in common with the question.

    Returns:
        For each question its examples, in the order they are said.

    Raises:
        InputError: There are not as many.
    """
    asked = set().union(*map(ties, items)) if items else set()
    free = sorted(
        (each for each in candidates if not ties(each) & asked), key=lambda each: rank(each.id)
    )
    groups: dict[tuple[str, ...], list[Item]] = {}
    for each in free:
        groups.setdefault(_alike(each, alike), []).append(each)
    drawn = {key: _apart(groups.get(key, []), count) for key in {_alike(item, alike) for item in items}}
    if short := [len(shots) for shots in drawn.values() if len(shots) < count]:
        raise InputError(
            f"{count} before each question were asked for; "
            f"examples that share nothing with any question: {min(short)}"
            + (f", alike in {' and '.join(alike)}" if alike else ""),
            repair=f"ask with --shots {min(short)}" if min(short) else "ask without --shots",
        )
    return [drawn[_alike(item, alike)] for item in items]


def _alike(item: Item, names: Sequence[str]) -> tuple[str, ...]:
    facets = dict(item.facets)
    return tuple(facets.get(name, "") for name in names)


def _apart(free: Sequence[Item], count: int) -> Shots:
    """The first few that share nothing among themselves either: twice the same picture is one example."""
    chosen: list[Item] = []
    taken: set[str] = set()
    for each in free:
        if len(chosen) == count:
            break
        if not ties(each) & taken:
            chosen.append(each)
            taken |= ties(each)
    return tuple(chosen)


def with_shots(item: Item, shots: Shots) -> Item:
    """The item with its examples as earlier turns, pictures included; its own system turn stands in front of all."""
    examples = [((*each.turns, Turn(Role.ASSISTANT, (each.gold,))), each.images) for each in shots]
    turns, images = after_examples(examples, (item.turns, item.images))
    return replace(item, turns=turns, images=images)


def shots_hash(drawn: Iterable[Shots]) -> str:
    """SHA-256 over every example shown and its answer, each set of examples once, in order."""
    digest = hashlib.sha256()
    for shots in dict.fromkeys(
        tuple((each.prompt_hash, each.gold) for each in shots) for shots in drawn
    ):
        digest.update(msgspec.json.encode(shots))
    return digest.hexdigest()
