"""A session at a terminal: lines in, the answer out as it is written, Ctrl-C for the answer alone.

Answers go to stdout, everything else to stderr.  What was typed is kept in memory only: it may be about
a patient. This module knows nothing of models.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

from medgpt_cli.chat import preview
from medgpt_cli.chat.comparing import comparing
from medgpt_cli.chat.events import Answered, Attached, Compared, Event, Left, Told
from medgpt_cli.chat.session import Session
from medgpt_cli.chat.writing import writing
from medgpt_cli.core import console
from medgpt_cli.core.types import Reply

if TYPE_CHECKING:
    from PIL.Image import Image

PROMPT = "> "
WELCOME = "/image PATH shows an image, /help lists the commands, Ctrl-D leaves."
HOW_TO_LEAVE = "To leave: /quit or Ctrl-D."


def converse(
    session: Session,
    read: Callable[[], str] | None = None,
    look: Callable[[str], Image] | None = None,
) -> None:
    """Takes lines until the person leaves or the input ends.

    Args:
        session: The dialogue.
        read: Gives the next line and raises `EOFError` after the last; stdin when None.
        look: Opens an image that was shown, to draw it; None draws none.
    """
    read = read or _reader()
    console.say(WELCOME, style="dim")
    for path in session.waiting:
        _draw(path, look)
    while True:
        try:
            line = read()
            if line.strip() and not _turn(session, line, look):
                return
        except KeyboardInterrupt:
            with contextlib.suppress(KeyboardInterrupt):  # pressed twice: still no reason to lose it all
                console.talk().print(f"\n{HOW_TO_LEAVE}", style="dim")
        except EOFError:
            return


def _turn(session: Session, line: str, look: Callable[[str], Image] | None) -> bool:
    """One line and what came of it; False when the person left."""
    event = _asked(session, line)
    if isinstance(event, Left):
        return False
    if isinstance(event, Told):
        console.talk().print(event.text, style="red" if event.trouble else "dim")
    if isinstance(event, Attached):
        if session.previews:
            _draw(event.path, look)
        console.talk().print(event.text, style="dim")
    if isinstance(event, Answered):
        console.say(tally(event.reply, interrupted=event.interrupted), style="dim")
    if isinstance(event, Compared):
        for voice, answer in ((session.voice, event.first), (session.other, event.second)):
            if voice is not None and answer is not None:
                told = tally(answer.reply, interrupted=answer.interrupted)
                console.say(f"{voice.name}: {told}", style="dim")
        if event.fault:
            console.talk().print(event.fault, style="red")
        elif event.second is None:
            console.say("Stopped; the second model did not answer this message.", style="dim")
    return True


def _asked(session: Session, line: str) -> Event:
    """What came of a line, the answer shown meanwhile."""
    with stoppable() as stop, contextlib.ExitStack() as after:
        if session.other is None:
            shown = writing()
            after.callback(shown.end)
            return session.take(line, on_text=shown.piece, stop=stop)
        both = comparing((session.voice.name, session.other.name))
        after.callback(both.end)
        return session.take(line, on_text=both.first, on_other=both.second, stop=stop)


def _draw(path: str, look: Callable[[str], Image] | None) -> None:
    """An image on stderr, where that is a terminal that can."""
    on = console.talk()
    how = preview.way(on, os.environ)
    if look is None or how is None or console.is_quiet():
        return
    drawn = preview.drawn(look(path), how, on.width)
    if isinstance(drawn, str):
        on.file.write(f"{drawn}\n")
        on.file.flush()
    else:
        on.print(drawn, soft_wrap=True)


def tally(reply: Reply, *, interrupted: bool = False) -> str:
    """Count and time of an answer, the speed it was written with, and why it ended if not by itself.

    Where the time to the first token is known, reading and writing are told apart.
    """
    parts = []
    tokens, seconds, first = reply.tokens, reply.seconds, reply.first_token_seconds
    if tokens and seconds:
        parts = [f"{tokens} token{'s' if tokens > 1 else ''}", f"{seconds:.1f} s"]
        if not first:
            parts.append(f"{tokens / seconds:.1f} tokens/s")
        elif tokens > 1 and seconds > first:
            speed = (tokens - 1) / (seconds - first)
            parts.append(f"first after {first:.2f} s, then {speed:.1f} tokens/s")
        else:
            parts.append(f"first after {first:.2f} s")
    if not reply.finished:
        why = "stopped" if interrupted else "cut at the token limit"
        parts.append(why if reply.text or interrupted else f"{why} before an answer began")
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
