"""Long documents cut to a length, at paragraph bounds; a figure is never cut from its caption.

A paragraph ends at a blank line.  One that is too long by itself ends at a sentence, a sentence too long at a word.
This module knows records of the text form and counts by whatever counter it is handed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from medgpt_cli.core.errors import UsageError
from medgpt_cli.data.marks import MARK
from medgpt_cli.data.sources.adapter import Written

Count = Callable[[str], int]
"""Characters (`len`) or tokens of a text."""

BREAK = "\n\n"
_BOUNDS = (re.compile(r"(?<=[.!?])(?=\s)|(?<=[。！？])"), re.compile(r"(?<=\s)(?=\S)"))
"""Where a paragraph may be cut: after a sentence, after a blank."""


def cut(
    documents: Iterable[Written], most: int, count: Count = len, *, image: int = 0
) -> Iterator[Written]:
    """Each document in pieces of at most `most`; records of other forms pass as they are.

    The length of a piece is the sum of its paragraphs' and of the breaks between them, each counted by itself.  A
    figure with its caption is longer only when it is so alone.

    Args:
        documents: As an adapter yields them.
        most: The length of a piece, in what `count` counts.
        count: Of a text without marks.
        image: What one picture counts for.

    Raises:
        UsageError: `most` is not positive.
    """
    if most < 1:
        raise UsageError(f"a piece of a document cannot be {most} long", repair="name a positive length")
    for document in documents:
        text = document.record.get("text")
        if document.fault or type(text) is not str:
            yield document
        else:
            yield from _pieces(document, text, most, count, image)


def _pieces(document: Written, text: str, most: int, count: Count, image: int) -> Iterator[Written]:
    images = list(document.record.get("images") or ())
    pieces = list(pack(text, most, count, image))
    for number, piece in enumerate(pieces, start=1):
        shown, images = images[: piece.count(MARK)], images[piece.count(MARK) :]
        if number == len(pieces):
            shown += images  # too many pictures stay a fault of the record, told by whoever checks it
        record = {**document.record, "text": piece}
        record.pop("images", None)
        if shown:
            record["images"] = shown
        if len(pieces) > 1 and record.get("id"):
            record["id"] = f"{record['id']}/{number}"
        yield replace(document, record=record)


def pack(text: str, most: int, count: Count = len, image: int = 0) -> Iterator[str]:
    """A text in pieces of at most `most`, as `cut` says."""

    def length(paragraph: str) -> int:
        return count(paragraph.replace(MARK, "")) + image * paragraph.count(MARK)

    between = count(BREAK)
    held: list[str] = []
    size = 0
    for paragraph in text.split(BREAK):
        if not paragraph.strip():
            continue
        for part in _fitting(paragraph, most, length):
            added = length(part)
            if held and size + between + added > most:
                yield BREAK.join(held)
                held, size = [], 0
            size += added + (between if held else 0)
            held.append(part)
    if held:
        yield BREAK.join(held)


def _fitting(paragraph: str, most: int, length: Count) -> Iterator[str]:
    """A paragraph whole, or in parts none of which is too long; one with a figure is always whole."""
    if length(paragraph) <= most or MARK in paragraph:
        yield paragraph
        return
    parts = next((found for bound in _BOUNDS if len(found := bound.split(paragraph)) > 1), None)
    if parts is None:  # one word
        middle = len(paragraph) // 2
        parts = [paragraph[:middle], paragraph[middle:]] if middle else []
    held: list[str] = []
    size = 0
    for part in parts or [paragraph]:
        added = length(part)
        if held and size + added > most:
            yield from _joined(held, most, length)
            held, size = [], 0
        held.append(part)
        size += added
    yield from _joined(held, most, length)


def _joined(parts: list[str], most: int, length: Count) -> Iterator[str]:
    text = "".join(parts).strip()
    if len(parts) == 1 and len(text) > 1:
        yield from _fitting(text, most, length)
    elif text:
        yield text
