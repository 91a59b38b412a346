"""Values laid over one another, each remembering where it came from.

Maps merge, everything else replaces.  This module knows nothing of what the values mean.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from medgpt_cli.core.recipe.yaml12 import Keys


@dataclass(frozen=True)
class Origin:
    """Where a value was written.

    Attributes:
        name: As `recipe show` prints it: `default`, `base FILE:LINE`, `FILE:LINE`, `command line` or a
            flag.
        where: As a complaint names it: `FILE:LINE`, the KEY=VALUE as typed, or the flag; empty for a
            default.
        order: Sorts complaints: the base file first, then the file, then the command line; by line in
            each.
    """

    name: str
    where: str = ""
    order: tuple[int, int] = (0, 0)


DEFAULT = Origin("default")

Fault = tuple[Keys, str, str]
"""The offending key, what is wrong, and how to repair it."""


def dotted(keys: Keys) -> str:
    """`("data", "mix", 0)` as `data.mix.0`."""
    return ".".join(str(key) for key in keys)


@dataclass
class Sheet:
    """The values so far.

    Attributes:
        tree: Maps, lists and scalars.
        origins: Of every key and list item in the tree, sections included.
    """

    tree: dict[str, Any] = field(default_factory=dict)
    origins: dict[Keys, Origin] = field(default_factory=dict)

    def lay(self, tree: dict[str, Any], origin: Callable[[Keys], Origin]) -> None:
        """Lays `tree` over the values so far.

        Args:
            tree: What was written.
            origin: Gives the origin of each place in it.
        """
        self._merge(self.tree, copy.deepcopy(tree), (), origin)

    def put(self, keys: Keys, value: Any, origin: Origin) -> str | None:
        """Sets one value, as `KEY=VALUE` does; a missing section is opened on the way.

        Returns:
            What is wrong with the key, or None.
        """
        here: Any = self.tree
        for depth, key in enumerate(keys):
            last = depth == len(keys) - 1
            if isinstance(here, list):
                if not (isinstance(key, int) and 0 <= key < len(here)):
                    return f"{dotted(keys[:depth])} has {len(here)} items, so there is no item {key} (the first is 0)"
            elif not isinstance(here, dict):
                return f"{dotted(keys[:depth])} is a value, so nothing can stand below it"
            else:
                key = str(key)
                if key not in here:
                    here[key] = {}
                    self.origins[keys[: depth + 1]] = origin
            if last:
                self._merge_one(here, key, value, keys, lambda _: origin)
            here = here[key]
        return None

    def origin(self, keys: Keys) -> Origin:
        """Where the value at `keys` was written, or the nearest thing that holds it."""
        for length in range(len(keys), 0, -1):
            if found := self.origins.get(keys[:length]):
                return found
        return DEFAULT

    def get(self, keys: Keys) -> Any:
        """The value at `keys`, or None where something on the way is not there or no map."""
        here: Any = self.tree
        for key in keys:
            here = here.get(key) if isinstance(here, dict) else None
        return here

    def leaves(self) -> Iterator[tuple[Keys, Any]]:
        """Every scalar and every empty list, in order."""
        yield from _leaves((), self.tree)

    def _merge(
        self, into: dict[str, Any], tree: dict[str, Any], keys: Keys, origin: Callable[[Keys], Origin]
    ) -> None:
        for key, value in tree.items():
            self._merge_one(into, key, value, (*keys, key), origin)

    def _merge_one(
        self, into: Any, key: Any, value: Any, keys: Keys, origin: Callable[[Keys], Origin]
    ) -> None:
        before = into[key] if isinstance(into, list) else into.get(key)
        if isinstance(before, dict) and value is None:
            return  # a section whose lines are all commented out
        if isinstance(before, list) and value is None:
            value = []
        if isinstance(before, dict) and isinstance(value, dict):
            self.origins[keys] = origin(keys)
            self._merge(before, value, keys, origin)
            return
        for old in [place for place in self.origins if place[: len(keys)] == keys]:
            del self.origins[old]
        into[key] = value
        for place in _places(keys, value):
            self.origins[place] = origin(place)


def _places(keys: Keys, value: Any) -> Iterator[Keys]:
    yield keys
    for key, inner in _children(value):
        yield from _places((*keys, key), inner)


def _leaves(keys: Keys, value: Any) -> Iterator[tuple[Keys, Any]]:
    children = _children(value)
    if not children and not isinstance(value, dict):
        yield keys, value
    for key, inner in children:
        yield from _leaves((*keys, key), inner)


def _children(value: Any) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []
