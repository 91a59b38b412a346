"""An encoded record as pieces a person can read: what is learnt, what is only read, and every special token.

This module is handed a tokenizer; it knows nothing of pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Any, Literal, NamedTuple

from medgpt_cli.data.dialogue import IGNORED, Encoded

Kind = Literal["text", "special", "image"]
ROLES = ("system", "developer", "user", "assistant")


class Piece(NamedTuple):
    """Tokens that are shown as one.

    Attributes:
        kind: Plain text, one special token, or one image.
        text: What they say; for an image its number from 0, as a text.
        learnt: Whether the model is taught to write them.
        tokens: How many.
        target: What is taught in place of the last of them, where that is another token.
    """

    kind: Kind
    text: str
    learnt: bool
    tokens: int
    target: str = ""


class Block(NamedTuple):
    """Pieces that one speaker says.

    Attributes:
        role: `system`, `developer`, `user`, `assistant`; `learnt` or `read` where the template does not tell.
        pieces: In order.
    """

    role: str
    pieces: list[Piece]


def pieces(record: Encoded, tokenizer: Any, *, image_id: int, tokens_per_image: int) -> list[Piece]:
    """An encoded record in pieces, in order.

    Args:
        record: What `DialogueEncoder.encode` returned.
        tokenizer: That encoded it.
        image_id: The id of an image's tokens.
        tokens_per_image: How many tokens one image takes, or one tile of it.
    """
    special = set(tokenizer.get_added_vocab().values())
    images = 0
    found: list[Piece] = []

    def looks(at: int) -> tuple[Kind, bool, int]:
        token = record.input_ids[at]
        kind: Kind = "image" if token == image_id else "special" if token in special else "text"
        # Every special token stands alone; what is no text ends a piece.
        return kind, record.labels[at] != IGNORED, at if kind == "special" else -1

    for (kind, learnt, _), run in groupby(range(len(record.input_ids)), looks):
        places = list(run)
        if kind == "image":
            shown = len(places) // tokens_per_image
            while shown:
                tiles = record.tiles[images] if record.tiles else 1
                found.append(Piece(kind, str(images), learnt, tiles * tokens_per_image))
                images += 1
                shown -= tiles
            continue
        ids = [record.input_ids[at] for at in places]
        last = places[-1]
        other = learnt and record.labels[last] != record.input_ids[last]
        target = tokenizer.decode([record.labels[last]]) if other else ""
        found.append(Piece(kind, tokenizer.decode(ids), learnt, len(ids), target))
    return found


def blocks(found: Sequence[Piece]) -> list[Block]:
    """Pieces by speaker, as the special token that begins a turn and the word behind it say.

    A template without such a token is cut where reading becomes learning and the other way round.
    """
    starts = [
        at
        for at, (piece, after) in enumerate(pairwise(found))
        if piece.kind == "special"
        and after.kind == "text"
        and after.text.strip().split("\n")[0] in ROLES
    ]
    if not starts:
        return [
            Block("learnt" if learnt else "read", list(run))
            for learnt, run in groupby(found, lambda piece: piece.learnt)
        ]
    bounds = [*starts, len(found)]
    head = [Block("read", list(found[: starts[0]]))] if starts[0] else []
    return head + [
        Block(found[start + 1].text.strip().split("\n")[0], list(found[start:end]))
        for start, end in pairwise(bounds)
    ]
