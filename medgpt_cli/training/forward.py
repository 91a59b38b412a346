"""A LLaVA model's forward pass while it is trained: from packed rows to the loss of each supervised position.

It stands in the place of the model's own `forward`, so that whatever wraps the model (DDP, DeepSpeed) sees one call
with one loss.  A batch without an image sends a blank tile through the tower, whose features go nowhere: under
ZeRO-3 and DDP all ranks must touch the same parameters, and a part that learns must always have a gradient.
This module knows nothing of optimisers or ranks.

Shapes: S tokens of all documents of a micro-batch, one behind the other; N supervised positions; T tiles; V vocabulary.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

import torch

from medgpt_cli.core.documents import READS_BOUNDS
from medgpt_cli.training.loss import IGNORED, position_losses


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
) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss of one micro-batch.

    Args:
        self: The LLaVA model.
        input_ids: (1, S).
        labels: (1, S), -100 where nothing is learnt; always so at the first token of a document.
        position_ids: (1, S), beginning anew with each document.
        cu_seq_lens_q: Where documents begin, and the end.
        pixel_values: (T, 3, H, W), or None without images.
        kwargs: What a trainer passes along; not read.

    Returns:
        The sum over supervised positions in nats, differentiable and zero where there are none; and each
        position's own (N) without gradient.  A plain tuple, which every wrapper knows how to look into.
    """
    embeds = _with_images(self, input_ids, pixel_values)
    hidden = self.model(
        inputs_embeds=embeds, position_ids=position_ids, cu_seq_lens_q=cu_seq_lens_q, use_cache=False
    ).last_hidden_state
    chosen = supervised(labels)
    losses: tuple[torch.Tensor, torch.Tensor] = self.lm_head(
        hidden[:, :-1][chosen], labels[:, 1:][chosen]
    )
    return losses


def _with_images(model: Any, input_ids: torch.Tensor, pixel_values: torch.Tensor | None) -> torch.Tensor:
    """Token embeddings with image features in their places, (1, S, C).

    With images or without, the same modules are called in the same order and the same graph is built: under ZeRO-3
    each call gathers parameters on all ranks at once, and backwards again in the order of the graph.

    Raises:
        ValueError: There are not as many image tokens as features.
    """
    embeds: torch.Tensor = model.get_input_embeddings()(input_ids)
    places = input_ids == model.config.image_token_id
    if pixel_values is None:
        size = model.config.vision_config.image_size
        tiles = torch.zeros(1, 3, size, size, dtype=embeds.dtype, device=embeds.device)
    else:
        tiles = pixel_values.to(embeds.dtype)
    found = model.model.get_image_features(pixel_values=tiles, return_dict=True).pooler_output
    features = torch.cat(tuple(found))
    if int(places.sum()) != (0 if pixel_values is None else len(features)):
        raise ValueError(f"{int(places.sum())} image tokens stand for {len(features)} image features")
    # A blank tile's features have no place to go: they take part, and their gradient is zero.
    return embeds.masked_scatter(places[..., None].expand_as(embeds), features.to(embeds.dtype))


def _head(self: Any, hidden: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The head's call, so that a sharded weight is gathered for it as for any other module."""
    return position_losses(hidden, self.weight, self.bias, targets)
