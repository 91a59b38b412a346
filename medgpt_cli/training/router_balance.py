"""The auxiliary loss of a mixture of experts, which spreads tokens over experts and which LLaVA drops silently.

Equations (4) to (6) of the Switch Transformer (arXiv 2101.03961), over all layers together, as transformers computes
it: experts times the sum over experts of (share of assignments) times (mean probability).  Routers are heard only
within a forward pass, so that what is computed anew in the backward pass is not counted twice.  Every token of a row
counts, learnt or not; a packed row holds no padding.  This module knows nothing of trainers.

Shapes: S tokens, E experts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from medgpt_cli.core.errors import BadRecipe

ROUTERS = ("GptOssTopKRouter",)
"""Classes whose forward pass returns (logits, scores, indices), logits (S, E)."""


class RouterBalance:
    """Hears the routers of a model.

    Args:
        model: Any module; it keeps its routers when it is wrapped afterwards.

    Raises:
        BadRecipe: It has none.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        routers = [each for each in model.modules() if type(each).__name__ in ROUTERS]
        if not routers:
            raise BadRecipe(
                "the model has no router whose choices could be balanced",
                where="train.router_aux",
                repair="set train.router_aux=0",
            )
        self._top_k = int(routers[0].top_k)  # type: ignore[arg-type]
        self._heard: list[torch.Tensor] | None = None
        for router in routers:
            router.register_forward_hook(self._hear)

    def _hear(self, router: Any, inputs: Any, outputs: Any) -> None:
        if self._heard is not None:
            self._heard.append(outputs[0])

    @contextmanager
    def listening(self) -> Iterator[list[torch.Tensor]]:
        """The logits (S, E) of each layer that routes while this lasts."""
        self._heard = []
        try:
            yield self._heard
        finally:
            self._heard = None

    def loss(self, logits: Sequence[torch.Tensor]) -> torch.Tensor:
        """The loss over all layers, differentiable; 1 where every expert is chosen alike and for one choice a token.

        Args:
            logits: What was heard.

        Raises:
            RuntimeError: Nothing was heard, or nothing that has a gradient: activations are computed anew by a
                method that cuts the graph (`use_reentrant`).
        """
        if not logits or (torch.is_grad_enabled() and not any(each.requires_grad for each in logits)):
            raise RuntimeError("the routers' logits have no gradient to balance them by")
        experts = logits[0].shape[-1]
        rows = sum(len(each) for each in logits)
        chosen = torch.zeros(experts, device=logits[0].device)
        probability = torch.zeros(experts, device=logits[0].device)
        for each in logits:
            shares = each.float().softmax(dim=-1)
            indices = shares.topk(self._top_k, dim=-1).indices
            chosen += torch.nn.functional.one_hot(indices, experts).sum(dim=(0, 1))
            probability = probability + shares.sum(dim=0)
        return experts * ((chosen / rows) * (probability / rows)).sum()
