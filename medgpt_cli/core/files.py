"""Writing files so that they appear whole or not at all, and are never world-readable.

Every write goes to a temporary name in the same folder, is flushed to the disk, and is renamed into place.
This module knows nothing of what is written.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHUNK = 1 << 20
"""Bytes read at a time when hashing."""


def mode_beside(parent: Path, *, folder: bool) -> int:
    """The permission bits for something new in `parent`: ours in full, the group's as the parent has them.

    Args:
        parent: An existing folder.
        folder: Whether the new thing is a folder (execute bits) or a file.
    """
    group = stat.S_IMODE(parent.stat().st_mode) & 0o070
    return 0o700 | group if folder else (0o600 | group) & ~0o111


def make_folder(path: Path) -> Path:
    """Creates `path` and its missing parents, never world-readable, and returns it."""
    missing = []
    current = path
    while not current.exists():
        missing.append(current)
        current = current.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        folder.chmod(mode_beside(folder.parent, folder=True))
    return path


def write_bytes(path: Path, data: bytes) -> None:
    """Writes `data` to `path` atomically: a reader sees the old file or the whole new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode_beside(path.parent, folder=False))
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, document: Any) -> None:
    """Writes a JSON document atomically, keys in the order given."""
    write_text(path, json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def append_line(path: Path, text: str) -> None:
    """Appends one line with a single write, so that a kill leaves whole lines."""
    new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, (text + "\n").encode("utf-8"))
    finally:
        os.close(handle)
    if new:
        path.chmod(mode_beside(path.parent, folder=False))


def sha256_file(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def sync_folder(path: Path) -> None:
    """Flushes every file below `path`, and the folder itself, to the disk."""
    for item in [*sorted(path.rglob("*")), path]:
        handle = os.open(item, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def staged_folder(out: Path) -> Iterator[Path]:
    """A temporary folder beside `out` that is renamed to `out` when the block ends well.

    Args:
        out: Where the folder shall appear.  It must not exist, or be an empty folder.

    Yields:
        The folder to write into.  On an exception it is removed and `out` stays as it was.
    """
    make_folder(out.parent)
    staging = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        yield staging
        staging.chmod(mode_beside(out.parent, folder=True))
        for item in staging.rglob("*"):
            item.chmod(mode_beside(out.parent, folder=item.is_dir()))
        sync_folder(staging)
        if out.exists():
            out.rmdir()
        os.replace(staging, out)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
