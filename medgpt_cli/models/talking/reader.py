"""Passes of a language model over the new tokens of one dialogue.

This module knows nothing of turns or replies.

Shapes: S new tokens, W the model's width.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import torch

from medgpt_cli.models.talking.kept import Kept

CHUNK = 512
"""New tokens in a pass at most."""

MASK_NUMBERS = 2**24
"""Entries of a mask at most: 64 MiB in float32."""


class Reader:
    """A LLaVA model that reads dialogues on.

    Args:
        model: A LLaVA model in evaluation mode, its language model attending to what is kept.
    """

    def __init__(self, model: Any) -> None:
        self._language_model = model.model.language_model
        self._embed = model.get_input_embeddings()
        self._head = model.lm_head
        self._device = model.device

    def read(
        self,
        kept: Kept,
        ids: Sequence[int],
        symbols: Sequence[Hashable],
        shown: torch.Tensor | None = None,
        image_id: int = -1,
    ) -> torch.Tensor:
        """Reads tokens behind those read before.

        Args:
            kept: The dialogue.
            ids: S token ids.
            symbols: The same as `Kept.read` has them.
            shown: (image tokens among them, W), or None without any.
            image_id: The token that stands for pictures.

        Returns:
            What the model makes of the last, (1, W).
        """
        told = torch.tensor([ids], device=self._device)
        embedded = self._embed(told)
        if shown is not None:
            embedded[told == image_id] = shown.to(embedded.dtype)
        done, hidden = 0, embedded
        while done < len(ids):
            count = max(1, min(CHUNK, MASK_NUMBERS // (kept.end + CHUNK)))
            part = slice(done, done + count)
            positions = torch.arange(kept.end, kept.end + len(ids[part]), device=self._device)
            kept.make_room(len(positions))
            hidden = self._language_model(
                inputs_embeds=embedded[:, part],
                position_ids=positions[None],
                use_cache=False,
                talking=kept,
            ).last_hidden_state
            kept.read += symbols[part]
            done += count
        last: torch.Tensor = hidden[0, -1:]
        return last

    def likeliest(self, hidden: torch.Tensor) -> int:
        """The next token after (1, W)."""
        return int(self._head(hidden).float().argmax())
