"""A recipe file and its base as layers of values, with the origin of each and the faults of the text.

This module knows nothing of which values are allowed, but for the two keys that are about the file
itself: `stage:` and `base:`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from medgpt_cli.core.errors import BadRecipe, Complaint
from medgpt_cli.core.nearest import did_you_mean
from medgpt_cli.core.recipe.layers import Origin, dotted
from medgpt_cli.core.recipe.locating import Found, find_base
from medgpt_cli.core.recipe.stages import STAGES
from medgpt_cli.core.recipe.yaml12 import Keys, NotYAML, Parsed, parse

COMMANDS = {"data": "data prep", "eval": "eval run"}
"""The command of a stage, where it is not the stage's own word."""


@dataclass(frozen=True)
class Wrong:
    """A complaint and its place in the list."""

    order: tuple[int, int]
    complaint: Complaint


@dataclass(frozen=True)
class Layer:
    """One file.

    Attributes:
        label: How it is called in messages.
        tree: Its values, without `base:`, and without a `stage:` that is wrong.
        lines: The line of each key.
        rank: 1 for a base, 2 for the recipe itself; complaints are sorted by it.
    """

    label: str
    tree: dict[str, Any]
    lines: dict[Keys, int]
    rank: int

    def origin(self, keys: Keys) -> Origin:
        """Where a value of this file stands."""
        line = next((self.lines[keys[:n]] for n in range(len(keys), 0, -1) if keys[:n] in self.lines), 1)
        place = f"{self.label}:{line}"
        return Origin(f"base {place}" if self.rank == 1 else place, place, (self.rank, line))


@dataclass
class Read:
    """What stands in the files.

    Attributes:
        label: How the recipe is called in messages.
        text: As written.
        stage: The stage, or None when neither the file nor the command says a valid one.
        layers: Base first.
        wrong: Faults of the text, of `stage:` and of `base:`.
    """

    label: str
    text: str
    stage: str | None
    layers: list[Layer] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)


def wrong(keys: Keys, what: str, repair: str, origin: Origin) -> Wrong:
    """A complaint about the value at `keys`."""
    name = dotted(keys)
    # A KEY=VALUE names its field already.
    where = origin.where if origin.where.startswith(f"{name}=") else f"{origin.where} {name}".strip()
    return Wrong(origin.order, Complaint(what, where, repair))


def read(found: Found | None, stage: str | None) -> Read:
    """Reads a recipe file and its base; without a file, nothing but the stage.

    Raises:
        BadRecipe: A file cannot be opened or is not YAML.
    """
    if found is None:
        return Read("defaults", f"stage: {stage}\n", stage)
    text, layer, faults = _layer(found, rank=2)
    result = Read(found.label, text, stage, wrong=faults)
    result.stage = _stage(layer.tree.get("stage"), stage, layer, result.wrong)
    if layer.tree.get("stage") != result.stage:
        layer.tree.pop("stage", None)  # complained of already
    if "base" in layer.tree:
        _add_base(layer.tree.pop("base"), found, layer, result)
    result.layers.append(layer)
    return result


def _stage(said: Any, wanted: str | None, layer: Layer, faults: list[Wrong]) -> str | None:
    origin = layer.origin(("stage",))
    names = ", ".join(STAGES)
    if said is None:
        faults.append(
            wrong(("stage",), "is missing", f"begin the file with stage: {wanted or 'sft'}", origin)
        )
    elif said not in STAGES:
        meant = did_you_mean(said, STAGES) if isinstance(said, str) else ""
        faults.append(wrong(("stage",), f"must be one of {names}", meant, origin))
    elif wanted is not None and said != wanted:
        repair = f"run it with medgpt {COMMANDS.get(str(said), said)}"
        faults.append(wrong(("stage",), f"this recipe is for {said}, not for {wanted}", repair, origin))
    else:
        return str(said)
    return wanted


def _add_base(named: Any, found: Found, layer: Layer, result: Read) -> None:
    origin = layer.origin(("base",))
    if not isinstance(named, str):
        result.wrong.append(wrong(("base",), "must be the name of a recipe file", "", origin))
        return
    try:
        base = find_base(named, found)
        _, lower, faults = _layer(base, rank=1)
    except BadRecipe as error:
        result.wrong.append(wrong(("base",), error.what, error.repair, origin))
        return
    result.wrong.extend(faults)
    said = lower.tree.pop("stage", result.stage)
    if said != result.stage and result.stage is not None:
        result.wrong.append(
            wrong(
                ("stage",),
                f"a base must be for the same stage, {result.stage}",
                "",
                lower.origin(("stage",)),
            )
        )
    if "base" in lower.tree:
        lower.tree.pop("base")
        what = "a base cannot have a base of its own"
        result.wrong.append(
            wrong(("base",), what, "write its values into this file", lower.origin(("base",)))
        )
    result.layers.append(lower)


def _layer(found: Found, rank: int) -> tuple[str, Layer, list[Wrong]]:
    try:
        text = found.path.read_text(encoding="utf-8-sig")
        parsed: Parsed = parse(text)
    except OSError as error:
        raise BadRecipe(f"{found.label} cannot be opened: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadRecipe(f"{found.label} is not UTF-8 text") from error
    except NotYAML as error:
        raise BadRecipe(str(error), where=f"{found.label}:{error.line}") from error
    if not isinstance(parsed.tree, dict):
        raise BadRecipe(
            "a recipe is made of KEY: VALUE lines",
            where=f"{found.label}:1",
            repair="begin with stage: sft",
        )
    layer = Layer(found.label, parsed.tree, parsed.lines, rank)
    faults = [
        wrong(keys, what, "", Origin("", f"{found.label}:{line}", (rank, line)))
        for line, keys, what in parsed.faults
    ]
    return text, layer, faults
