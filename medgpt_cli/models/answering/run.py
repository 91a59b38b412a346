"""The work on requests of about one length: read beginnings once, keep the rows full, write greedily, weigh choices.

Whenever enough rows are free, the next requests move in; a row is free as soon as its reply is complete.  Replies of
one task often begin alike (harmony's channel, for one): the beginning the last replies had in common is read along
with a new prompt, and kept as far as it is just what the model writes, so that nothing but time changes.  This module
knows nothing of texts; it deals in tokens.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from medgpt_cli.models.answering.asked import Answered, Asked
from medgpt_cli.models.answering.features import Features
from medgpt_cli.models.answering.guesses import Guesses
from medgpt_cli.models.answering.layout import Layout
from medgpt_cli.models.answering.reader import Piece, Reader
from medgpt_cli.models.answering.store import Shape, Store
from medgpt_cli.models.answering.tree import Node


@dataclass(slots=True)
class _Row:
    """A dialogue in the store: what was written, and where the next token stands."""

    answered: Answered
    began: float
    branch: int
    position: int


class Run:
    """Asks requests of about one length.

    Args:
        reader: Passes over the model.
        features: Of pictures.
        shape: Of keys and values.
        image_id: The token that stands for pictures.
        ends: Tokens that end a reply.
        done: Told what came of each request.
    """

    def __init__(
        self,
        reader: Reader,
        features: Features,
        shape: Shape,
        *,
        image_id: int,
        ends: frozenset[int],
        done: Callable[[Answered], None],
    ) -> None:
        self._reader = reader
        self._features = features
        self._shape = shape
        self._image_id = image_id
        self._ends = ends
        self._done = done
        self._guesses = Guesses(ends)

    def __call__(self, planned: Sequence[tuple[Asked, Node | None]], rows: int) -> None:
        """Answers all of them, `rows` at a time, in their order.

        Raises:
            MemoryError: As torch raises it; what was told `done` is done, the rest is not.
        """
        waiting = deque(planned)
        slots = max(asked.slots for asked, _ in planned)
        self._store = Store(self._shape, min(rows, len(planned)), slots, like=self._reader.like)
        self._active: list[_Row] = []
        total = len(self._store.filled)
        while waiting or self._active:
            free = total - len(self._active)
            if waiting and (not self._active or free >= self._guesses.enough(total)):
                self._admit([waiting.popleft() for _ in range(min(free, len(waiting)))])
            else:
                self._write()

    def _admit(self, entering: list[tuple[Asked, Node | None]]) -> None:
        self._features.prepare(ref for asked, _ in entering for ref in asked.images)
        able = []
        for asked, node in entering:
            error = next(
                (self._features.errors[r] for r in asked.images if r in self._features.errors), ""
            )
            if error:
                self._done(Answered(asked, finished=False, error=error))
                self._leave(node)
            else:
                able.append((asked, node))
        self._read_beginnings([node for _, node in able if node is not None])
        if able:
            self._read_requests(able)

    def _read_beginnings(self, nodes: list[Node]) -> None:
        """Reads those not yet read, the shorter first, as many at a time as there are rows free."""
        chains = [node.chain() for node in dict.fromkeys(nodes)]
        for depth in range(max(map(len, chains), default=0)):
            level = dict.fromkeys(chain[depth] for chain in chains if len(chain) > depth)
            unread = [node for node in level if node.states is None]
            first = len(self._active)
            free = len(self._store.filled) - first
            for start in range(0, len(unread), free):
                together = unread[start : start + free]
                self._begin(first, [node.parent for node in together])
                self._reader.read(
                    self._store,
                    first,
                    [
                        self._piece(n.asked, n.parent.length if n.parent else 0, n.length)
                        for n in together
                    ],
                )
                for row, node in enumerate(together, first):
                    node.states = self._store.taken(row)

    def _begin(self, first: int, parents: Sequence[Node | None]) -> None:
        start = 0
        for end in range(1, len(parents) + 1):
            if end == len(parents) or parents[end] is not parents[start]:
                node = parents[start]
                self._store.begin(range(first + start, first + end), node.states if node else None)
                start = end

    def _piece(self, asked: Asked, start: int, end: int) -> Piece:
        """A part of the trunk."""
        ids = asked.path[start:end]
        features = None
        count = int(np.count_nonzero(ids == self._image_id)) if asked.images else 0
        if count:
            before = int(np.count_nonzero(asked.path[:start] == self._image_id))
            bounds = asked.bounds(self._image_id)
            # Only those shown in this part: another of the request's pictures may be one that cannot be opened.
            first, last = bisect_right(bounds, before) - 1, bisect_left(bounds, before + count)
            whole = torch.cat([self._features[reference] for reference in asked.images[first:last]])
            features = whole[before - bounds[first] :][:count]
        return Piece(ids, range(start, end), [0] * (end - start), features)

    def _read_requests(self, able: list[tuple[Asked, Node | None]]) -> None:
        began = time.perf_counter()
        first = len(self._active)
        guess = self._guesses.beginning()
        self._begin(first, [node for _, node in able])
        layouts = [Layout(asked, node.length if node else 0, guess) for asked, node in able]
        pieces = []
        for layout in layouts:
            trunk = self._piece(layout.asked, layout.start, layout.asked.trunk)
            pieces.append(
                Piece(
                    [*trunk.ids.tolist(), *layout.ids],  # type: ignore[union-attr]
                    [*trunk.positions, *layout.positions],
                    [*trunk.branches, *layout.branches],
                    trunk.features,
                )
            )
        hidden = self._reader.read(self._store, first, pieces)
        weighed = self._weigh(layouts, hidden)
        written = self._look_at_guesses(layouts, hidden)
        now = time.perf_counter()
        for at, (layout, (_, node)) in enumerate(zip(layouts, able, strict=True)):
            answered = Answered(layout.asked, likelihoods=weighed[at])
            self._leave(node)
            row = _Row(answered, began, layout.branch, len(layout.asked.prompt))
            if layout.asked.limit:
                answered.first_token_seconds = now - began
                spare = self._take(row, layout.guess, written[at])
                self._store.filled[first + at] -= spare
            self._active.append(row)
        self._clear(first)

    def _leave(self, node: Node | None) -> None:
        for each in node.chain() if node else ():
            each.waiting -= 1
            if not each.waiting:
                each.states = None

    def _weigh(self, layouts: list[Layout], hidden: torch.Tensor) -> list[tuple[float, ...]]:
        rows = [at for at, layout in enumerate(layouts) for _ in layout.looked]
        if not rows:
            return [()] * len(layouts)
        spots = [spot for layout in layouts for spot, _, _ in layout.looked]
        tokens = [token for layout in layouts for _, token, _ in layout.looked]
        found = iter(self._reader.weights(hidden[rows, spots], tokens))
        sums = []
        for layout in layouts:
            total = [0.0] * len(layout.asked.choices)
            for _, _, choice in layout.looked:
                total[choice] += next(found)
            sums.append(tuple(total))
        return sums

    def _look_at_guesses(self, layouts: list[Layout], hidden: torch.Tensor) -> list[list[int]]:
        rows = [at for at, layout in enumerate(layouts) for _ in layout.ends]
        if not rows:
            return [[] for _ in layouts]
        spots = [spot for layout in layouts for spot in layout.ends]
        found = iter(self._reader.likeliest(hidden[rows, spots]))
        return [[next(found) for _ in layout.ends] for layout in layouts]

    def _take(self, row: _Row, guess: Sequence[int], found: Sequence[int]) -> int:
        """Takes what the model says as long as it is what was guessed; how many guesses were wrong."""
        for right, token in enumerate(found):
            row.answered.tokens.append(token)
            if self._complete(row) or right == len(guess) or token != guess[right]:
                row.position += right
                return len(guess) - right
        return 0

    def _complete(self, row: _Row) -> bool:
        tokens = row.answered.tokens
        return bool(tokens) and (tokens[-1] in self._ends or len(tokens) >= row.answered.asked.limit)

    def _write(self) -> None:
        rows = self._active
        hidden = self._reader.go_on(
            self._store,
            [row.answered.tokens[-1] for row in rows],
            [row.position for row in rows],
            [row.branch for row in rows],
        )
        for row, token in zip(rows, self._reader.likeliest(hidden), strict=True):
            row.position += 1
            row.answered.tokens.append(token)
        self._clear(0)

    def _clear(self, first: int) -> None:
        """Tells of complete rows and moves the last ones into their places."""
        now = time.perf_counter()
        for at in reversed(range(first, len(self._active))):
            row = self._active[at]
            answered = row.answered
            if answered.asked.limit and not self._complete(row):
                continue
            last = self._active.pop()
            if last is not row:
                self._active[at] = last
                self._store.move(len(self._active), at)
            answered.seconds = now - row.began
            if answered.asked.limit:
                answered.finished = answered.tokens[-1] in self._ends
                self._guesses.learn(answered.tokens)
            self._done(answered)
