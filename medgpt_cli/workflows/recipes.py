"""Everything a person asks of a recipe: which there are, what is in one, whether it is right, what differs.

Nothing here loads torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, tables
from medgpt_cli.core.errors import BadRecipe, Complaint, NotThere
from medgpt_cli.core.recipe import STAGES, Resolved, read_recipe
from medgpt_cli.core.recipe.fields import fields
from medgpt_cli.core.recipe.locating import below, shipped
from medgpt_cli.core.recipe.showing import as_yaml, differences, scalar
from medgpt_cli.core.recipe.stages import defaults

DEFAULTS = "defaults"
"""The word that stands for no recipe file at all in `recipe diff`."""


def list_shipped(*, json: bool) -> None:
    """Prints the recipes that come with the package: name, stage, and the first line of the card."""
    rows = []
    for name, found in shipped().items():
        makes = re.match(r"# Makes:\s*(.*)", found.path.read_text(encoding="utf-8"))
        stage = read_recipe(name, stage=None).recipe.stage
        rows.append((name, stage, makes[1] if makes else ""))
    if json:
        console.print_json(
            [{"name": name, "stage": stage, "makes": makes} for name, stage, makes in rows]
        )
    else:
        _print(tables.aligned(("recipe", "stage", "makes"), rows))


def show(recipe: str, *, overrides: Sequence[str], comments: bool, json: bool) -> None:
    """Prints every value of a recipe and where it came from."""
    resolved = read_recipe(recipe, stage=None, overrides=overrides)
    if json:
        console.print_json({"recipe": resolved.as_json(), "origins": dict(resolved.origins)})
    else:
        _print(as_yaml(resolved, comments=comments).rstrip("\n"))


def check(paths: Sequence[str], *, files: bool, json: bool) -> None:
    """Checks recipe files, and those at any depth below folders.

    Args:
        paths: Files and folders.
        files: Whether the paths inside the recipes must exist as well.
        json: Whether to print a document instead of a sentence.

    Raises:
        BadRecipe: A file is not valid, or there is none; all complaints of all files are in it.
    """
    recipes = list(_all(paths))
    if not recipes:
        raise BadRecipe(
            f"no recipe file below {', '.join(paths)}", repair="name a .yaml file or a folder of them"
        )
    complaints: list[Complaint] = []
    bad = 0
    for recipe in recipes:
        found = list(_complaints(recipe, files=files))
        complaints += found
        bad += bool(found)
    if complaints:
        raise BadRecipe(
            f"{_count(len(complaints), 'problem')} in {bad} of {_count(len(recipes), 'recipe')}",
            repair="medgpt recipe fields STAGE explains every field",
            complaints=complaints,
        )
    if json:
        console.print_json({"checked": recipes})
    else:
        _print("1 recipe is valid" if len(recipes) == 1 else f"{len(recipes)} recipes are valid")


def diff(first: str, second: str, *, markdown: bool, json: bool) -> None:
    """Prints what differs between two resolved recipes, which may be files, runs, names or `defaults`."""
    one, other = _pair(first, second)
    found = differences(one, other)
    if json:
        rows = [{"field": each.field, "first": each.first, "second": each.second} for each in found]
        console.print_json({"first": one.source, "second": other.source, "differences": rows})
    elif found:
        layout = tables.markdown if markdown else tables.aligned
        cells = [(each.field, scalar(each.first), scalar(each.second)) for each in found]
        _print(layout(("field", one.source, other.source), cells))
    else:
        console.say("no difference")


def explain(stage: str, *, json: bool) -> None:
    """Prints every field of a stage with its kind, its default and its docstring."""
    if json:
        console.print_json(STAGES[stage].model_json_schema())
        return
    values = defaults(stage)
    blocks = []
    for field in fields(stage):
        if field.section:
            blocks.append(f"{field.name}\n    {field.doc}")
            continue
        value: Any = values
        for key in field.name.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        default = "" if "[]" in field.name else f", default {scalar(value)}"
        blocks.append(f"{field.name}  ({field.kind}{default})\n    {field.doc}")
    _print("\n".join(blocks))


def _all(paths: Sequence[str]) -> Iterator[str]:
    for path in map(Path, paths):
        if path.is_dir():
            yield from map(str, below(path))
        elif path.exists():
            yield str(path)
        else:
            raise NotThere(
                f"no such file or folder: {path}", repair="name a recipe file or a folder of them"
            )


def _complaints(recipe: str, *, files: bool) -> Iterator[Complaint]:
    try:
        resolved = read_recipe(recipe, stage=None)
    except BadRecipe as error:
        yield from error.complaints or [Complaint(error.what, error.where or recipe, error.repair)]
        return
    if files:
        yield from _missing(resolved)


def _missing(resolved: Resolved) -> Iterator[Complaint]:
    if resolved.recipe.stage == "eval":
        asked = resolved.recipe.eval
        named = {
            f"eval.tasks.{number}": task
            for number, task in enumerate(asked.tasks)
            if "/" in task or Path(task).suffix
        } | {f"eval.{word}": path for word in ("data", "majority") if (path := getattr(asked, word))}
        yield from _not_there(named, resolved)
        return
    if resolved.recipe.stage == "export":
        scores = resolved.recipe.export.scores
        yield from _not_there({f"export.scores.{n}": path for n, path in enumerate(scores)}, resolved)
        return
    data = resolved.recipe.data
    if resolved.recipe.stage == "data":
        named = {f"data.sources.{index}.path": source.path for index, source in enumerate(data.sources)}
        named |= {f"data.against.{index}": path for index, path in enumerate(data.against)}
    else:
        named = {f"data.mix.{index}.path": source.path for index, source in enumerate(data.mix)}
        named |= {f"data.validation.{index}": path for index, path in enumerate(data.validation)}
    if data.image_root is not None:
        named["data.image_root"] = data.image_root
    yield from _not_there(named, resolved)


def _not_there(named: Mapping[str, str], resolved: Resolved) -> Iterator[Complaint]:
    for name, path in named.items():
        if not Path(path).exists():
            yield Complaint(f"no such file or folder: {path}", f"{resolved.origins[name]} {name}")


def _pair(first: str, second: str) -> tuple[Resolved, Resolved]:
    """Both recipes; `defaults` is read for the stage of the other."""
    if first == second == DEFAULTS:
        raise BadRecipe("defaults differ by stage only", repair="name a recipe beside it")
    if first == DEFAULTS:
        other = read_recipe(second, stage=None)
        return read_recipe(None, stage=other.recipe.stage), other
    one = read_recipe(first, stage=None)
    if second == DEFAULTS:
        return one, read_recipe(None, stage=one.recipe.stage)
    return one, read_recipe(second, stage=None)


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"


def _print(text: str) -> None:
    console.result().print(text, soft_wrap=True)
