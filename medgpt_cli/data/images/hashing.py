"""SHA-256 of picture files: each file is read once, however many of its frames, slices or cells are shown.

What was hashed is remembered, where a folder for it is given, by what the file system says of the file and never by
its name: device, inode, size, and when its bytes and its inode were last changed.  The last cannot be set by hand, so a
file that was swapped and given the old date is hashed anew.  Files are remembered in groups, one small file a group: a
group in which anything changed is hashed anew.  Of a slide that lies in several files only the named one is read.

This module knows nothing of records, and decodes nothing.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from medgpt_cli.core.files import make_folder, sha256_file, write_bytes
from medgpt_cli.data.images.references import read_reference

SIZE = hashlib.sha256().digest_size
"""Bytes of a hash."""
UNREADABLE = bytes(SIZE)
"""In place of the hash of a file that cannot be read."""
TOGETHER = 1024
"""Files of a group."""
FRESH = 2 * 10**9
"""Nanoseconds in which a file may be written to again and keep its time; such a one is not remembered."""

Identity = tuple[int, int, int, int, int]
"""Device, inode, size, time of the bytes and of the inode in nanoseconds."""


def hash_picture(reference: str) -> bytes:
    """The SHA-256 of the file a reference names, whichever picture in it is meant.

    Raises:
        OSError: It cannot be read.
    """
    file = read_reference(reference).path
    return _hashed(file, _identity(file))


def hash_files(files: Sequence[str], kept: Path | None = None) -> Iterator[bytes]:
    """The SHA-256 of each file, in order; `UNREADABLE` where there is none to be had.

    Args:
        files: Paths, without what stands behind a `#`.
        kept: Folder in which hashes are remembered; made when it is needed.
    """
    for start in range(0, len(files), TOGETHER):
        yield from _group(files[start : start + TOGETHER], kept)


def _group(files: Sequence[str], kept: Path | None) -> list[bytes]:
    before = _identities(files)
    if kept is None or before is None:
        return [_or_unreadable(file) for file in files]
    name = kept / hashlib.sha256(repr(before).encode()).hexdigest()
    try:
        known = name.read_bytes()
    except OSError:
        known = b""
    if len(known) == SIZE * len(files):
        return [known[start : start + SIZE] for start in range(0, len(known), SIZE)]
    found = [_or_unreadable(file) for file in files]
    settled = all(identity[4] < time.time_ns() - FRESH for identity in before)
    if settled and UNREADABLE not in found and _identities(files) == before:
        write_bytes(make_folder(kept) / name.name, b"".join(found))
    return found


def _identities(files: Sequence[str]) -> list[Identity] | None:
    try:
        return [_identity(file) for file in files]
    except OSError:
        return None


def _or_unreadable(file: str) -> bytes:
    try:
        return _hashed(file, _identity(file))
    except OSError:
        return UNREADABLE


def _identity(file: str) -> Identity:
    found = os.stat(file)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@lru_cache(maxsize=2**14)
def _hashed(file: str, identity: Identity) -> bytes:
    return bytes.fromhex(sha256_file(Path(file)))
