"""What a model says to fixed inputs, and how far two models differ in it.

The two need not be in memory together: what the first says is kept, and held against what the second says.  This
module is handed models and inputs; it knows nothing of files, and nothing of what the inputs mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

ANSWER = 16
"""Tokens of each greedy answer."""
ROWS = 64
"""Positions compared at a time; a vocabulary of 200,000 makes each of them large."""


@dataclass(frozen=True)
class Said:
    """What a model says to one input.

    Attributes:
        logits: Of every position that holds no image, (S, V) in float32 on the CPU.
        tokens: Of its greedy answer.
    """

    logits: torch.Tensor
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class Difference:
    """How far two models differ over several inputs.

    Attributes:
        inputs: How many.
        positions: Tokens read, in all of them.
        max_logit: The largest absolute difference of two logits.
        kl_mean: Mean Kullback-Leibler divergence of a position, in nats.
        kl_max: The largest.
        top1: Share of positions at which both put the same token first.
        greedy: Share of the tokens of greedy answers that are the same, up to the first that is not.
    """

    inputs: int
    positions: int
    max_logit: float
    kl_mean: float
    kl_max: float
    top1: float
    greedy: float

    @property
    def none(self) -> bool:
        """Whether they are the same numbers and the same answers."""
        return self.max_logit == 0.0 and self.greedy == 1.0

    def as_json(self) -> dict[str, Any]:
        """The row of the document."""
        return asdict(self)


def listen(model: Any, inputs: Sequence[Mapping[str, Any]], image_token: int) -> list[Said]:
    """Reads each input and answers it greedily.

    Args:
        model: In evaluation mode.
        inputs: Keyword arguments of its `forward`, one row each.
        image_token: Id of the token that stands for a piece of an image.
    """
    found = []
    for each in inputs:
        ready = {
            name: value.to(model.device, model.dtype if value.is_floating_point() else None)
            for name, value in each.items()
        }
        with torch.no_grad():
            kept = each["input_ids"][0] != image_token
            logits = model(**ready).logits[0].cpu()[kept].float()
            answer = model.generate(**ready, do_sample=False, max_new_tokens=ANSWER)
        read = ready["input_ids"].shape[1]
        found.append(Said(logits, tuple(answer[0, read:].tolist())))
    return found


def difference(one: Sequence[Said], other: Sequence[Said]) -> Difference:
    """How far the second differs from the first.

    Args:
        one: What the original says.
        other: What the copy says to the same inputs.
    """
    largest, divergences, same, shared, tokens = 0.0, [], [], 0, 0
    for here, there in zip(one, other, strict=True):
        largest = max(largest, float((here.logits - there.logits).abs().max()))
        rows = zip(torch.split(here.logits, ROWS), torch.split(there.logits, ROWS), strict=True)
        divergences += [_divergence(a, b) for a, b in rows]
        same.append(here.logits.argmax(-1) == there.logits.argmax(-1))
        longest = max(len(here.tokens), len(there.tokens))
        pairs = zip(here.tokens, there.tokens, strict=False)
        alike = next(
            (at for at, (a, b) in enumerate(pairs) if a != b), min(len(here.tokens), len(there.tokens))
        )
        shared, tokens = shared + alike, tokens + longest
    kl, equal = torch.cat(divergences), torch.cat(same)
    return Difference(
        inputs=len(one),
        positions=len(kl),
        max_logit=largest,
        kl_mean=max(0.0, float(kl.mean())),
        kl_max=max(0.0, float(kl.max())),
        top1=float(equal.float().mean()),
        greedy=shared / tokens if tokens else 1.0,
    )


def _divergence(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """KL(one || other) of each row of logits."""
    p, q = one.double().log_softmax(-1), other.double().log_softmax(-1)
    return (p.exp() * (p - q)).sum(-1)
