"""What the forward pass keeps for the backward pass, layer by layer, tensor by tensor.

Written down from what autograd saves of each operation (a test holds these sums against its own list).  Every term
grows with the tokens and none with their square: attention keeps its inputs, its output and one number a head and
token.  This module knows nothing of optimisers, devices or ranks.

Letters: T tokens, C width, H heads, G key-value heads, D head size, I inner width, E experts, k of them chosen,
W window, N supervised positions, V vocabulary; w bytes of a number in computing, and 4 where norms compute in
float32 whatever the rest does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from medgpt_cli.training.loss import CHUNK
from medgpt_cli.training.plan.shapes import Shape

Attention = Literal["cpu-flash", "flash", "sink-as-key", "eager"]
"""Ours on a CPU; an installed flash kernel; ours elsewhere, where a sink is one more key and heads are repeated;
transformers' own, with a whole matrix of queries and keys."""

FLOAT = 4
INDEX = 8


@dataclass(frozen=True, slots=True)
class Batch:
    """One micro-batch on one device.

    Attributes:
        tokens: Of all its rows.
        supervised: Positions that are learnt.
        tiles: Images in it.
        document: Tokens of a record, on average: attention goes no farther.
    """

    tokens: int
    supervised: int
    tiles: int
    document: float


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes kept of one decoder layer."""

    attention: float
    feed_forward: float

    @property
    def total(self) -> float:
        """Of the whole layer."""
        return self.attention + self.feed_forward


def decoder_layer(
    shape: Shape, layer: int, batch: Batch, *, wide: int, experts: int, attention: Attention
) -> Kept:
    """Bytes kept of one decoder layer.

    Args:
        shape: The model.
        layer: Its number.
        batch: What goes through it.
        wide: w, 4 or 2.
        experts: The same of its experts.
        attention: Which kernel attends.
    """
    d = shape.decoder
    tokens, window = batch.tokens, d.windows[layer]
    learns = shape.learns("llm")
    # A norm keeps its input and one number a token; to learn its scale, also the normed input.
    normed = FLOAT if d.sinks else wide
    norm = tokens * (FLOAT * (d.width + 1) + (normed * d.width if learns else 0))
    projected = tokens * wide * d.width * learns  # the input of q, k and v
    heads, groups = d.heads * d.head, d.groups * d.head
    blocked = window is not None and tokens > window
    if attention == "eager":
        # Queries, keys and values for each head, and every weight; that of a sink stands beside its row's, and which
        # score was the largest.  A llama makes its weights in single precision.
        numbers = tokens * (3 * heads + d.heads * (tokens + d.sinks))
        weights = 0 if d.sinks or wide == FLOAT else tokens
        logs = tokens * d.heads * (INDEX // FLOAT * d.sinks + weights)
    elif attention == "sink-as-key" and d.sinks:
        padded = d.heads * (-(-(d.head + 1) // 8) * 8)  # kernels take heads of a multiple of 8
        numbers = tokens * padded * (6 if blocked else 4)
        logs = tokens * d.heads
    elif blocked and attention != "flash":
        assert window is not None
        filled = -(-tokens // window) * window
        # Windows of keys overlap in one storage, a block longer than the row; the bias has two blocks a query.
        numbers = filled * (2 * heads + 2 * window) + (filled + window) * 2 * groups
        logs = filled * d.heads
    else:
        numbers = tokens * (2 * heads + 2 * groups)
        logs = tokens * d.heads
    closing = tokens * wide * heads * learns  # the input of the output projection
    own = norm + projected + wide * numbers + FLOAT * logs + closing
    return Kept(
        own, norm + (_experts(shape, tokens, experts) if d.experts else _dense(shape, tokens, wide))
    )


def _dense(shape: Shape, tokens: int, wide: int) -> float:
    """Gate, its activation and the other half; to learn, also the input and their product."""
    d, learns = shape.decoder, shape.learns("llm")
    return tokens * wide * (3 * d.inner + (d.width + d.inner) * learns)


def _experts(shape: Shape, tokens: int, wide: int) -> float:
    """Of each token's k copies: both halves, four steps of the gate, the weighted output; to learn, also the inputs."""
    d = shape.decoder
    learns, routed = shape.learns("experts"), shape.learns("router")
    copies = tokens * d.chosen
    numbers = copies * (6 * d.inner + d.width + 2 + (d.width + d.inner) * learns)
    order = INDEX * copies * (4 + learns)  # which expert, and the way there and back
    return wide * (numbers + tokens * d.width * routed) + order


def tower(shape: Shape, batch: Batch, *, wide: int, again: bool = False) -> float:
    """Bytes kept of the vision tower; nothing where it does not learn.

    Args:
        shape: The model.
        batch: What goes through it.
        wide: w, 4 or 2.
        again: Whether a block keeps its input alone and makes the rest again.
    """
    v = shape.tower
    if not shape.learns("vision"):
        return 0.0
    tokens = batch.tiles * v.tokens
    block = wide * (8 * v.width + (3 if v.gate_kept else 2) * v.inner) + FLOAT * (v.heads + 4)
    blocks = wide * v.used * v.width + block if again else v.used * block
    return tokens * (blocks + wide * v.width + 2 * FLOAT)


def projector(shape: Shape, batch: Batch, *, wide: int) -> float:
    """Bytes kept of the projector: its input, and its inner matrix before and after the activation."""
    learns = shape.learns("projector")
    if not (learns or shape.learns("vision")):
        return 0.0
    width = shape.decoder.width
    return batch.tiles * shape.tower.handed_on * wide * (width + (shape.tower.width + width) * learns)


def last_norm(shape: Shape, batch: Batch, *, wide: int) -> float:
    """Bytes kept of the norm before the head."""
    d = shape.decoder
    normed = (FLOAT if d.sinks else wide) * d.width * shape.learns("llm")
    return batch.tokens * (FLOAT * (d.width + 1) + normed)


@dataclass(frozen=True, slots=True)
class Head:
    """Bytes of the head and the loss.

    Attributes:
        kept: From its forward to its backward pass.
        forward: Besides, while its forward pass runs.
        backward: Besides, while its backward pass runs.
        early_gradient: Whether the head's gradient is made in the forward pass already.
    """

    kept: float
    forward: float
    backward: float
    early_gradient: bool


def head(shape: Shape, batch: Batch, *, wide: int) -> Head:
    """What the logits take: those of supervised positions alone, and not of more than `loss.CHUNK` at once."""
    d, rows = shape.decoder, batch.supervised
    at_once = max(1, CHUNK // d.vocabulary)
    inputs = rows * d.width * wide
    narrow = wide * (wide != FLOAT)  # a second copy where logits are not float32 already
    if rows <= at_once:
        logits = rows * d.vocabulary
        # log-softmax stays; before it the logits, behind it its gradient and that of the logits.
        kept = FLOAT * logits + inputs * shape.learns("llm")
        return Head(kept, (FLOAT + narrow) * logits, (2 * FLOAT + narrow) * logits, False)
    logits = at_once * d.vocabulary
    chosen = inputs  # the hidden states that were picked out
    return Head(
        inputs + chosen, (2 * FLOAT + narrow) * logits, 0.0, shape.count("head", learnt=True) > 0
    )
