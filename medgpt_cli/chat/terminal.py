"""A session at a terminal: lines in, the answer out as it is written, Ctrl-C for the answer alone.

Answers go to stdout, everything else to stderr.  What was typed is kept in memory only: it may be about
a patient. This module knows nothing of models.
"""

from __future__ import annotations

import contextlib
import re
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType

from medgpt_cli.chat.session import Answered, Left, Session, Told
from medgpt_cli.core import console
from medgpt_cli.core.types import Reply

PROMPT = "> "
WELCOME = "/image PATH shows an image, /help lists the commands, Ctrl-D leaves."
HOW_TO_LEAVE = "To leave: /quit or Ctrl-D."

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def converse(session: Session, read: Callable[[], str] | None = None) -> None:
    """Takes lines until the person leaves or the input ends.

    Args:
        session: The dialogue.
        read: Gives the next line and raises `EOFError` after the last; stdin when None.
    """
    read = read or _reader()
    console.say(WELCOME, style="dim")
    while True:
        try:
            line = read()
            if line.strip() and not _turn(session, line):
                return
        except KeyboardInterrupt:
            with contextlib.suppress(KeyboardInterrupt):  # pressed twice: still no reason to lose it all
                console.talk().print(f"\n{HOW_TO_LEAVE}", style="dim")
        except EOFError:
            return


def _turn(session: Session, line: str) -> bool:
    """One line and what came of it; False when the person left."""
    with stoppable() as stop:
        event = session.take(line, on_text=stream, stop=stop)
    if isinstance(event, Left):
        return False
    if isinstance(event, Told):
        console.talk().print(event.text, style="red" if event.trouble else "dim")
    if isinstance(event, Answered):
        stream("\n")
        console.say(tally(event.reply, interrupted=event.interrupted), style="dim")
    return True


def stream(piece: str) -> None:
    """A piece of an answer onto stdout at once; a model must not be able to steer the terminal."""
    out = console.result().file
    out.write(_CONTROLS.sub("", piece))
    out.flush()


def tally(reply: Reply, *, interrupted: bool = False) -> str:
    """Count, time and speed of an answer, and why it ended if not by itself."""
    parts = []
    if reply.tokens and reply.seconds:
        count = f"{reply.tokens} token{'s' if reply.tokens > 1 else ''}"
        parts = [count, f"{reply.seconds:.1f} s", f"{reply.tokens / reply.seconds:.1f} tokens/s"]
    if not reply.finished:
        parts.append("stopped" if interrupted else "cut at the token limit")
    return ", ".join(parts)


@contextlib.contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Turns the first Ctrl-C into a wish to stop, and only the second into `KeyboardInterrupt`."""
    pressed = False

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _reader() -> Callable[[], str]:
    if sys.stdin.isatty() and sys.stdout.isatty():
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401  # editing and history for input()
        return lambda: input(PROMPT)
    return _read_line


def _read_line() -> str:
    if sys.stdin.isatty():
        console.talk().print(PROMPT, end="")
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\n")
