"""Sources cut into blocks of records, numbered from front to back: the same cuts on every machine.

This module knows nothing of what is done with a block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from medgpt_cli.data.prepared.raw import Item, Source

BYTES = 64 * 2**20
"""Bytes of lines after which a block ends early, so that long records do not fill the memory."""


class Block(NamedTuple):
    """Some records that are prepared together.

    Attributes:
        number: From 0 over all sources.
        source: Index of the source.
        items: In order.
    """

    number: int
    source: int
    items: list[Item]


def blocks(sources: Sequence[Source], size: int) -> Iterator[Block]:
    """Every block of every source, in order.

    Args:
        sources: What is read.
        size: Records in a block at most.
    """
    number = 0
    for index, source in enumerate(sources):
        items: list[Item] = []
        held = 0
        for item in islice(source.items(), source.cap):
            items.append(item)
            held += len(item.line)
            if len(items) == size or held >= BYTES:
                yield Block(number, index, items)
                number += 1
                items, held = [], 0
        if items:
            yield Block(number, index, items)
            number += 1
