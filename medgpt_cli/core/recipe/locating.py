"""Which file is meant by a recipe's name, and which recipes come with the package.

A path wins over a name: a file, or a run folder (its `recipe.json`); then a shipped recipe such as
`sft`.  The shipped ones are found by walking their folder.  This module knows nothing of what stands in
a recipe.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import medgpt_cli
from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.nearest import nearest

SUFFIXES = (".yaml", ".yml", ".json")
RESOLVED = "recipe.json"


@dataclass(frozen=True)
class Found:
    """A recipe file.

    Attributes:
        path: The file.
        label: How it is called in messages: as the person named it, or `recipes/NAME.yaml` if shipped.
    """

    path: Path
    label: str


def shipped_folder() -> Path:
    """The folder of shipped recipes: inside the installed package, or beside it in a checkout."""
    package = Path(medgpt_cli.__file__).parent
    inside = package / "recipes"
    return inside if inside.is_dir() else package.parent / "recipes"


def shipped() -> dict[str, Found]:
    """The shipped recipes by name, such as `sft`, in order."""
    folder = shipped_folder()
    names = {
        path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.rglob("*.yaml")
    }
    return {
        name: Found(path, f"recipes/{path.relative_to(folder).as_posix()}")
        for name, path in sorted(names.items())
    }


def find(source: str) -> Found:
    """The file meant by a path, a run folder or a shipped name.

    Raises:
        BadRecipe: There is no such file and no such name.
    """
    path = Path(source)
    if path.is_file():
        return _not_data(Found(path, source))
    resolved = path / RESOLVED
    if resolved.is_file():
        return Found(resolved, str(resolved))
    names = shipped()
    if source in names:
        return names[source]
    if path.is_dir():
        raise BadRecipe(
            f"{source} is a folder without {RESOLVED}", repair="name a recipe file or a run folder"
        )
    meant = nearest(source, names)
    raise BadRecipe(
        f"no recipe {source}" + (f"; did you mean {meant}?" if meant else ""),
        repair="name a file, a run folder, or one of: "
        + ", ".join(name for name in names if "/" not in name),
    )


def find_base(base: str, child: Found) -> Found:
    """The file meant by `base:`, relative to the file that says so, or a shipped name.

    Raises:
        BadRecipe: There is no such file and no such name.
    """
    path = child.path.parent / base
    if path.is_file():
        return _not_data(Found(path, (Path(child.label).parent / base).as_posix()))
    names = shipped()
    if base in names:
        return names[base]
    raise BadRecipe(f"no file {path} and no shipped recipe {base}")


def below(folder: Path) -> list[Path]:
    """Every recipe file under a folder, at any depth, in order."""
    return sorted(
        path for path in folder.rglob("*") if path.suffix in SUFFIXES[:2] or path.name == RESOLVED
    )


def _not_data(found: Found) -> Found:
    if found.path.suffix not in SUFFIXES:
        raise BadRecipe(
            f"{found.label} is not a recipe: its name ends in none of {', '.join(SUFFIXES)}",
            repair="records to train on are named with --data",
        )
    return found
