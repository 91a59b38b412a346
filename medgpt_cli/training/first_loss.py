"""Whether the loss before the first step is what it should be: a broken template or mask shows here, after one batch.

A model that knows nothing guesses one of V tokens: ln V nats.  One that has read guesses better, with an untrained
projector too, for most of what is learnt is text.  The bands are rules of thumb and lead to a warning, never to a
refusal.  This module knows nothing of trainers.
"""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

Start = Literal["fresh", "composed", "continued"]
"""Weights from nothing; a pretrained language model with an untrained projector; any other model."""

KNOWN = 0.05
"""Nats a token under which answers are known by heart, or stand in the prompt."""

_BANDS: dict[Start, tuple[float, float]] = {
    "fresh": (0.8, 1.2),
    "composed": (0.0, 0.75),
    "continued": (0.0, 1.2),
}
"""Of ln V, lowest and highest.  `continued` goes as far as `fresh`: its language model may not have learnt yet."""


class FirstLoss(NamedTuple):
    """The loss of the untouched model on the first micro-batch of all processes.

    Attributes:
        loss: Nats a token; None where nothing is learnt, or where it is no number.
        tokens: Supervised ones.
        low: Expected at least.
        high: Expected at most.
        warning: What it looks like, in a sentence; empty where it is as expected.
    """

    loss: float | None
    tokens: int
    low: float
    high: float
    warning: str

    def as_json(self) -> dict[str, Any]:
        """For the manifest."""
        return self._asdict()


def judge(total: float, tokens: int, *, vocabulary: int, start: Start) -> FirstLoss:
    """Compares a first loss with what a sound one is.

    Args:
        total: Nats over all supervised tokens.
        tokens: How many these are.
        vocabulary: V.
        start: What the weights are.
    """
    guess = math.log(vocabulary)
    low, high = (share * guess for share in _BANDS[start])
    low = max(low, KNOWN)
    if not tokens:
        return FirstLoss(
            None,
            0,
            low,
            high,
            "the first batch has no token that is learnt: look at the mask with data preview",
        )
    loss = total / tokens
    if not math.isfinite(loss):
        return FirstLoss(
            None, tokens, low, high, "the first loss is not a number: the weights are broken"
        )
    said = f"the first loss is {loss:.2f} nats a token, and {low:.2f} to {high:.2f} was expected: "
    if loss > high:
        what = "worse than guessing" if high >= guess else "hardly better than guessing"
        return FirstLoss(
            loss, tokens, low, high, said + f"{what}; is the template or tokenizer another model's?"
        )
    if loss < low:
        what = (
            "the answers may stand in the prompt, or be learnt already"
            if start != "fresh"
            else "better than weights from nothing can be"
        )
        return FirstLoss(loss, tokens, low, high, said + f"{what}; is the mask right?")
    return FirstLoss(loss, tokens, low, high, "")
