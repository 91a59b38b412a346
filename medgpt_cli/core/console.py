"""Two voices: `result` on stdout is what was asked for, `talk` on stderr is everything said meanwhile.

Colour, width and quietness are decided here and nowhere else.  rich is loaded on first use, because asking for
help must stay quick.  This module knows nothing of errors or of what is being said.
"""

from __future__ import annotations

import datetime
import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from medgpt_cli.core.files import append_line

if TYPE_CHECKING:
    from rich.console import Console

_quiet = False
_log: Path | None = None


def set_quiet(on: bool) -> None:
    """Silences notices and progress; results and errors are still printed."""
    global _quiet
    _quiet = on


def is_quiet() -> bool:
    """Whether notices and progress are silenced, by `--quiet` or because this is not rank 0."""
    return _quiet or os.environ.get("RANK", "0") != "0"


@cache
def result() -> Console:
    """The console of stdout.  Not wrapped when piped, so that scripts read whole lines."""
    return _console(stderr=False)


@cache
def talk() -> Console:
    """The console of stderr."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 10_000
    return Console(stderr=stderr, highlight=False, emoji=False, markup=False, width=width)


def log_to(path: Path | None) -> None:
    """Keeps every line of talk in a run's `log.txt` too, with its time; None stops that."""
    global _log
    _log = path


def say(text: str, style: str | None = None) -> None:
    """One line of talk.  A line never holds clinical text, so it may stand in a log."""
    if _log is not None:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        append_line(_log, f"{now}  {text}")
    if not is_quiet():
        talk().print(text, style=style, soft_wrap=True)


def warn(text: str) -> None:
    """One line of talk that should be noticed."""
    say(f"warning: {text}", style="yellow")


def print_json(document: Any) -> None:
    """One JSON document on stdout, keys in the order given."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # a file name that is not UTF-8, or a terminal that is not
        text = json.dumps(document, indent=2)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def colourful(stream: TextIO) -> bool:
    """Whether `stream` is a terminal with colour and nobody asked for none (`NO_COLOR`, `TERM=dumb`)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: Literal["bold", "red", "cyan", "dim"], stream: TextIO) -> str:
    """`text` in a style for text that must appear before rich could be loaded: help and errors."""
    if not colourful(stream):
        return text
    code = {"bold": 1, "red": 31, "cyan": 36, "dim": 2}[style]
    return f"\x1b[{code}m{text}\x1b[0m"


def columns(stream: TextIO, widest: int = 100) -> int:
    """Characters to a line on `stream`: the terminal's or `$COLUMNS`, else 80; at most `widest`."""
    try:
        found = int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        found = 80
    return max(40, min(found, widest))
