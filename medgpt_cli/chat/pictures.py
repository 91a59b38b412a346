"""Pictures as a person names them, alone or with what they show: `cxr.png`, `prior=old.png`, `/image prior old.png`.

This module opens no picture.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from medgpt_cli.core.in_context import pictures_line
from medgpt_cli.core.types import Role, Turn

_NAME = re.compile(r"[A-Za-z][\w -]*")


class Shown(NamedTuple):
    """A picture.

    Attributes:
        path: With what was written behind the `#`.
        name: What the question calls it, such as `prior PA`; empty when it has no name.
    """

    path: str
    name: str = ""


def picture(typed: str, *, spaced: bool = False) -> Shown:
    """What a person meant; a file of just that name wins over a name before it.

    Args:
        typed: PATH or NAME=PATH.
        spaced: Whether `NAME PATH` is meant, too, as one line holds.
    """
    if _exists(typed):
        return Shown(unquoted(typed))
    marks = "= " if spaced else "="
    for at, sign in enumerate(typed):
        name, rest = typed[:at].strip(), typed[at + 1 :].strip()
        if sign in marks and _NAME.fullmatch(name) and (sign == "=" or _exists(rest)) and rest:
            return Shown(unquoted(rest), name)
    return Shown(unquoted(typed))


def windowed(path: str, width: str, level: str) -> str:
    """The picture in another window, which takes the place of one it has."""
    file, _, asked = path.partition("#") if "=" in path else (path, "", "")
    others = [word for word in asked.split("&") if word and not word.startswith("window=")]
    return f"{file}#{'&'.join([*others, f'window={level}/{width}'])}"


def question(text: str, pictures: Sequence[Shown], first: int = 0) -> Turn:
    """A user's turn that shows pictures before its text, and calls them by their names where they have some.

    Args:
        text: What is asked.
        pictures: What is shown.
        first: The number of the first among all pictures of the dialogue.
    """
    if any(each.name for each in pictures):
        text = f"{pictures_line([each.name for each in pictures])}\n{text}"
    return Turn(Role.USER, (*range(first, first + len(pictures)), text))


def unquoted(typed: str) -> str:
    """A path as typed or dropped into the window, without the quotes around it."""
    quoted = len(typed) > 1 and typed[0] == typed[-1] and typed[0] in "'\""
    return str(Path(typed[1:-1] if quoted else typed).expanduser())


def _exists(typed: str) -> bool:
    try:
        return Path(unquoted(typed).partition("#")[0]).exists()
    except (OSError, ValueError):
        return False
