"""Every data set that can be read, by module name, imported only when it is asked for.

Adding a set is adding its module here.  This module knows nothing of what stands in one.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import InputError, NotThere, UsageError
from medgpt_cli.data.sources.adapter import Adapter

MODULES: list[str] = [
    "llava_med",
    "pubmedvision",
    "pmc_oa",
    "quilt",
    "roco",
    "medicat",
    "pmc_vqa",
    "slake",
    "vqa_rad",
    "path_vqa",
    "vqa_med",
    "omnimedvqa",
    "medxpertqa",
    "medframeqa",
    "mmmu",
    "medqa",
    "medmcqa",
    "pubmedqa",
    "medbullets",
    "mmlu",
    "mimic_cxr",
    "report_lists",
    "chexpert_plus",
    "openi",
    "rexgradient",
    "padchest_gr",
    "pmc_articles",
    "documents",
]
"""Modules beside this one, each with an `ADAPTER` or several `ADAPTERS`, in the order they are listed."""

NEAR = 3
"""Names proposed when a word is none."""


@cache
def _all() -> tuple[Adapter, ...]:
    found: list[Adapter] = []
    for name in MODULES:
        module = import_module(f"medgpt_cli.data.sources.{name}")
        found += module.ADAPTERS if hasattr(module, "ADAPTERS") else [module.ADAPTER]
    return tuple(found)


def adapters() -> list[Adapter]:
    """Every adapter, in the order they are listed to a person."""
    return list(_all())


def find(name: str) -> Adapter:
    """The adapter of this name.

    Raises:
        UsageError: There is none; the nearest names are told.
    """
    by_name = {adapter.name: adapter for adapter in _all()}
    word = name.lower().replace("_", "-")
    if word in by_name:
        return by_name[word]
    near = get_close_matches(word, by_name, n=NEAR, cutoff=0.5)
    raise UsageError(
        f"no data set is called {name!r}",
        repair=f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(sorted(by_name))}",
    )


def detect(path: Path) -> Adapter:
    """The one adapter that knows a folder or file by its names and headers.

    Raises:
        NotThere: There is no such path.
        InputError: No adapter knows it, or several do.
    """
    if not path.exists():
        raise NotThere("there is no such file or folder", where=str(path), repair="mend the path")
    found = [adapter for adapter in _all() if adapter.detect(path)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(adapter.name for adapter in found)
        raise InputError(
            f"may be any of {names}", where=str(path), repair="name the one it is: NAME=PATH"
        )
    names = ", ".join(sorted(adapter.name for adapter in _all()))
    raise InputError(
        f"is no data set known by its files; looked for {names}",
        where=str(path),
        repair="name the one it is: NAME=PATH, or map its columns in a recipe",
    )


def listing() -> list[dict[str, Any]]:
    """What a person is shown of each set: name, title, licence, access, verified, use, home."""
    return [
        {
            "name": adapter.name,
            "title": adapter.title,
            "licence": adapter.licence,
            "access": adapter.access.value,
            "verified": adapter.verified,
            "use": list(adapter.use),
            "home": adapter.home,
        }
        for adapter in _all()
    ]
