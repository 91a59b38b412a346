"""Memory of one device while it trains, by what it holds, at the worst moment of a step.

A step is walked through as it happens: the forward pass piles up activations, the head opens its logits, the backward
pass frees layer after layer while gradients appear, the optimiser needs room of its own.  The worst of these moments
is what must fit, and the parts reported are those of that moment.  Sharding and offloading divide the terms as
DeepSpeed does with the configuration `training.engine` writes.  This module knows nothing of recipes or time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from medgpt_cli.core.four_bits import BYTES
from medgpt_cli.training.plan import activations as kept
from medgpt_cli.training.plan.activations import FLOAT, Batch
from medgpt_cli.training.plan.shapes import Shape
from medgpt_cli.training.plan.sharing import LIBRARIES, Device, Sharing

BUCKET = 500_000_000
"""Elements of a bucket in which DeepSpeed gathers gradients (`reduce_bucket_size`, its default)."""
LIVE = 1_000_000_000
"""Parameters that ZeRO-3 keeps gathered at most (`stage3_max_live_parameters`, its default)."""
SUMMED = "experts with adapters added, or rounded"
PACKED = "parameters in 4 bits"
UNPACKED = "one matrix unpacked"
SUB_GROUP = 1_000_000_000
"""Parameters that its optimiser takes at once (`sub_group_size`, its default)."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes.

    Attributes:
        parts: On one device, by what they hold, at the worst moment.
        moment: When that is.
        highest: Of each part, at whatever moment it is largest; they do not all peak together.
        host: In main memory, of all devices that share it.
    """

    parts: dict[str, float]
    moment: str
    highest: dict[str, float]
    host: float

    @property
    def total(self) -> float:
        """On one device."""
        return sum(self.parts.values())


def memory(
    shape: Shape, batch: Batch, sharing: Sharing, device: Device, *, accumulate: int = 1
) -> Memory:
    """Memory of one device and of the machine around it.

    Args:
        shape: The model, and which of its parts learn.
        batch: The fullest micro-batch of a device.
        sharing: How devices share the work.
        device: What computes.
        accumulate: Micro-batches of a step.
    """
    standing, host = _standing(shape, sharing, device)
    wide = 2 if device.bf16 else FLOAT
    width = wide if sharing.deepspeed else FLOAT  # of a gradient
    share = sharing.ranks if sharing.deepspeed and sharing.zero > 1 else 1
    after_first = accumulate > 1
    if sharing.deepspeed and sharing.offload != "none" and sharing.zero > 1:
        width = 0  # gradients leave the device bucket by bucket
    learnt = shape.count(learnt=True)
    own = Batch(
        -(-batch.tokens // sharing.sequence),
        -(-batch.supervised // sharing.sequence),
        batch.tiles,
        batch.document,
    )
    worst, moment, size = standing, "", 0.0
    highest: dict[str, float] = {}
    for name, live, share_of_gradients in _moments(shape, own, sharing, device, wide):
        gradients = width * learnt / share * (1 if after_first else share_of_gradients)
        between = {"between tensors": device.loose * sum(live.values())}
        parts = {**standing, "gradients": gradients, **live, **between}
        highest = {
            part: max(highest.get(part, 0.0), value) for part, value in {**highest, **parts}.items()
        }
        if sum(parts.values()) > size:
            worst, moment, size = parts, name, sum(parts.values())
    held, peaks = ({part: value for part, value in parts.items() if value} for parts in (worst, highest))
    if sharing.checkpointing == "offload" and device.kind != "cpu":
        host += sharing.ranks * len(shape.decoder.windows) * own.tokens * wide * shape.decoder.width
    return Memory(held, moment, peaks, host)


def _standing(shape: Shape, sharing: Sharing, device: Device) -> tuple[dict[str, float], float]:
    """What is there all the time, on one device, and what waits in main memory."""
    learnt, ranks, libraries = shape.count(learnt=True), sharing.ranks, LIBRARIES[device.kind]
    packed = shape.packed(sharing.packed)
    total = shape.count() - packed
    in_four_bits = {PACKED: BYTES[sharing.packed] * packed if sharing.packed else 0.0}
    if not sharing.deepspeed:
        half = device.bf16 and bool(shape.adapted)  # frozen beside adapters: as it is computed
        castable = learnt if half else total - shape.count(part="experts")
        cast = 2 * castable if device.bf16 else 0
        return {
            **in_four_bits,
            "parameters": FLOAT * learnt + 2 * (total - learnt) if half else FLOAT * total,
            "parameters again, in bfloat16": cast,  # autocast keeps what it casts until the step's end
            "optimiser state": 2 * FLOAT * learnt,
            "buckets": FLOAT * learnt if ranks > 1 else 0,  # DDP copies gradients to send them
            "libraries": libraries,
        }, 0.0
    wide = 2 if device.bf16 else FLOAT
    sharded = sharing.zero == 3
    master = FLOAT if wide != FLOAT or not sharded or sharing.offload != "none" else 0
    state = (2 * FLOAT + master) * learnt / ranks
    parameters = wide * total / (ranks if sharded else 1)
    away = 0.0
    if sharing.offload != "none":
        away += (
            ranks * state + (wide + FLOAT) * learnt
        )  # gradients wait there too, as sent and in float32
        state = 0.0
    if sharing.offload == "parameters":
        away += ranks * parameters
        parameters = 0.0
    gathered = min(total, max(LIVE, shape.expert_layer)) if sharded else 0
    return {
        **in_four_bits,
        "parameters": parameters,
        "gathered parameters": wide * gathered,
        "optimiser state": state,
        "buckets": wide * min(BUCKET, learnt) if ranks > 1 else 0,
        "libraries": libraries,
    }, away


def _moments(
    shape: Shape, batch: Batch, sharing: Sharing, device: Device, wide: int
) -> Iterator[tuple[str, dict[str, float], float]]:
    """The moments of a step: its name, what lives then, and the share of all gradients that is there."""
    d, learnt = shape.decoder, max(shape.count(learnt=True), 1)
    experts = (
        wide if sharing.deepspeed or shape.adapted else FLOAT
    )  # autocast leaves grouped products in the weights' own format
    # PEFT adds an adapter to a layer's experts before they are multiplied with, and takes a gradient of the sum;
    # rounding them makes a copy as well, in place of that sum.
    # Beside packed experts that sum is never made.
    sums = ("experts" in shape.adapted and not sharing.packed) or sharing.rounded
    summed = [shape.count(str(layer), "experts") if sums else 0 for layer in range(len(d.windows))]
    layers = [
        kept.decoder_layer(shape, layer, batch, wide=wide, experts=experts, attention=device.attention)
        for layer in range(len(d.windows))
    ]
    entry = batch.tokens * wide * d.width
    copies = (
        2 * (experts if d.experts else wide) * batch.tokens * d.width * d.chosen
    )  # the gradient of copies of tokens, sorted and not
    again = sharing.checkpointing != "none"
    away = sharing.checkpointing == "offload" and device.kind != "cpu"
    seeing = kept.tower(shape, batch, wide=wide, again=again) + kept.projector(shape, batch, wide=wide)
    unpacked = (experts if d.experts else wide) * shape.largest_packed * bool(sharing.packed)
    inputs = {"inputs": 2.0 * (24 * batch.tokens + FLOAT * batch.tiles * shape.tower.pixels)}
    ending = kept.last_norm(shape, batch, wide=wide)
    head = kept.head(shape, batch, wide=wide)
    of_head = shape.count("head", learnt=True) / learnt

    mixed = "experts" if d.experts else "feed-forward"
    piles = [{"full attention": 0.0, "sliding attention": 0.0, mixed: 0.0}]
    for layer, (window, layer_kept) in enumerate(zip(d.windows, layers, strict=True)):
        kind = "full attention" if window is None else "sliding attention"
        pile = dict(piles[0] if again else piles[-1])
        pile[kind] += layer_kept.attention
        pile[mixed] += layer_kept.feed_forward
        if summed[layer]:
            pile[SUMMED] = pile.get(SUMMED, 0.0) + experts * summed[layer]
        if again:
            pile["inputs of layers"] = entry * (1 if away else len(piles))
        piles.append(pile)

    def up_to(layer: int) -> dict[str, float]:
        """What is kept of the layers before one, and of that one itself."""
        return piles[layer + 1]

    last = len(layers) - 1
    early = of_head if head.early_gradient else 0.0
    whole = {**up_to(last), "vision": seeing, **inputs}
    yield "the loss", {**whole, "logits and loss": head.kept + ending + head.forward}, early
    yield (
        "the backward pass of the head",
        {**whole, "logits and loss": head.kept + ending + head.backward},
        of_head,
    )
    done = of_head
    for layer in range(last, -1, -1):
        done += shape.count(str(layer), learnt=True) / learnt
        passing = {
            "gradients in passing": copies + (experts + FLOAT) * summed[layer],
            UNPACKED: unpacked,
        }
        yield (
            f"the backward pass of layer {layer}",
            {**up_to(layer), "vision": seeing, **inputs, **passing},
            done,
        )
    yield "the backward pass of the tower", {"vision": seeing, **inputs}, 1.0
    yield (
        "the optimiser's step",
        {"the optimiser's own room": _room(shape, sharing), **inputs},
        1.0,
    )


def _room(shape: Shape, sharing: Sharing) -> float:
    """What a step writes down in between: AdamW, fused, nothing; ZeRO-3 the gradient of a group in float32."""
    if not sharing.deepspeed or sharing.zero != 3 or sharing.offload != "none":
        return 0.0
    return FLOAT * min(SUB_GROUP, shape.count(learnt=True) / sharing.ranks)
