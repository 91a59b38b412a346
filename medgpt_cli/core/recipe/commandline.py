"""KEY=VALUE words and the flags that set a recipe field.

A value is read by the same rules as in a file, so `train.lr=1e-4` is a number and
`data.validation=[a.jsonl]` a list; nothing behind the equals sign empties a field.  This module knows
nothing of which fields exist.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.recipe.layers import Origin, Sheet
from medgpt_cli.core.recipe.sources import Wrong, wrong
from medgpt_cli.core.recipe.yaml12 import Keys, NotYAML, parse

FLAGS: dict[str, Keys] = {
    "--data": ("data", "mix"),
    "--model": ("model", "base"),
    "--adapter": ("model", "adapter"),
    "SOURCE": ("data", "sources"),
    "--against": ("data", "against"),
    "--image-root": ("data", "image_root"),
    "--max-bad": ("data", "max_bad"),
    "--task": ("eval", "tasks"),
    "--data DIR": ("eval", "data"),
    "--profile": ("eval", "profile"),
    "--shots": ("eval", "shots"),
    "--limit": ("eval", "limit"),
    "--max-new-tokens": ("eval", "max_new_tokens"),
    "--likelihoods": ("eval", "likelihoods"),
    "--probe": ("eval", "probes"),
    "--majority": ("eval", "majority"),
}
"""The field each flag sets; SOURCE stands for the words that name raw data sets, and `--data DIR` for
the folder in which an evaluation finds its sets."""

NOT_HERE: dict[Keys, str] = {("stage",): "is chosen by the command", ("base",): "stands only in a file"}
"""Keys of a file that are no fields to be set."""

RANK = 3
"""Behind base and file in the order of complaints."""


@dataclass(frozen=True)
class Word:
    """One value given on the command line.

    Attributes:
        keys: The field.
        text: The value as typed, or None for a flag.
        value: The value of a flag.
        origin: For messages and for `recipe show`.
    """

    keys: Keys
    text: str | None
    value: Any
    origin: Origin


@dataclass
class Words:
    """Everything the command line sets, flags first."""

    words: list[Word] = field(default_factory=list)

    def lay_on(self, sheet: Sheet) -> list[Wrong]:
        """Sets the values, and returns what is wrong with them."""
        found = []
        for word in self.words:
            value: Any = word.value
            if word.keys in NOT_HERE:
                found.append(wrong(word.keys, NOT_HERE[word.keys], "leave it out", word.origin))
                continue
            if word.text is not None:
                try:
                    parsed = parse(word.text)
                    value = parsed.tree if word.text.strip() else None
                except NotYAML as error:
                    found.append(wrong(word.keys, str(error), "put the value in quotes", word.origin))
                    continue
                found.extend(
                    wrong((*word.keys, *keys), what, "", word.origin) for _, keys, what in parsed.faults
                )
            if fault := sheet.put(word.keys, value, word.origin):
                found.append(wrong(word.keys, fault, "", word.origin))
        return found


def parse_words(overrides: Sequence[str], flags: Mapping[str, Any]) -> Words:
    """Splits KEY=VALUE words and takes over flags that were given.

    Raises:
        UsageError: A word is not KEY=VALUE, or a field is set twice.
    """
    words = [
        Word(FLAGS[flag], None, _value(flag, value), Origin(flag, flag, (RANK, 0)))
        for flag, value in flags.items()
        if value
    ]
    for number, typed in enumerate(overrides, start=1):
        words.append(_split(typed, number))
    seen: dict[Keys, Word] = {}
    for word in words:
        if word.keys in seen:
            first, second = seen[word.keys].origin.where, word.origin.where
            raise UsageError(f"{first} and {second} set the same field", repair="give one of them")
        seen[word.keys] = word
    return Words(words)


def _value(flag: str, value: Any) -> Any:
    return [{"path": str(path)} for path in value] if flag == "--data" else value


def _split(typed: str, number: int) -> Word:
    key, equals, text = typed.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z_]\w*(\.\w+)*", key):
        data = not equals and (typed.endswith((".jsonl", ".json")) or Path(typed).exists())
        raise UsageError(
            f"{typed} is not KEY=VALUE" + (f"; did you mean --data {typed}?" if data else ""),
            repair="a recipe field is set like train.lr=1e-5",
        )
    keys = tuple(int(part) if part.isdecimal() else part for part in key.split("."))
    return Word(keys, text, None, Origin("command line", typed, (RANK, number)))
