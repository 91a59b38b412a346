"""Whether a language model may be read on from what is kept: tried against its own forward on this very machine.

This module knows nothing of dialogues.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch

from medgpt_cli.models.answering.probe import LONGEST, TOLERANCE, TRIED
from medgpt_cli.models.talking.attention import attending_to_kept
from medgpt_cli.models.talking.kept import Kept
from medgpt_cli.models.talking.reader import Reader


@torch.inference_mode()
def agrees(model: Any) -> bool:
    """Whether the model reads piece by piece what it reads at once.

    A made-up dialogue longer than the window is read in two passes and then token by token; the last tokens must
    come out as in one stock pass.

    Args:
        model: A LLaVA model in evaluation mode.
    """
    language_model = model.model.language_model
    config = language_model.config
    rope = getattr(config, "rope_parameters", None) or {}
    if rope.get("rope_type") in {"dynamic", "longrope"}:
        return False  # their angles depend on how long the dialogue is
    length = min(getattr(config, "sliding_window", None) or 0, LONGEST) + 24
    draw = torch.Generator().manual_seed(0)
    drawn = torch.randint(3, min(config.vocab_size, 1000), (length,), generator=draw)
    ids: list[int] = drawn.where(drawn != model.config.image_token_id, 2).tolist()
    stock = language_model(
        inputs_embeds=model.get_input_embeddings()(torch.tensor([ids], device=model.device))
    )
    expected = stock.last_hidden_state[0, -TRIED:].float()
    reader, kept = Reader(model), Kept(config, model.get_input_embeddings().weight)
    cuts = [0, length // 2, *range(length - TRIED + 1, length + 1)]
    try:
        with attending_to_kept(language_model):
            passes = [reader.read(kept, ids[a:b], ids[a:b]) for a, b in pairwise(cuts)]
    except Exception:
        # Whatever a foreign model raises, the answer is the same: not in this way.
        return False
    found = torch.cat(passes[1:]).float()
    off = (found - expected).norm(dim=-1) / expected.norm(dim=-1)
    return bool(off.median() <= TOLERANCE.get(model.dtype, 0.0))
