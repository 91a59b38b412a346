"""The secret key of a de-identified copy: made, kept for this user alone, read again.

Whoever has the key and the originals can tie copies to patients, so it never lies inside a copy.  This module knows
nothing of what the key is for.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from medgpt_cli.core.errors import InputError
from medgpt_cli.core.files import make_folder

BYTES = 32


def new_key() -> bytes:
    """A fresh random key."""
    return secrets.token_bytes(BYTES)


def read_key(path: Path) -> bytes:
    """The key in a file.

    Raises:
        InputError: The file is no key, or others can read it.
    """
    try:
        text = path.read_text("ascii").strip()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError):
        raise InputError("cannot be read as a key", where=str(path)) from None
    if not re.fullmatch(rf"[0-9a-f]{{{2 * BYTES}}}", text):
        raise InputError(
            "is no key of medgpt data deid",
            where=str(path),
            repair="name the file an earlier run wrote, or one that does not exist yet",
        )
    if mode & 0o077:
        raise InputError(
            "can be read by others, and a key is secret", where=str(path), repair=f"chmod 600 {path}"
        )
    return bytes.fromhex(text)


def keep_key(path: Path, key: bytes) -> None:
    """Writes a key for this user alone; an existing file is never written over."""
    make_folder(path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, key.hex().encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
