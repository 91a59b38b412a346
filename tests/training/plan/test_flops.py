"""Operations, against torch's own counter and against arithmetic by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import LlavaConfig, LlavaForConditionalGeneration

from medgpt_cli.training.parts import PARTS, freeze
from medgpt_cli.training.plan.activations import Batch
from medgpt_cli.training.plan.flops import flops
from medgpt_cli.training.plan.published import SHAPES
from medgpt_cli.training.plan.shapes import shape_of

CONFIG: dict[str, Any] = {
    "text_config": {
        "model_type": "llama",
        "vocab_size": 320,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "pad_token_id": 0,
    },
    "vision_config": {
        "model_type": "clip_vision_model",
        "hidden_size": 32,
        "intermediate_size": 80,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "image_size": 28,
        "patch_size": 7,
    },
    "image_token_id": 319,
    "vision_feature_layer": -2,
}
PATCHES, LENGTH = 16, 64


@pytest.mark.parametrize(
    "frozen", [(), ("vision",), ("vision", "llm"), ("vision", "projector")], ids=str
)
def test_operations_are_those_torch_counts(frozen: tuple[str, ...]) -> None:
    learns = {part: part not in frozen for part in PARTS}
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(LlavaConfig(**CONFIG))
    model.set_attn_implementation("eager")  # plain products, which the counter knows
    freeze(model, learns)
    model.train()
    ids = torch.randint(1, 300, (1, LENGTH))
    ids[0, 2 : 2 + PATCHES] = 319
    counter = FlopCounterMode(display=False)
    with counter:
        model(input_ids=ids, pixel_values=torch.rand(1, 3, 28, 28)).logits.sum().backward()
    shape = shape_of("small", CONFIG, learns)
    batch = Batch(LENGTH, LENGTH, 1, float(LENGTH))
    ours = flops(shape, batch).total
    # Eager attention multiplies with every key, and the block behind the feature layer runs for nothing.
    d, v = shape.decoder, shape.tower
    unseen = 2 * 4 * d.heads * d.head * LENGTH * (LENGTH - (LENGTH + 1) / 2)
    more = unseen * (1 if frozen == ("vision", "projector", "llm") else 3)
    block = 2 * 17 * (4 * 32 * 32 + 2 * 32 * 80) + 4 * 32 * 17 * 17
    # What reaches nobody: the first layer's inputs, where nothing below learns; and pixels.
    pixels = 2 * 3 * 7 * 7 * 32 * PATCHES if "vision" not in frozen else 0
    assert v.used == 2
    assert ours + more + block == pytest.approx(counter.get_total_flops() + pixels, rel=0.06)


def test_only_the_experts_a_token_goes_through_are_counted() -> None:
    shape = shape_of("gpt-oss-20b", SHAPES["gpt-oss-20b"], dict.fromkeys(PARTS, True))
    batch = Batch(1000, 0, 0, 1000.0)
    forward = flops(shape, batch).forward
    assert forward["experts"] == pytest.approx(2 * 1000 * 24 * (4 * 3 * 2880**2 + 32 * 2880))
    assert forward["vision"] == forward["head"] == 0


def test_the_head_counts_at_supervised_positions_only() -> None:
    shape = shape_of("gpt-oss-20b", SHAPES["gpt-oss-20b"], dict.fromkeys(PARTS, True))
    batch = Batch(1000, 250, 0, 1000.0)
    done = flops(shape, batch)
    assert done.forward["head"] == 2 * 250 * 201_088 * 2880
    assert done.backward["head"] == 2 * done.forward["head"]


def test_attention_counts_the_pairs_that_see_each_other() -> None:
    shape = shape_of("gpt-oss-20b", SHAPES["gpt-oss-20b"], dict.fromkeys(PARTS, True))
    short, long = Batch(4096, 0, 0, 100.0), Batch(4096, 0, 0, 4096.0)
    pairs = {"short": 4096 * 101 / 2 * 24, "long": 12 * (4096 * 4097 / 2 + 4096 * 128 - 128 * 127 / 2)}
    difference = flops(shape, long).forward["attention"] - flops(shape, short).forward["attention"]
    assert difference == pytest.approx(4 * 64 * 64 * (pairs["long"] - pairs["short"]))


def test_checkpointing_repeats_the_forward_pass_of_the_decoder() -> None:
    shape = shape_of("gpt-oss-20b", SHAPES["gpt-oss-20b"], dict.fromkeys(PARTS, True))
    done = flops(shape, replace(Batch(1000, 250, 1, 500.0)))
    assert done.executed(checkpointing=False) == done.total
    again = done.executed(checkpointing=True) - done.total
    repeated = sum(done.forward[part] for part in ("attention", "experts", "vision"))
    assert again == pytest.approx(repeated)
