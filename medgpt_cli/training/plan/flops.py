"""Floating-point operations of a micro-batch, counted as they are told.

A product of an (m, n) and an (n, p) matrix is 2·m·n·p operations.  Counted are all products of the model: the tower
up to the layer the projector reads, the projector, attention over the pairs of tokens that really see each other, the
k experts a token goes through and not the others, the head at supervised positions.  The backward pass counts once for
the gradient of what went in, where anything below learns, and once for that of the weights, where they learn.  Norms,
activations and sums are not counted, and neither is what activation checkpointing computes again: these are the
operations of the model, by which a machine's utilisation is told (MFU, arXiv 2204.02311, appendix B).
"""

from __future__ import annotations

from dataclasses import dataclass

from medgpt_cli.training.plan.activations import Batch
from medgpt_cli.training.plan.shapes import Shape


@dataclass(frozen=True, slots=True)
class Flops:
    """Operations by what they are for.

    Attributes:
        forward: Of the forward pass: `vision`, `attention`, `feed-forward` or `experts`, `head`.
        backward: Of the backward pass.
    """

    forward: dict[str, float]
    backward: dict[str, float]

    @property
    def total(self) -> float:
        """Operations of the model."""
        return sum(self.forward.values()) + sum(self.backward.values())

    def executed(self, *, checkpointing: bool) -> float:
        """With those that checkpointing repeats: the decoder's forward pass, and the tower's where it learns."""
        seen = ("head",) if self.backward["vision"] > self.forward["vision"] else ("vision", "head")
        again = sum(value for name, value in self.forward.items() if name not in seen)
        return self.total + (again if checkpointing else 0.0)


def flops(shape: Shape, batch: Batch) -> Flops:
    """Operations of one micro-batch, forward and backward."""
    d, v = shape.decoder, shape.tower
    decoder_learns = any(shape.learns(part) for part in ("llm", "experts", "router"))
    vision, projector = shape.learns("vision"), shape.learns("projector")
    below = decoder_learns or vision or projector
    share = d.chosen / d.experts if d.experts else 1.0
    mixed = "experts" if d.experts else "feed-forward"
    forward = {"vision": 0.0, "attention": 0.0, mixed: 0.0, "head": 0.0}
    backward = dict(forward)

    def add(name: str, operations: float, *, flows: bool, learns: bool) -> None:
        forward[name] += operations
        backward[name] += operations * (flows + learns)

    blocks = _matrices(shape, "tower", "vision") * v.used / v.layers
    seen = batch.tiles * v.tokens
    add("vision", 2 * blocks * seen, flows=vision, learns=vision)
    add("vision", v.used * 4 * v.width * v.tokens * seen, flows=vision, learns=vision)
    handed = batch.tiles * v.handed_on
    add(
        "vision", 2 * _matrices(shape, "projector", "projector") * handed, flows=vision, learns=projector
    )
    for layer, window in enumerate(d.windows):
        place = str(layer)
        inner = 0 if d.experts else 3 * d.width * d.inner
        projections = _matrices(shape, place, "llm") - inner
        add("attention", 2 * projections * batch.tokens, flows=below, learns=shape.learns("llm"))
        pairs = batch.tokens * _seen_keys(batch.document, window)
        add("attention", 4 * d.heads * d.head * pairs, flows=below, learns=below)
        add(mixed, 2 * inner * batch.tokens, flows=below, learns=shape.learns("llm"))
        for part, used in (("experts", share), ("router", 1.0)):
            operations = 2 * _matrices(shape, place, part) * used * batch.tokens
            add(mixed, operations, flows=below, learns=shape.learns(part))
    head = 2.0 * d.vocabulary * d.width * batch.supervised  # a tied head stands with the embedding
    add("head", head, flows=below, learns=shape.learns("llm"))
    return Flops(forward, backward)


def _matrices(shape: Shape, place: str, part: str) -> int:
    return sum(each.matrices for each in shape.weights if (each.place, each.part) == (place, part))


def _seen_keys(document: float, window: int | None) -> float:
    """Keys a query sees on average: causal, within its document and its window."""
    if window is None or document <= window:
        return (document + 1) / 2
    return window - window * (window - 1) / (2 * document)
