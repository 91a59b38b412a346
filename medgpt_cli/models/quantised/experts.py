"""gpt-oss's experts as they are published, in MXFP4, beside which adapters learn.

Blocks and scales are all that is kept.  A matrix is unpacked for as long as its product takes, forwards and once more
backwards, so that at no time more than one of a layer is there; its numbers are exactly those of the unpacked model.
Adapters of experts are multiplied beside it, (x A) B, and their sum with the matrix is never made.  Nothing here is
merged: whoever wants that unpacks the model.  This module knows nothing of files or of PEFT.

Shapes: S tokens, K experts of each, E experts, I inputs and O outputs of a matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch.nn.functional import pad
from transformers.integrations.moe import _grouped_mm
from transformers.models.gpt_oss.modeling_gpt_oss import GptOssExperts

from medgpt_cli.core.microscaling import BLOCK
from medgpt_cli.models.upstream.packed import BLOCKS, SCALES, dense

MATRICES = ("gate_up_proj", "down_proj")
WHOLE_ROWS = 8
"""Ranks are filled up to a multiple of this: grouped products on a GPU read rows of 16 bytes."""


class Factors(NamedTuple):
    """An adapter of all experts of a layer, as their products take it.

    Attributes:
        inner: A, [E, I, rank].
        outer: B, [E, rank, O].
        scale: Of what they add.
    """

    inner: torch.Tensor
    outer: torch.Tensor
    scale: float


class PackedExperts(torch.nn.Module):
    """The experts of one layer.

    Args:
        like: What they stand in for; its biases are taken over, its matrices are not.

    Attributes:
        sizes: [E, I, O] of each matrix.
        adapters: What gives the factors of a matrix's adapter in a number format, where it carries one.
    """

    is_transposed = True
    """PEFT's question: whether a matrix has its inputs before its outputs."""

    def __init__(self, like: GptOssExperts) -> None:
        super().__init__()
        self.num_experts = like.num_experts
        self.alpha, self.limit = like.alpha, like.limit
        self.gate_up_proj_bias, self.down_proj_bias = like.gate_up_proj_bias, like.down_proj_bias
        self.sizes = {name: tuple(getattr(like, name).shape) for name in MATRICES}
        self.adapters: dict[str, Callable[[torch.dtype], Factors]] = {}

    def fill(self, name: str, blocks: torch.Tensor, scales: torch.Tensor) -> None:
        """Gives a matrix its numbers.

        Args:
            name: One of `MATRICES`.
            blocks: [E, O, I / 32, 16].
            scales: [E, O, I / 32].

        Raises:
            ValueError: They are not of its size.
        """
        experts, inputs, outputs = self.sizes[name]
        if blocks.shape != (experts, outputs, inputs // BLOCK, BLOCK // 2):
            raise ValueError(f"{name} has blocks of another shape")
        if scales.shape != blocks.shape[:-1]:
            raise ValueError(f"{name} has scales of another shape")
        # Parameters, not buffers: several processes would send each other buffers before every forward pass.
        for ending, tensor in ((BLOCKS, blocks), (SCALES, scales)):
            self.register_parameter(name + ending, torch.nn.Parameter(tensor, requires_grad=False))

    def forward(
        self, hidden: torch.Tensor, router_indices: torch.Tensor, routing_weights: torch.Tensor
    ) -> torch.Tensor:
        """What transformers' grouped experts do, in their order.

        Args:
            hidden: [S, width].
            router_indices: [S, K], numbers of experts.
            routing_weights: [S, K], theirs in the sum.
        """
        several = router_indices.shape[-1]
        numbers, order = torch.sort(router_indices.flatten())
        each = torch.arange(self.num_experts, device=numbers.device)
        ends = torch.searchsorted(numbers, each, right=True, out_int32=True)
        opened = self._product("gate_up_proj", hidden[order // several], ends)
        gated = GptOssExperts._apply_gate(self, opened + self.gate_up_proj_bias[numbers])
        closed = self._product("down_proj", gated, ends) + self.down_proj_bias[numbers]
        weighed = closed * routing_weights.flatten()[order].unsqueeze(-1)
        back = torch.empty_like(order)
        back[order] = torch.arange(len(order), device=order.device)
        made: torch.Tensor = weighed[back].view(len(hidden), several, -1).sum(dim=1)
        return made.to(hidden.dtype)

    def _product(self, name: str, rows: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
        """Rows, sorted by expert, times the matrix of each, with its adapter."""
        dtype = self.down_proj_bias.dtype  # what is frozen is kept in the format it is computed in
        rows = rows.to(dtype)
        packed = getattr(self, name + BLOCKS), getattr(self, name + SCALES)
        made: torch.Tensor = _Product.apply(rows, *packed, ends)
        if name in self.adapters:
            inner, outer, scale = self.adapters[name](dtype)
            more = -inner.shape[-1] % WHOLE_ROWS
            halfway = _grouped_mm(rows, pad(inner, (0, more)), ends)
            made = made + scale * _grouped_mm(halfway, pad(outer, (0, 0, 0, more)), ends)
        return made


class _Product(torch.autograd.Function):
    """Rows times packed matrices, which are unpacked anew on the way back."""

    @staticmethod
    def forward(
        ctx: Any,
        rows: torch.Tensor,
        blocks: torch.Tensor,
        scales: torch.Tensor,
        ends: torch.Tensor,
    ) -> torch.Tensor:
        ctx.save_for_backward(blocks, scales, ends)
        made: torch.Tensor = _grouped_mm(rows, dense(blocks, scales, rows.dtype), ends)
        return made

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        blocks, scales, ends = ctx.saved_tensors
        (gradient,) = gradients
        matrices = dense(blocks, scales, gradient.dtype)
        made = _grouped_mm(gradient.contiguous(), matrices.transpose(1, 2), ends)
        return made, None, None, None
