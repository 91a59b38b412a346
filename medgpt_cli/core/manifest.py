"""The manifest of a run: what went in, what made it, and hashes to prove both.

This module knows nothing of models or data; it hashes files and asks the machine what it is.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from medgpt_cli import __version__
from medgpt_cli.core import files
from medgpt_cli.core.errors import HashMismatch
from medgpt_cli.core.machine import cores

PACKAGES = (
    "torch",
    "torchvision",
    "transformers",
    "accelerate",
    "safetensors",
    "tokenizers",
    "pillow",
    "pydicom",
)
"""Packages whose version can change a result."""


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The installed version of each package; one that is absent is left out."""
    found = {}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def environment() -> dict[str, Any]:
    """Versions and hardware, without anything that names a person."""
    return {
        "medgpt": __version__,
        "code": code_hash(),
        "python": platform.python_version(),
        "packages": versions(PACKAGES),
        "platform": platform.platform(),
        "cores": cores().usable,
    }


@cache
def code_hash() -> str:
    """SHA-256 over our own source files, so that a changed line is visible in the manifest."""
    package = Path(__file__).parents[1]
    return _hash_files(package, package.rglob("*.py"))


def hash_folder(path: Path, *, skip: Iterable[str] = ()) -> str:
    """SHA-256 over the names and bytes of the files below `path`.

    Args:
        path: The folder.
        skip: File names left out, such as the manifest itself.
    """
    left_out = set(skip)
    return _hash_files(
        path, (item for item in path.rglob("*") if item.is_file() and item.name not in left_out)
    )


def _hash_files(root: Path, items: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for item in sorted(items):
        digest.update(item.relative_to(root).as_posix().encode() + b"\0")
        digest.update(files.sha256_file(item).encode() + b"\n")
    return digest.hexdigest()


def file_hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file directly in `folder`, by name; the manifest itself is left out."""
    return {
        item.name: files.sha256_file(item)
        for item in sorted(folder.iterdir())
        if item.is_file() and item.name != "manifest.json"
    }


def deeper_sizes(folder: Path) -> dict[str, int]:
    """Bytes of each file in the folders of `folder`, by path: optimizers' shards, which are too large to hash."""
    return {
        item.relative_to(folder).as_posix(): item.stat().st_size
        for item in sorted(folder.glob("*/**/*"))
        if item.is_file()
    }


def promised_sizes(folder: Path) -> dict[str, int]:
    """What `deeper_sizes` said when a folder's manifest was written."""
    sizes: dict[str, int] = json.loads((folder / "manifest.json").read_text()).get("sizes", {})
    return sizes


def write_manifest(folder: Path, document: dict[str, Any]) -> None:
    """Writes `manifest.json` into `folder` atomically."""
    files.write_json(folder / "manifest.json", document)


def promised_files(folder: Path) -> dict[str, str] | None:
    """The SHA-256 of each file that a folder's manifest promises; None when there is none to be read."""
    try:
        promised = json.loads((folder / "manifest.json").read_text()).get("files", {})
        return {str(name): str(digest) for name, digest in promised.items()}
    except (OSError, ValueError, AttributeError):
        return None


def model_hash(folder: Path) -> str:
    """SHA-256 over the model's own files, whatever run they lie in; quick where a manifest lists their hashes."""
    promised = promised_files(folder)
    if not promised:
        return hash_folder(folder)
    return hashlib.sha256(json.dumps(sorted(promised.items())).encode()).hexdigest()


SUMS = "SHA256SUMS"
"""A list as `sha256sum -c` reads it, in folders that leave the house; it covers the manifest too."""
_SUM = re.compile(r"([0-9a-f]{64})  ([^\n]+)\n")


def write_sums(folder: Path) -> None:
    """Writes `SHA256SUMS` over every file directly in `folder`, the manifest included."""
    names = sorted(item.name for item in folder.iterdir() if item.is_file() and item.name != SUMS)
    files.write_text(
        folder / SUMS, "".join(f"{files.sha256_file(folder / name)}  {name}\n" for name in names)
    )


def listed(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file that a folder's `SHA256SUMS` lists.

    Raises:
        HashMismatch: It is no such list.
    """
    text = (folder / SUMS).read_bytes().decode("ascii", "replace")
    if _SUM.sub("", text):
        raise _unreadable(folder, SUMS)
    return {name: digest for digest, name in _SUM.findall(text)}


def verify_files(folder: Path, *, only: str | None = None) -> int:
    """Compares a folder with the hashes in its manifest and in `SHA256SUMS`; one without either passes.

    Args:
        folder: The folder.
        only: One file that is about to be read before the others, where those take long; all when None.

    Returns:
        How many files were compared.

    Raises:
        HashMismatch: A file is missing, or its bytes are not those that were written.
    """
    expected: dict[str, str] = {}
    if (folder / "manifest.json").exists():
        promised = promised_files(folder)
        if promised is None:
            raise _unreadable(folder, "manifest.json")
        expected = dict(promised)
    source = folder / "manifest.json"
    if (folder / SUMS).exists():
        sums = listed(folder)
        if any(sums.get(name) != digest for name, digest in expected.items()):
            raise _unreadable(folder, SUMS)
        expected, source = sums, folder / SUMS
    if only is not None:
        expected = {name: digest for name, digest in expected.items() if name == only}
    for name, digest in expected.items():
        file = folder / name
        if not file.is_file() or files.sha256_file(file) != digest:
            raise HashMismatch(
                f"{name} is missing or not the file that {source} describes",
                where=str(folder),
                repair="restore the folder from its source; a damaged checkpoint is not used",
            )
    return len(expected)


def _unreadable(folder: Path, name: str) -> HashMismatch:
    return HashMismatch(
        f"{name} cannot be read, or is not the one that was written",
        where=str(folder),
        repair="restore the folder from its source",
    )
