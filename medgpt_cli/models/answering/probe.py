"""Whether a language model may be read through a store: tried against its own forward on this very machine.

The stored attention serves every decoder that asks transformers' registry for its attention and tells it of sinks and
windows.  Which these are is not looked up in a list: a made-up dialogue, longer than the window and read in three
passes with padding beside it, must give what one stock pass gives.  This module knows nothing of requests.
"""

from __future__ import annotations

from typing import Any

import torch

from medgpt_cli.models.answering.attention import attending_to_slots
from medgpt_cli.models.answering.reader import Piece, Reader
from medgpt_cli.models.answering.store import Shape, Store

TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 8e-2, torch.float16: 2e-2}
"""Largest median distance of hidden states, relative to their length.

The median, because in bfloat16 another rounding can send a token to another expert (`tiny`: 0.02 to 0.04, and 0.33 for
one token of eight); an attention that loses its sinks is off by 0.1 to 0.5 everywhere, one without its window by 1.
"""

TRIED = 5
"""Tokens that are compared of a pass over several, and passes over one."""

LONGEST = 512
"""A window longer than this is not walked out of; its first slots are tried only."""


@torch.inference_mode()
def agrees(model: Any) -> bool:
    """Whether the model reads through a store what it reads by itself.

    Args:
        model: A LLaVA model in evaluation mode.
    """
    language_model = model.model.language_model
    config = language_model.config
    rope = getattr(config, "rope_parameters", None) or {}
    if rope.get("rope_type") in {"dynamic", "longrope"}:
        return False  # their angles depend on the longest row of the pass
    window = min(getattr(config, "sliding_window", None) or 0, LONGEST)
    draw = torch.Generator().manual_seed(0)
    length = window + 24
    drawn = torch.randint(3, min(config.vocab_size, 1000), (length,), generator=draw)
    ids: list[int] = drawn.where(drawn != model.config.image_token_id, 2).tolist()
    stock = language_model(
        inputs_embeds=model.get_input_embeddings()(torch.tensor([ids], device=model.device))
    )
    expected = stock.last_hidden_state[0, -2 * TRIED :].float()
    try:
        with attending_to_slots(language_model):
            found = _in_passes(model, ids)
    except Exception:
        # Whatever a foreign model raises, the answer is the same: not in this way.
        return False
    off = (found.float() - expected).norm(dim=-1) / expected.norm(dim=-1)
    return bool(off.view(2, TRIED).median(dim=1).values.max() <= TOLERANCE.get(model.dtype, 0.0))


def _in_passes(model: Any, ids: list[int]) -> torch.Tensor:
    reader = Reader(model)
    shape = Shape.of(model.model.language_model.config)
    store = Store(shape, 2, len(ids), like=reader.like)
    cut, last = len(ids) // 2, len(ids) - TRIED
    reader.read(store, 0, [_piece(ids, 0, cut)])
    store.begin(range(1, 2), store.taken(0))
    store.filled[0] = cut - 4  # the neighbour goes on from elsewhere
    pieces = [_piece(ids[::-1], cut - 4, cut), _piece(ids, cut, last)]
    found = [reader.read(store, 0, pieces)[1, -TRIED:]]
    for step in range(TRIED):
        hidden = reader.go_on(store, [ids[0], ids[last + step]], [cut + step, last + step], [0, 0])
        found.append(hidden[1:])
    return torch.cat(found)


def _piece(ids: list[int], start: int, end: int) -> Piece:
    return Piece(ids[start:end], range(start, end), [0] * (end - start))
