"""The shape of a model, from its configuration alone: widths, layers, and how many parameters stand where.

The very classes that are trained are built on torch's `meta` device, where a parameter has a size and no memory; so
counts are exact for every model the trainer takes, and no weight is read.  This module knows nothing of recipes,
memory or time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from huggingface_hub.errors import StrictDataclassError
from transformers import LlavaConfig, LlavaForConditionalGeneration

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.core.four_bits import MXFP4, NF4, Packed
from medgpt_cli.training.parts import PartCount, freeze, part_of
from medgpt_cli.training.plan.adapters import attach_sizes
from medgpt_cli.training.targets import adapted_weights

_LAYER = re.compile(r"language_model\.layers\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class Decoder:
    """A language model.

    Attributes:
        width: Of the residual stream (C).
        heads: Query heads (H).
        groups: Key-value heads (G).
        head: Size of a head (D).
        inner: Width between the two halves of a feed-forward block or of one expert (I).
        experts: Experts of a layer (E); 0 for a dense one.
        chosen: Experts a token goes through (k); 1 for a dense one.
        windows: The window of each layer in tokens; None for full attention.
        sinks: Whether it attends with learned sinks.
        vocabulary: Rows of the head (V).
        context: Longest sequence in tokens.
    """

    width: int
    heads: int
    groups: int
    head: int
    inner: int
    experts: int
    chosen: int
    windows: tuple[int | None, ...]
    sinks: bool
    vocabulary: int
    context: int


@dataclass(frozen=True, slots=True)
class Tower:
    """A vision tower.

    Attributes:
        width: Of its residual stream.
        heads: Of its attention.
        inner: Width of its feed-forward block.
        layers: Blocks it runs through.
        used: Blocks before the layer the projector reads; the others never see a gradient.
        tokens: Tokens of one tile inside the tower, the class token included.
        handed_on: Tokens of one tile in the language model.
        side: Pixels across one tile.
        gate_kept: Whether its activation keeps a second matrix for the backward pass (CLIP's quick GELU).
    """

    width: int
    heads: int
    inner: int
    layers: int
    used: int
    tokens: int
    handed_on: int
    side: int
    gate_kept: bool

    @property
    def pixels(self) -> int:
        """Numbers in one tile."""
        return 3 * self.side**2


class Weight(NamedTuple):
    """Parameters of one place.

    Attributes:
        place: `tower`, `projector`, `embedding`, `norm`, `head`, or a decoder layer's number as text.
        part: One of `parts.PARTS`.
        total: How many.
        learnt: How many of them learn.
        largest: Of the largest tensor among those that learn.
        matrices: Those of tensors with two dimensions or more: what a token is multiplied with.
    """

    place: str
    part: str
    total: int
    learnt: int
    largest: int
    matrices: int


@dataclass(frozen=True)
class Shape:
    """A model without its weights, some parts of which learn.

    Attributes:
        name: What it is called.
        decoder: Its language model.
        tower: Its vision tower.
        weights: Parameters by place and part.
        counts: Parameters by part.
        adapted: Parts that carry adapters; what is frozen beside them stays in the format it is computed in.
    """

    name: str
    decoder: Decoder
    tower: Tower
    weights: tuple[Weight, ...]
    counts: Mapping[str, PartCount]
    adapted: frozenset[str] = frozenset()

    def count(self, place: str = "", part: str = "", *, learnt: bool = False) -> int:
        """Parameters of a place, of a part, or of all."""
        return sum(
            each.learnt if learnt else each.total
            for each in self.weights
            if place in ("", each.place) and part in ("", each.part)
        )

    def learns(self, part: str) -> bool:
        """Whether any parameter of a part does."""
        return self.count(part=part, learnt=True) > 0

    @property
    def expert_layer(self) -> int:
        """Parameters that ZeRO-3 gathers at once: the experts and router of one layer, or the largest tensor."""
        blocks = [
            self.count(str(layer), "experts") + self.count(str(layer), "router")
            for layer in range(len(self.decoder.windows))
        ]
        return max(max(blocks), self.count("head"), self.count("embedding"))

    def packed(self, to: Packed | None) -> int:
        """Frozen weights that are kept in four bits beside adapters: of experts, or of a dense model's linear layers.

        Args:
            to: The format; `mxfp4` is for gpt-oss's experts, `nf4` for models without any. None keeps none so.
        """
        if to is None or not self.adapted:
            return 0
        part = {MXFP4: "experts", NF4: "llm"}[to]
        if (part == "experts") != bool(self.decoder.experts):
            return 0
        # What learns of a part beside adapters are adapters, and all of them are matrices.
        return sum(
            each.matrices - each.learnt
            for each in self.weights
            if each.part == part and each.place.isdigit()
        )

    @property
    def largest_packed(self) -> int:
        """Weights of the largest matrix among them: all experts' gates and openings, or one layer's own."""
        d = self.decoder
        return 2 * d.experts * d.width * d.inner or d.width * max(d.inner, d.heads * d.head)


def shape_of(
    name: str,
    config: Mapping[str, Any],
    learns: Mapping[str, bool],
    *,
    lora: Any = None,
    by_adapters: Collection[str] = (),
) -> Shape:
    """The shape of a LLaVA model.

    Args:
        name: What it is called.
        config: Its `config.json`.
        learns: Whether each part learns.
        lora: The recipe's `lora` section; without a rank, or None, there are no adapters.
        by_adapters: Parts that learn through adapters alone.

    Raises:
        BadCheckpoint: transformers makes no LLaVA model of the configuration.
        BadRecipe: Nothing would learn, or a target of adapters means nothing in this model.
    """
    try:
        read = LlavaConfig(
            **{key: value for key, value in config.items() if key != "quantization_config"}
        )
        with torch.device("meta"):
            model = LlavaForConditionalGeneration(read)
        model.tie_weights()
        decoder, tower = _decoder(read.text_config), _tower(read)
    except (StrictDataclassError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise BadCheckpoint(
            "its configuration describes no LLaVA model",
            where=name,
            repair="name a checkpoint folder, or join parts with model.llm=… model.vision=…",
        ) from error
    adapted = adapted_weights(model, lora) if lora is not None and lora.r is not None else []
    for each in adapted:
        attach_sizes(model, each)
    counts = freeze(model, learns, by_adapters)
    found: dict[tuple[str, str], list[int]] = {}
    for parameter_name, parameter in model.named_parameters():
        row = found.setdefault((_place(parameter_name), part_of(parameter_name)), [0, 0, 0, 0])
        size = parameter.numel()
        row[0] += size
        if parameter.requires_grad:
            row[1] += size
            row[2] = max(row[2], size)
        # An expert's bias has two dimensions too, one of which counts experts.
        if parameter.ndim > 1 and not parameter_name.endswith("bias"):
            row[3] += size
    weights = tuple(Weight(*key, *row) for key, row in found.items())
    carrying = frozenset(each.part for each in adapted)
    return Shape(name, decoder, tower, weights, counts, carrying)


def _place(name: str) -> str:
    if match := _LAYER.search(name):
        return match[1]
    for word, place in (
        ("vision_tower", "tower"),
        ("multi_modal_projector", "projector"),
        ("embed_tokens", "embedding"),
        ("lm_head", "head"),
    ):
        if word in name:
            return place
    return "norm"


def _decoder(config: Any) -> Decoder:
    heads = config.num_attention_heads
    layers = config.num_hidden_layers
    experts = getattr(config, "num_local_experts", 0) or 0
    kinds = getattr(config, "layer_types", None) or ["full_attention"] * layers
    window = getattr(config, "sliding_window", None)
    return Decoder(
        width=config.hidden_size,
        heads=heads,
        groups=getattr(config, "num_key_value_heads", None) or heads,
        head=getattr(config, "head_dim", None) or config.hidden_size // heads,
        inner=config.intermediate_size,
        experts=experts,
        chosen=config.num_experts_per_tok if experts else 1,
        windows=tuple(window if kind == "sliding_attention" else None for kind in kinds),
        sinks=config.model_type == "gpt_oss",
        vocabulary=config.vocab_size,
        context=config.max_position_embeddings,
    )


def _tower(config: Any) -> Tower:
    vision = config.vision_config
    patches = (vision.image_size // vision.patch_size) ** 2
    without_class = vision.model_type == "siglip_vision_model"
    layers = config.vision_feature_layer
    chosen = layers if isinstance(layers, list) else [layers]
    blocks = vision.num_hidden_layers
    inner = getattr(vision, "intermediate_size", None) or vision.hidden_size * vision.mlp_ratio
    return Tower(
        width=vision.hidden_size,
        heads=vision.num_attention_heads,
        inner=inner,
        layers=blocks,
        used=max(layer % (blocks + 1) for layer in chosen),
        tokens=patches if without_class else patches + 1,
        handed_on=patches,
        side=vision.image_size,
        gate_kept=vision.hidden_act == "quick_gelu",
    )
