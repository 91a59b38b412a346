"""What this process may use of the machine: cores, memory and disk, container limits included.

This module knows nothing of torch or of accelerators; see `device`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path("/")


class Cores(NamedTuple):
    """Processor cores.

    Attributes:
        usable: Those this process may run on.
        present: Those of the machine.
        limit: The container's limit in cores, such as 1.5, or None.
    """

    usable: int
    present: int
    limit: float | None


class Memory(NamedTuple):
    """Main memory in bytes; the container's limit is taken for the whole where it is smaller."""

    total: int
    available: int


def cores(root: Path = ROOT) -> Cores:
    """The cores of this process.

    Args:
        root: Where the system's files stand.
    """
    return Cores(len(os.sched_getaffinity(0)), os.cpu_count() or 1, _cpu_limit(root))


def memory(root: Path = ROOT) -> Memory:
    """The memory of this process.

    Args:
        root: Where the system's files stand.
    """
    found = {}
    for line in (root / "proc/meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        found[name] = int(rest.split()[0]) * 1024
    limit = _memory_limit(root) or found["MemTotal"]
    return Memory(min(found["MemTotal"], limit), min(found["MemAvailable"], limit))


def disk_free(path: Path) -> int:
    """Bytes free for this user on the disk of `path`, or of its nearest folder that exists."""
    folder = next(place for place in (path.absolute(), *path.absolute().parents) if place.is_dir())
    return shutil.disk_usage(folder).free


def _cpu_limit(root: Path) -> float | None:
    """The smallest quota of the control groups above this process, in cores."""
    found = []
    for folder in _groups(root):
        quota, period = _words(folder / "cpu.max"), _words(folder / "cpu.cfs_period_us")
        if period:  # version 1 keeps the two apart, and writes -1 for no limit
            quota = _words(folder / "cpu.cfs_quota_us") + period
        if len(quota) == 2 and quota[0] not in ("max", "-1"):
            found.append(int(quota[0]) / int(quota[1]))
    return min(found, default=None)


def _memory_limit(root: Path) -> int | None:
    """The smallest memory limit of the control groups above this process, in bytes."""
    found = []
    for folder in _groups(root):
        for name in ("memory.max", "memory.limit_in_bytes"):
            words = _words(folder / name)
            if words and words[0] != "max":
                found.append(int(words[0]))
    return min(found, default=None)


def _groups(root: Path) -> Iterator[Path]:
    """The folders of this process's control groups and of all above them, versions 1 and 2."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        top = root / "sys/fs/cgroup" / controllers
        for part in (Path(path), *Path(path).parents):
            yield top / part.relative_to("/")


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
