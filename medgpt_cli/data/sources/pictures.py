"""Where a set's pictures lie, when archives unpack into one folder here and another there.

Only looks whether files exist; opening them is for others.  This module knows nothing of any set.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path


def find_picture(root: Path, name: str, *folders: str) -> str:
    """The path of a picture relative to `root`, with / between folders.

    Args:
        root: The set's folder.
        name: As the set writes it, relative to one of the folders.
        folders: Where it may lie, likeliest first; `*` allowed, empty for `root` itself.

    Returns:
        The first that exists; where none does, the path in the first folder there is, so that a complaint about it
        says what was expected.
    """
    base = str(root)
    there = _there(base, folders)
    if len(there) > 1:
        for folder in there:
            path = _joined(folder, name)
            if os.path.isfile(f"{base}/{path}"):
                return path
    return _joined(there[0], name)


@lru_cache(maxsize=256)
def _there(root: str, folders: tuple[str, ...]) -> tuple[str, ...]:
    """The folders that exist, or the first as it is written."""
    base = Path(root)
    found: list[str] = []
    for folder in folders:
        if not folder:
            found.append("")
        elif "*" in folder:
            found += [
                each.relative_to(base).as_posix() for each in sorted(base.glob(folder)) if each.is_dir()
            ]
        elif (base / folder).is_dir():
            found.append(folder)
    return tuple(dict.fromkeys(found)) or folders[:1]


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
