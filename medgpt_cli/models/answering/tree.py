"""Which requests begin alike: a tree of beginnings, each of which is read once.

A picture counts as part of a beginning: its tokens are equal only where the picture is.  A beginning gets a node where
reading it once saves more than the extra pass over the model costs.  This module knows nothing of models or tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from medgpt_cli.models.answering.asked import Asked, shared

WORTH = 48
"""Tokens that must be saved before a beginning is read apart; about what a pass costs beside its tokens."""


@dataclass(eq=False, slots=True)
class Node:
    """A beginning that several requests have in common.

    Attributes:
        asked: One of them, whose first `length` tokens it is.
        length: Tokens from the start of the dialogue.
        parent: The longest shorter beginning that is read apart, or None.
        waiting: Requests that will still need it.
        states: Keys and values once it has been read; whatever the reader makes of it.
    """

    asked: Asked
    length: int
    parent: Node | None
    waiting: int = 0
    states: Any = field(default=None, repr=False)

    def chain(self) -> list[Node]:
        """This beginning and the shorter ones it stands on, shortest first."""
        chain: list[Node] = []
        node: Node | None = self
        while node is not None:
            chain.append(node)
            node = node.parent
        return chain[::-1]


def plan(requests: Sequence[Asked], image_id: int) -> list[tuple[Asked, Node | None]]:
    """The order in which requests are best asked, each with the beginning it goes on from.

    Args:
        requests: What is asked.
        image_id: The token that stands for pictures.

    Returns:
        All of them; those with a common beginning follow one another, longest remainders first.
    """
    if not requests:
        return []
    pictures: dict[str, int] = {}
    rows = [symbols(asked, image_id, pictures) for asked in requests]
    order = sorted(range(len(rows)), key=lambda i: rows[i].astype(">u4").tobytes())
    common = [0, *(shared(rows[a], rows[b]) for a, b in pairwise(order))]
    planned: list[tuple[Asked, Node | None]] = []
    waiting: list[tuple[int, int, Node | None]] = [(0, len(order), None)]
    while waiting:
        first, last, parent = waiting.pop()
        if last - first == 1:
            planned.append((requests[order[first]], parent))
            continue
        depth = min(common[first + 1 : last])
        cuts = [first, *(i for i in range(first + 1, last) if common[i] == depth), last]
        saved = (depth - (parent.length if parent else 0)) * (len(cuts) - 2)
        node = Node(requests[order[first]], depth, parent) if saved >= WORTH else parent
        parts = list(pairwise(cuts))
        # The last one put down is taken up first.
        parts.sort(key=lambda part: max(requests[order[i]].slots for i in range(*part)))
        waiting.extend((start, end, node) for start, end in parts)
    for _, leaf in planned:
        for each in leaf.chain() if leaf else ():
            each.waiting += 1
    return planned


def symbols(
    asked: Asked, image_id: int, pictures: dict[str, int]
) -> np.ndarray[Any, np.dtype[np.int32]]:
    """What a request may share with others, pictures told apart.

    Args:
        asked: The request.
        image_id: The token that stands for pictures.
        pictures: The number of each picture met so far; grows.
    """
    row = asked.path[: asked.shareable].copy()
    spots = np.flatnonzero(asked.path == image_id)
    if asked.images:
        each = np.array([-1 - pictures.setdefault(ref, len(pictures)) for ref in asked.images], np.int32)
        here = spots[spots < len(row)]
        row[here] = each.repeat(np.diff(asked.bounds(image_id)))[: len(here)]
    return row
