"""Finds files inside installed packages without importing them, and says what to install when they are not there.

Knows nothing of what the files hold.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from medgpt_cli.core.errors import Missing

INSTALL = "pip install 'medgpt[demo]'"


def need(*packages: str) -> None:
    """Checks that packages are installed.

    Raises:
        Missing: One of them is not; all that are missing are named.
    """
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise Missing(
            f"the sample set is cut from packages that are not installed: {', '.join(missing)}",
            repair=INSTALL,
        )


def package_file(package: str, path: str) -> Path:
    """The path of a data file inside an installed package.

    Args:
        package: Top-level package name.
        path: Path relative to the package's folder.

    Raises:
        Missing: The package, or the file in it, is not there.
    """
    need(package)
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        file = Path(folder) / path
        if file.is_file():
            return file
    raise Missing(f"the installed {package} does not carry {path}", repair=INSTALL)
