"""A LLaVA model's forward pass while it is trained: from packed rows to the loss of each supervised position.

It stands in the place of the model's own `forward`, so that whatever wraps the model (DDP, DeepSpeed) sees one call
with one loss.  A batch without an image sends a blank tile through the tower, whose features go nowhere: under
ZeRO-3 and DDP all ranks must touch the same parameters, and a part that learns must always have a gradient.
Where ranks share a row, each merges and computes its own part of it.
This module knows nothing of optimisers.

Shapes: S tokens of all documents of a micro-batch, one behind the other; N supervised positions; T tiles; V vocabulary.
Where N ranks share a row, each has s = S / N of its tokens.
"""

from __future__ import annotations

from functools import partial
from types import MethodType
from typing import Any

import torch
from torch.nn.functional import pad

from medgpt_cli.core.documents import EAGER, OURS, READS_BOUNDS
from medgpt_cli.training.loss import IGNORED, position_losses
from medgpt_cli.training.sequence import Part


def learn_by_documents(model: Any, row_group: Any = None) -> None:
    """Replaces the forward pass of a LLaVA model and of its head; the model is for training from then on.

    Args:
        model: The model.
        row_group: The ranks that share a row; None for this one alone.

    Raises:
        ValueError: Its attention would let the documents of a row see each other, or cannot share one.
    """
    attention = model.model.language_model.config._attn_implementation
    if attention not in (EAGER, *READS_BOUNDS):
        raise ValueError(f"{attention} attention does not keep the documents of a row apart")
    if row_group is not None and attention != OURS:
        raise ValueError(f"{attention} attention cannot share a row among ranks")
    model.forward = MethodType(partial(_forward, row_group=row_group), model)
    model.lm_head.forward = MethodType(_head, model.lm_head)


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
    *,
    row_group: Any = None,
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
        row_group: The ranks that share the row; each is given all of it, and computes its own part.
        kwargs: What a trainer passes along; not read.

    Returns:
        The sum over this rank's supervised positions in nats, differentiable and zero where there are none; and
        each position's own (N) without gradient.  A plain tuple, which every wrapper knows how to look into.
    """
    attention = self.model.language_model.config._attn_implementation
    if attention == EAGER and len(cu_seq_lens_q) > 2:
        raise ValueError("eager attention would let the documents of a row see each other")
    part = Part.of(input_ids.shape[1], row_group)
    embeds = _with_images(self, input_ids, pixel_values, part)
    shared = {} if row_group is None else {"row_group": row_group}
    hidden = self.model(
        inputs_embeds=embeds,
        position_ids=part.cut(position_ids),
        **_bounds(attention, part.bounds(cu_seq_lens_q)),
        use_cache=False,
        **shared,
    ).last_hidden_state
    targets = part.cut(pad(labels[:, 1:], (0, 1), value=IGNORED), IGNORED)
    chosen = targets != IGNORED
    losses: tuple[torch.Tensor, torch.Tensor] = self.lm_head(hidden[chosen], targets[chosen])
    return losses


def _bounds(attention: str, bounds: torch.Tensor) -> dict[str, Any]:
    """Where documents begin and end, in the words that an attention reads; flash kernels want four of them."""
    if attention == OURS:
        return {"cu_seq_lens_q": bounds}
    if attention == EAGER:
        return {}
    longest = int(bounds.diff().max())
    return {
        "cu_seq_lens_q": bounds,
        "cu_seq_lens_k": bounds,
        "max_length_q": longest,
        "max_length_k": longest,
    }


def _with_images(
    model: Any, input_ids: torch.Tensor, pixel_values: torch.Tensor | None, part: Part
) -> torch.Tensor:
    """Token embeddings of this rank's part of a row with image features in their places, (1, s, C).

    The tower reads only the tiles whose features have a place in the part, a blank one where there are none.  With
    images or without, the same modules are called in the same order and the same graph is built: under ZeRO-3 each
    call gathers parameters on all ranks at once, and backwards again in the order of the graph.

    Raises:
        ValueError: There are not as many image tokens as features.
    """
    embeds: torch.Tensor = model.get_input_embeddings()(part.cut(input_ids))
    places = input_ids == model.config.image_token_id
    here = part.cut(places)
    shown, own, before = (int(each.sum()) for each in (places, here, places[:, : part.start]))
    given = 0 if pixel_values is None else len(pixel_values)
    first, end = before * given // max(shown, 1), -(-(before + own) * given // max(shown, 1))
    if pixel_values is None or not own:
        size = model.config.vision_config.image_size
        tiles = torch.zeros(1, 3, size, size, dtype=embeds.dtype, device=embeds.device)
    else:
        tiles = pixel_values[first:end].to(embeds.dtype)
    found = model.model.get_image_features(pixel_values=tiles, return_dict=True).pooler_output
    features = torch.cat(tuple(found))
    a_tile = len(features) // len(tiles)
    if shown != a_tile * given:
        raise ValueError(f"{shown} image tokens stand for {a_tile * given} image features")
    features = features[before - first * a_tile :]
    # A blank tile's features have no place to go: they take part, and their gradient is zero.
    return embeds.masked_scatter(here[..., None].expand_as(embeds), features.to(embeds.dtype))


def _head(self: Any, hidden: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The head's call, so that a sharded weight is gathered for it as for any other module."""
    return position_losses(hidden, self.weight, self.bias, targets)
