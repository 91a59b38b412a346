"""One run of an engine's program: started under the keeper, heard until it is ready, ended with us.

What it writes before it answers its first question is kept in a log, since it says why a model does not load.  From
then on it could hold what people ask, and is read and thrown away.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from medgpt_cli.models.vllm import keeper

ENDING = keeper.GRACE + 10
"""Seconds until a program that was told to end has ended, its workers too."""

LARGEST_LOG = 4 * 2**20
"""Bytes kept of what it writes while it starts."""


class Process:
    """A running program.

    Args:
        words: Its command line.
        environment: Of the program.
        log: Where its words go until `hush`; made anew, for this user alone.
    """

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        self._log: int | None = handle
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,  # Ctrl-C is for us; the program ends behind us
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    def wait_until(self, ready: Callable[[], bool], seconds: float = 0.5) -> bool:
        """Waits until it is ready, or has ended.

        Args:
            ready: Whether it is.
            seconds: Between two looks.

        Returns:
            False where it ended before.
        """
        while self.code is None:
            if ready():
                return True
            time.sleep(seconds)
        return False

    def wait(self) -> int:
        """Waits for its end, and returns its exit code."""
        return self._process.wait()

    def hush(self) -> None:
        """Keeps nothing any more of what it writes."""
        with self._lock:
            if self._log is not None:
                os.close(self._log)
            self._log = None

    def end(self) -> None:
        """Ends it and its workers; safe after the end."""
        assert self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        self.hush()

    def _read(self) -> None:
        assert self._process.stdout
        left = LARGEST_LOG
        with self._process.stdout as heard:
            while piece := os.read(heard.fileno(), 65536):
                with self._lock:
                    if self._log is not None and left > 0:
                        left -= os.write(self._log, piece[:left])
