"""Whether an attention can be trusted on this very machine: tried against eager on a small layer, gradients included.

A package's version does not say it: whether a flash kernel knows sinks in its backward differs by card generation.
So an attention attends once to two closed documents with sinks and a window, and must agree in what it gives and in
every gradient, before a model is trained with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch

from medgpt_cli.core.documents import OURS
from medgpt_cli.models.attention.closed import closed_documents

LENGTHS = (70, 58)
WINDOW = 32
TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 4e-2, torch.float16: 1e-2}
"""Largest difference allowed, relative to the largest value of the reference."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a probe found.

    Attributes:
        name: The attention that was tried.
        agrees: Whether it may be used.
        reason: What differed, for the person who expected it.
    """

    name: str
    agrees: bool
    reason: str


def require_agreement(device: str, dtype: torch.dtype) -> None:
    """Tries our attention once before it is trained with.

    Args:
        device: Where training runs.
        dtype: In which it computes.

    Raises:
        RuntimeError: It differs from eager here; training would go wrong without a word.
    """
    verdict = probe(OURS, closed_documents, device=device, dtype=dtype)
    if not verdict.agrees:
        raise RuntimeError(f"attention differs from eager on this machine: {verdict.reason}")


def probe(
    name: str,
    attention: Callable[..., Any],
    *,
    device: str = "cpu",
    dtype: torch.dtype = torch.float32,
    sinks: bool = True,
) -> Verdict:
    """Tries one attention function on a full and a sliding layer.

    Args:
        name: What it is called in the verdict.
        attention: As transformers calls it.
        device: Where.
        dtype: In which precision.
        sinks: Whether the layer has sinks.
    """
    for window in (None, WINDOW):
        given = _states(device, dtype)[: None if sinks else 3]
        expected = _eager(given, window)
        # A generator of its own: a probe must not move the state that training begins with.
        noise = torch.randn(expected.shape, generator=torch.Generator().manual_seed(1))
        grad = noise.to(expected.device, expected.dtype)
        try:
            got = _call(name, attention, given, window)
            ours = (got, *torch.autograd.grad(got, given, grad, allow_unused=True))
        except Exception as error:
            # Whatever a foreign kernel raises, the answer is the same: not on this machine.
            return Verdict(name, False, f"raised {type(error).__name__}")
        theirs = (expected, *torch.autograd.grad(expected, given, grad))
        words = (
            "output",
            "gradient of queries",
            "gradient of keys",
            "gradient of values",
            "gradient of sinks",
        )
        for word, mine, reference in zip(words[: len(ours)], ours, theirs, strict=True):
            if mine is None:
                return Verdict(name, False, f"gives no {word}")
            off = ((mine.float() - reference.float()).abs().max() / reference.float().abs().max()).item()
            if not off <= TOLERANCE[dtype]:
                layer = "full" if window is None else "sliding"
                return Verdict(name, False, f"{word} differs by {off:.2g} in a {layer} layer")
    return Verdict(name, True, "agrees with eager in output and gradients")


def _states(device: str, dtype: torch.dtype) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    shapes = ((1, 4, sum(LENGTHS), 64), (1, 2, sum(LENGTHS), 64), (1, 2, sum(LENGTHS), 64), (4,))
    return tuple(
        torch.randn(shape, generator=generator).to(device, dtype).requires_grad_() for shape in shapes
    )


def _call(
    name: str, attention: Callable[..., Any], given: tuple[torch.Tensor, ...], window: int | None
) -> torch.Tensor:
    query, key, value = given[:3]
    sinks = given[3] if len(given) > 3 else None
    bounds = torch.tensor([0, LENGTHS[0], sum(LENGTHS)], dtype=torch.int32, device=query.device)
    layer = SimpleNamespace(
        num_key_value_groups=2, training=True, is_causal=True, sinks=sinks, layer_idx=0,
        config=SimpleNamespace(_attn_implementation=name),
    )  # fmt: skip
    out, _ = attention(
        layer, query, key, value, None, scaling=0.125, dropout=0.0, sliding_window=window, s_aux=sinks,
        cu_seq_lens_q=bounds, cu_seq_lens_k=bounds, max_length_q=max(LENGTHS), max_length_k=max(LENGTHS),
    )  # fmt: skip
    return out  # type: ignore[no-any-return]


def _eager(given: tuple[torch.Tensor, ...], window: int | None) -> torch.Tensor:
    """gpt-oss's definition with its whole S x S matrix, (B, S, H, D)."""
    query, key, value = given[:3]
    numbers = torch.repeat_interleave(torch.arange(2), torch.tensor(LENGTHS)).to(query.device)
    position = torch.arange(len(numbers), device=query.device)
    behind = position[:, None] - position[None, :]
    hidden = (behind < 0) | (numbers[:, None] != numbers[None, :])
    if window is not None:
        hidden |= behind >= window
    key, value = key.repeat_interleave(2, dim=1), value.repeat_interleave(2, dim=1)
    scores = (query @ key.transpose(2, 3) * 0.125).float().masked_fill(hidden, float("-inf"))
    if len(given) > 3:
        sink = given[3].float().view(1, -1, 1, 1).expand(*scores.shape[:3], 1)
        scores = torch.cat([scores, sink], dim=-1)
    weights = scores.softmax(dim=-1)[..., : len(numbers)]
    return (weights.to(value.dtype) @ value).transpose(1, 2)
