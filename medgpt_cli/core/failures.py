"""What an exception that is not ours means: a known shortage, or a bug whose log may name no values.

A traceback's messages and variables can hold clinical text, so the log of a bug keeps frames and
exception types alone.  This module knows nothing of how errors are shown.
"""

from __future__ import annotations

import datetime
import errno
import os
import platform
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from medgpt_cli import __version__
from medgpt_cli.core.cache import cache_path
from medgpt_cli.core.errors import MedGPTError, OutOfResources

DISK = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up"}
MEMORY_REPAIR = "close other programs, or lower train.batch_size or train.max_length"
LOGS_KEPT = 20
"""Older logs are removed when a new one is written."""


def as_shortage(exception: BaseException) -> MedGPTError | None:
    """The error to show when memory or disk ran out; None when `exception` is something else."""
    if isinstance(exception, MemoryError):
        return OutOfResources("memory ran out", repair=MEMORY_REPAIR)
    # torch is not imported to ask: its own error is known by name, its CPU allocator by its words.
    if type(exception).__name__ == "OutOfMemoryError" or (
        isinstance(exception, RuntimeError) and "can't allocate memory" in str(exception)
    ):
        return OutOfResources("memory of the device ran out", repair=MEMORY_REPAIR)
    if isinstance(exception, OSError) and exception.errno in DISK:
        return OutOfResources(
            DISK[exception.errno],
            where=_file(exception),
            repair="free some space, or name a folder elsewhere",
        )
    if isinstance(exception, OSError) and exception.errno == errno.EROFS:
        return OutOfResources(
            "the file system is read-only", where=_file(exception), repair="name a folder elsewhere"
        )
    return None


def _file(exception: OSError) -> str:
    return str(exception.filename) if isinstance(exception.filename, str) else ""


def write_log(exception: BaseException, command: str) -> Path | None:
    """Writes the log of a bug and returns its path, or None where no folder can be written to.

    Args:
        exception: What escaped.
        command: The words of the command, without its arguments.
    """
    import tempfile

    moment = datetime.datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    text = "\n".join(
        [
            f"medgpt {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"command: {command}",
            *frames_and_types(exception),
            "",
        ]
    )
    for folder in (cache_path() / "logs", Path(tempfile.gettempdir())):
        path = folder / f"medgpt-{moment}-{os.getpid()}.txt"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        for old in sorted(folder.glob("medgpt-*.txt"))[:-LOGS_KEPT]:
            old.unlink(missing_ok=True)
        return path
    return None


def frames_and_types(exception: BaseException) -> Iterator[str]:
    """The lines of a traceback without source, messages or values, the first cause first."""
    before = exception.__cause__ or (None if exception.__suppress_context__ else exception.__context__)
    if before is not None:
        yield from frames_and_types(before)
        yield "then:"
    for frame in traceback.extract_tb(exception.__traceback__, limit=-200):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
    kind = type(exception)
    yield f"{kind.__module__}.{kind.__qualname__}"


def show_traceback(exception: BaseException) -> None:
    """Prints the whole traceback to stderr, values included; only asked for by `--debug`."""
    traceback.print_exception(exception, file=sys.stderr)
