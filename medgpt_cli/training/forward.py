"""A LLaVA model's forward pass while it is trained: from packed rows to the loss of each supervised position.

It stands in the place of the model's own `forward`, so that whatever wraps the model (DDP, DeepSpeed) sees one call
with one loss.  A batch without an image sends a blank tile through the tower and multiplies what comes out by zero:
under ZeRO-3 and DDP all ranks must touch the same parameters, and a part that learns must always have a gradient.
This module knows nothing of optimisers or ranks.

Shapes: S tokens of all documents of a micro-batch, one behind the other; N supervised positions; T tiles; V vocabulary.
"""

from __future__ import annotations

from types import MethodType
from typing import Any, NamedTuple

import torch

from medgpt_cli.core.documents import READS_BOUNDS
from medgpt_cli.training.loss import IGNORED, position_losses


class Losses(NamedTuple):
    """What the forward pass of training returns.

    Attributes:
        total: The sum over supervised positions, in nats; differentiable, zero where there are none.
        each: Of each supervised position, (N), without gradient.
    """

    total: torch.Tensor
    each: torch.Tensor


def learn_by_documents(model: Any) -> None:
    """Replaces the forward pass of a LLaVA model and of its head until `forget` is called.

    Raises:
        ValueError: Its attention would let the documents of a row see each other.
    """
    attention = model.model.language_model.config._attn_implementation
    if attention not in READS_BOUNDS:
        raise ValueError(f"{attention} attention does not keep the documents of a row apart")
    model.forward = MethodType(_forward, model)
    model.lm_head.forward = MethodType(_head, model.lm_head)


def forget(model: Any) -> None:
    """Gives the model its own forward pass back."""
    for module in (model, model.lm_head):
        module.__dict__.pop("forward", None)


def supervised(labels: torch.Tensor) -> torch.Tensor:
    """Which positions predict a token that is learnt, (1, S - 1)."""
    return labels[:, 1:] != IGNORED


def _forward(
    self: Any,
    input_ids: torch.Tensor,
    labels: torch.Tensor,
    position_ids: torch.Tensor,
    cu_seq_lens_q: torch.Tensor,
    pixel_values: torch.Tensor | None = None,
    **kwargs: Any,
) -> Losses:
    """The loss of one micro-batch.

    Args:
        self: The LLaVA model.
        input_ids: (1, S).
        labels: (1, S), -100 where nothing is learnt; always so at the first token of a document.
        position_ids: (1, S), beginning anew with each document.
        cu_seq_lens_q: Where documents begin, and the end.
        pixel_values: (T, 3, H, W), or None without images.
        kwargs: What a trainer passes along; not read.
    """
    words: dict[str, Any] = {"input_ids": input_ids, "pixel_values": pixel_values}
    if pixel_values is None:
        words = {"inputs_embeds": self.get_input_embeddings()(input_ids) + _nothing(self)}
    hidden = self.model(
        **words, position_ids=position_ids, cu_seq_lens_q=cu_seq_lens_q, use_cache=False
    ).last_hidden_state
    chosen = supervised(labels)
    total, each = self.lm_head(hidden[:, :-1][chosen], labels[:, 1:][chosen])
    return Losses(total, each)


def _nothing(model: Any) -> torch.Tensor:
    """A zero that depends on tower and projector."""
    size = model.config.vision_config.image_size
    weight = model.get_input_embeddings().weight
    blank = torch.zeros(1, 3, size, size, dtype=model.dtype, device=weight.device)
    features = model.model.get_image_features(pixel_values=blank, return_dict=True).pooler_output
    zero: torch.Tensor = torch.cat(tuple(features)).sum() * 0.0
    return zero.to(weight.dtype)


def _head(self: Any, hidden: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The head's call, so that a sharded weight is gathered for it as for any other module."""
    return position_losses(hidden, self.weight, self.bias, targets)
