"""Runs a program that must not outlive us, whatever ends us: `python keeper.py PROGRAM WORD...`.

The program gets a session of its own, so that it and all its workers can be ended together.  That happens when our
end of the pipe on standard input closes, which the system sees to even where we are killed, and on SIGTERM.  It runs
by itself, without our package.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading

GRACE = 15.0
"""Seconds between asking the program to end and ending it."""


def main(words: list[str]) -> int:
    """Runs the program and returns its exit code; 128 and the signal's number where one ended it."""
    program = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True)

    def end(*_: object) -> None:
        _signal(program.pid, signal.SIGTERM)
        threading.Timer(GRACE, _signal, (program.pid, signal.SIGKILL)).start()

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1):
                pass
        end()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=watch, daemon=True).start()
    code = program.wait()
    _signal(program.pid, signal.SIGKILL)  # workers that it left behind
    return code if code >= 0 else 128 - code


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


if __name__ == "__main__":
    sys.stdout.flush()
    os._exit(main(sys.argv[1:]))
