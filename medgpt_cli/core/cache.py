"""The one folder outside a run that medgpt writes to: models built or fetched once, and logs of bugs.

This module knows nothing of what is kept there.
"""

from __future__ import annotations

import os
from pathlib import Path

from medgpt_cli.core.errors import InputError


def cache_path() -> Path:
    """`$MEDGPT_CACHE`, else `medgpt` in the user's cache folder (XDG).  Nothing is created."""
    if named := os.environ.get("MEDGPT_CACHE"):
        return Path(named).expanduser().absolute()
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG rules say that a relative value is to be ignored.
    root = Path(xdg) if xdg.startswith("/") else Path.home() / ".cache"
    return root / "medgpt"


def cache_dir() -> Path:
    """The cache folder, created for this user alone where it is missing.

    Raises:
        InputError: The folder cannot be created or written to.
    """
    path = cache_path()
    try:
        if not path.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=0o700, exist_ok=True)
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        why = "access is denied" if isinstance(error, PermissionError) else "a file is in its way"
        raise InputError(
            f"the cache folder {path} cannot be created: {why}",
            repair="name another one in the environment variable MEDGPT_CACHE",
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise InputError(
            f"the cache folder {path} cannot be written to",
            repair="name another one in the environment variable MEDGPT_CACHE",
        )
    return path
