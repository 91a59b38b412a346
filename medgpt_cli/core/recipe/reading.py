"""A recipe read: defaults < base < file < command line, checked as a whole, each value with its origin.

There is no environment layer.  All complaints are collected before one error is raised.  Paths inside a
recipe are not opened here, so a recipe can be read on another machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from medgpt_cli.core.errors import BadRecipe, Complaint
from medgpt_cli.core.recipe import alternatives, commandline, faults, rules, sources
from medgpt_cli.core.recipe.layers import DEFAULT, Fault, Sheet, dotted
from medgpt_cli.core.recipe.locating import find
from medgpt_cli.core.recipe.stages import STAGES, defaults


@dataclass(frozen=True)
class Resolved:
    """A recipe with nothing left open.

    Attributes:
        recipe: The checked values, frozen; of the class that `STAGES` names for its stage.
        source: How its file is called in messages; `defaults` without a file.
        written: The text of the file as written; for defaults, the one line that means them.
        overrides: The KEY=VALUE words as typed.
        origins: Where each value came from, by dotted name: `default`, `base FILE:LINE`, `FILE:LINE`,
            `command line`, or a flag such as `--data`.
    """

    recipe: Any
    source: str
    written: str
    overrides: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Every value as a JSON document; read as a recipe it gives an equal one."""
        tree: dict[str, Any] = self.recipe.model_dump(mode="json")
        return tree


def read_recipe(
    source: str | None,
    *,
    stage: str | None,
    overrides: Sequence[str] = (),
    flags: Mapping[str, Any] | None = None,
) -> Resolved:
    """Reads and checks a recipe.

    Args:
        source: A file, a run folder, or a shipped name such as `sft`; None for the defaults alone.
        stage: The stage it must be for; None takes whatever the file says.
        overrides: KEY=VALUE words as typed, stronger than the file.
        flags: Values of the flags that set a field (`commandline.FLAGS`), by flag; None and empty ones are
            not laid.

    Raises:
        UsageError: A word is not KEY=VALUE, or a flag and a KEY=VALUE set the same field.
        BadRecipe: The file is not there or not valid; all complaints are in it.
    """
    words = commandline.parse_words(overrides, flags or {})
    found = find(source) if source is not None else None
    read = sources.read(found, stage)
    wrong = list(read.wrong)
    if read.stage is None:
        raise _refusal(wrong, read.label, "")
    sheet = Sheet()
    sheet.lay(defaults(read.stage), lambda _: DEFAULT)
    for layer in read.layers:
        sheet.lay(layer.tree, layer.origin)
        wrong.extend(_settled(sheet))
    wrong.extend(words.lay_on(sheet))
    wrong.extend(_settled(sheet))
    recipe, found_wrong = _check(sheet, read.stage)
    wrong.extend(found_wrong)
    if wrong or recipe is None:
        raise _refusal(wrong, read.label, read.stage)
    return Resolved(
        recipe,
        read.label,
        read.text,
        tuple(overrides),
        {dotted(keys): sheet.origin(keys).name for keys, _ in sheet.leaves()},
    )


def _settled(sheet: Sheet) -> list[sources.Wrong]:
    return [
        sources.wrong(keys, what, repair, sheet.origin(keys))
        for keys, what, repair in alternatives.settle(sheet)
    ]


def _check(sheet: Sheet, stage: str) -> tuple[Any, list[sources.Wrong]]:
    """The recipe, or everything that is wrong with the values."""
    found: list[Fault] = []
    recipe = None
    try:
        # Strict JSON is what we want of strict checking: no text for a number, but a list for a tuple.
        recipe = STAGES[stage].model_validate_json(json.dumps(sheet.tree))
    except ValidationError as error:
        found.extend(faults.from_schema(error, stage))
    found.extend(rules.conflicts(sheet))
    return recipe, [
        sources.wrong(keys, what, repair, sheet.origin(keys)) for keys, what, repair in found
    ]


def _refusal(wrong: Sequence[sources.Wrong], label: str, stage: str) -> BadRecipe:
    complaints: list[Complaint] = [one.complaint for one in sorted(wrong, key=lambda one: one.order)]
    count = "1 problem" if len(complaints) == 1 else f"{len(complaints)} problems"
    return BadRecipe(
        f"{count} in the recipe ({label})",
        repair=f"medgpt recipe fields {stage} explains every field" if stage else "",
        complaints=complaints,
    )
