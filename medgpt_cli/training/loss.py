"""Cross-entropy over supervised positions, never holding the logits of all of them at once.

The head multiplies only positions that are learnt, and where those times the vocabulary still hurt, so many rows at a
time.  Gradients are made in the forward pass, chunk by chunk, and the head's is added up in place: checkpointed chunks
would each allocate a whole one.  This module knows nothing of models, packing or ranks.

Shapes: N supervised positions, C width of the last hidden state, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import cross_entropy

IGNORED = -100

CHUNK = 2**25
"""Logits held at once (128 MB in float32): 166 positions at gpt-oss's vocabulary of 201,088."""


def position_losses(
    hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """-log p(target), summed and of each position, in nats.

    Args:
        hidden: (N, C), the last hidden state where something is learnt.
        weight: (V, C), the head.
        bias: (V), the head's bias, or None.
        targets: (N), the token that is learnt at each position.

    Returns:
        The sum, differentiable also where there is no position, and each position's own (N) without gradient; in
        float32 whatever the head's dtype: the log of a sum over the vocabulary needs the digits.
    """
    rows = max(1, CHUNK // weight.shape[0])
    if len(targets) <= rows or bias is not None:
        logits = torch.nn.functional.linear(hidden, weight, bias)
        each = cross_entropy(logits.float(), targets, reduction="none")
        return each.sum(), each.detach()
    total, each = _Chunked.apply(hidden, weight, targets, rows)
    return total, each


class _Chunked(torch.autograd.Function):
    """The same without the logits of all positions."""

    @staticmethod
    def forward(
        ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, rows: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        of_hidden = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        of_weight = torch.zeros_like(weight) if ctx.needs_input_grad[1] else None
        each = torch.empty(len(targets), dtype=torch.float32, device=hidden.device)
        for start in range(0, len(targets), rows):
            part, wanted = hidden[start : start + rows], targets[start : start + rows, None]
            logits = torch.nn.functional.linear(part, weight).float()
            right, top = logits.gather(1, wanted), logits.amax(dim=-1, keepdim=True)
            scores = logits.sub_(top).exp_()  # in the place of the logits, and from now on the softmax
            total = scores.sum(dim=-1, keepdim=True)
            each[start : start + rows] = (total.log() + top - right)[:, 0]
            if of_hidden is None and of_weight is None:
                continue
            error = scores.div_(total)
            error.scatter_add_(1, wanted, error.new_full((len(part), 1), -1.0))
            error = error.to(weight.dtype)
            if of_hidden is not None:
                of_hidden[start : start + rows] = error @ weight
            if of_weight is not None:
                of_weight.addmm_(error.T, part.to(weight.dtype))
        ctx.save_for_backward(of_hidden, of_weight)
        ctx.mark_non_differentiable(each)
        return each.sum(), each

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        of_hidden, of_weight = ctx.saved_tensors
        scale = grads[0]
        return (
            None if of_hidden is None else of_hidden.mul_(scale),
            None if of_weight is None else of_weight.mul_(scale),
            None,
            None,
        )
