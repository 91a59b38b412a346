"""Passes of a language model over rows of a store, pictures put in, the head on chosen tokens only.

This module knows nothing of requests, replies or the order of work.

Shapes: n rows, S new tokens a row, W the model's width, V its vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from medgpt_cli.models.answering.asked import Ids
from medgpt_cli.models.answering.store import Store, padded

HEAD_NUMBERS = 2**24
"""Logits at a time: 64 MiB in float32."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one row reads in a pass.

    Attributes:
        ids: S token ids.
        positions: Of each in its dialogue.
        branches: 0 for the trunk.
        features: (image tokens, W) for the image tokens among them, or None.
    """

    ids: Sequence[int] | Ids
    positions: Sequence[int]
    branches: Sequence[int]
    features: torch.Tensor | None = None


class Reader:
    """A LLaVA model, read in passes over a store.

    Args:
        model: A LLaVA model in evaluation mode, its language model attending to slots.
    """

    def __init__(self, model: Any) -> None:
        self._language_model = model.model.language_model
        self._embed = model.get_input_embeddings()
        self._head = model.lm_head
        self._image_id = model.config.image_token_id
        self.device = model.device
        self.like = self._embed.weight
        self.tokens = 0
        """Tokens read so far, padding included."""
        self.passes = 0

    def read(self, store: Store, first: int, pieces: Sequence[Piece]) -> torch.Tensor:
        """Reads a piece in each of the rows from `first` on.

        Returns:
            What the model makes of each token, (n, S, W); that of padding means nothing.
        """
        ids = padded([list(piece.ids) for piece in pieces], 0, device=self.device)
        positions = padded([piece.positions for piece in pieces], -1, device=self.device)
        branches = padded([piece.branches for piece in pieces], 0, device=self.device)
        embedded = self._embed(ids)
        seen = [piece.features for piece in pieces if piece.features is not None]
        if seen:
            embedded[(ids == self._image_id) & (positions >= 0)] = torch.cat(seen).to(embedded.dtype)
        return self._pass(store, first, embedded, positions, branches)

    def go_on(
        self, store: Store, ids: Sequence[int], positions: Sequence[int], branches: Sequence[int]
    ) -> torch.Tensor:
        """Reads one token in each of the first rows; (n, W)."""
        told = torch.tensor([ids, positions, branches], device=self.device)[..., None]
        return self._pass(store, 0, self._embed(told[0]), told[1], told[2])[:, 0]

    def _pass(
        self,
        store: Store,
        first: int,
        embedded: torch.Tensor,
        positions: torch.Tensor,
        branches: torch.Tensor,
    ) -> torch.Tensor:
        self.tokens += positions.numel()
        self.passes += 1
        made: torch.Tensor = self._language_model(
            inputs_embeds=embedded,
            position_ids=positions.clamp(min=0),
            use_cache=False,
            answering=store.admit(first, positions, branches),
        ).last_hidden_state
        return made

    def likeliest(self, hidden: torch.Tensor) -> list[int]:
        """The next token after each of (m, W)."""
        best = [self._head(part).float().argmax(-1) for part in self._parts(hidden)]
        found: list[int] = torch.cat(best).tolist()
        return found

    def weights(self, hidden: torch.Tensor, tokens: Sequence[int]) -> list[float]:
        """The log-probability, in nats, of each token after its (m, W)."""
        found: list[float] = []
        wanted = torch.tensor(tokens, device=self.device)[:, None]
        for part, those in zip(self._parts(hidden), self._parts(wanted), strict=True):
            scores = self._head(part).float()
            found += (scores.gather(-1, those)[:, 0] - scores.logsumexp(-1)).tolist()
        return found

    def _parts(self, rows: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return torch.split(rows, max(1, HEAD_NUMBERS // self._head.weight.shape[0]))
