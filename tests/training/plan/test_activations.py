"""What the planner says is kept, beside what autograd really keeps."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from transformers import LlavaConfig, LlavaForConditionalGeneration

from medgpt_cli.data.batches import collate
from medgpt_cli.models.attention.closed import close_documents
from medgpt_cli.training.forward import learn_by_documents
from medgpt_cli.training.parts import PARTS, freeze
from medgpt_cli.training.plan import activations
from medgpt_cli.training.plan.activations import Batch
from medgpt_cli.training.plan.shapes import shape_of

VISION = {
    "model_type": "clip_vision_model",
    "hidden_size": 32,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 7,
}
TEXT = {
    "vocab_size": 320,
    "hidden_size": 64,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 24,
    "pad_token_id": 0,
}
GPT_OSS = TEXT | {
    "model_type": "gpt_oss",
    "num_local_experts": 6,
    "num_experts_per_tok": 3,
    "sliding_window": 16,
}
LLAMA = TEXT | {"model_type": "llama"}
LENGTHS, TILES, PATCHES = (90, 70), 2, 16


def config(text: dict[str, Any]) -> dict[str, Any]:
    return {
        "text_config": text,
        "vision_config": VISION,
        "image_token_id": 319,
        "vision_feature_layer": -2,
        "vision_feature_select_strategy": "default",
    }


def build(
    text: dict[str, Any], learns: dict[str, bool], dtype: torch.dtype, attention: str = "ours"
) -> Any:
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(LlavaConfig(**config(text))).to(dtype)
    close_documents(model)
    if attention == "eager":
        model.model.language_model.config._attn_implementation = attention
    learn_by_documents(model)
    freeze(model, learns)
    return model.train()


def kept_by_autograd(model: Any, lengths: tuple[int, ...] = LENGTHS) -> dict[str, int]:
    """Bytes saved for the backward pass, by the module that saved them; parameters left out, each storage once."""
    records = []
    for length in lengths:
        ids = torch.randint(1, 300, (length,)).tolist()
        ids[2 : 2 + PATCHES] = [319] * PATCHES
        pixels = torch.rand(1, 3, 28, 28, dtype=model.dtype)
        records.append({"input_ids": ids, "labels": ids, "pixel_values": pixels})
    parameters = {each.untyped_storage().data_ptr() for each in model.parameters()}
    running: list[str] = []
    found: dict[int, tuple[str, int]] = {}
    alive = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in parameters and storage.data_ptr() not in found:
            found[storage.data_ptr()] = (running[-1] if running else "", storage.nbytes())
            alive.append(tensor)
        return tensor

    for name, module in model.named_modules():
        module.register_forward_pre_hook(lambda *_, name=name: running.append(name))
        module.register_forward_hook(lambda *_: running.pop() and None)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model(**collate(records))
    bytes_by_module: dict[str, int] = {}
    for name, size in found.values():
        bytes_by_module[name] = bytes_by_module.get(name, 0) + size
    return bytes_by_module


def within(found: dict[str, int], pattern: str) -> int:
    return sum(size for name, size in found.items() if re.search(pattern, name))


CASES = [
    (text, dtype, frozen)
    for text in (GPT_OSS, LLAMA)
    for dtype in (torch.float32, torch.bfloat16)
    for frozen in ((), ("vision",), ("experts", "router"), ("vision", "llm", "experts", "router"))
    if text is GPT_OSS or frozen != ("experts", "router")
]


@pytest.mark.parametrize(
    ("text", "dtype", "frozen"),
    CASES,
    ids=lambda value: value["model_type"] if isinstance(value, dict) else str(value),
)
def test_what_is_kept_is_what_autograd_keeps(
    text: dict[str, Any], dtype: torch.dtype, frozen: tuple[str, ...]
) -> None:
    learns = {part: part not in frozen for part in PARTS}
    found = kept_by_autograd(build(text, learns, dtype))
    shape = shape_of("small", config(text), learns)
    tokens = sum(LENGTHS)
    batch = Batch(tokens, tokens - len(LENGTHS), TILES, tokens / len(LENGTHS))
    wide = 4 if dtype is torch.float32 else 2
    for layer in range(2):
        ours = activations.decoder_layer(
            shape, layer, batch, wide=wide, experts=wide, attention="cpu-flash"
        )
        place = rf"language_model\.layers\.{layer}\."
        mixed = within(found, place + r"(mlp|post_attention_layernorm)")
        attention = within(found, place + r"(self_attn|input_layernorm)")
        if layer == 0:  # rotary tables, made once, are first saved here
            attention -= 2 * wide * tokens * 24 // (2 if text["model_type"] == "gpt_oss" else 1)
        assert ours.feed_forward == pytest.approx(mixed, rel=0.01), layer
        assert ours.attention == pytest.approx(attention, rel=0.01), layer
    tower = activations.tower(shape, batch, wide=wide)
    blocks = within(found, r"vision_tower.*layers\.[01]\.") + within(found, r"pre_layrnorm")
    assert tower == pytest.approx(blocks, rel=0.01, abs=0)
    projector = activations.projector(shape, batch, wide=wide)
    assert projector == pytest.approx(within(found, "multi_modal_projector"), rel=0.01)
    head = activations.head(shape, batch, wide=wide)
    assert head.kept == pytest.approx(within(found, "lm_head"), rel=0.02)
    last = activations.last_norm(shape, batch, wide=wide)
    assert last == pytest.approx(within(found, r"language_model\.norm"), rel=0.01)


@pytest.mark.parametrize("text", [GPT_OSS, LLAMA], ids=["gpt-oss", "llama"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_eager_attention_keeps_its_whole_matrix(text: dict[str, Any], dtype: torch.dtype) -> None:
    learns, tokens = dict.fromkeys(PARTS, True), 160
    found = kept_by_autograd(build(text, learns, dtype, "eager"), (tokens,))
    wide = 4 if dtype is torch.float32 else 2
    planned = activations.decoder_layer(
        shape_of("small", config(text), learns),
        1,
        Batch(tokens, tokens - 1, 1, float(tokens)),
        wide=wide,
        experts=wide,
        attention="eager",
    )
    kept = within(found, r"language_model\.layers\.1\.(self_attn|input_layernorm)")
    assert planned.attention == pytest.approx(kept, rel=0.02)


def test_logits_are_never_those_of_all_positions() -> None:
    shape = shape_of("small", config(GPT_OSS | {"vocab_size": 200_000}), dict.fromkeys(PARTS, True))
    few, many = (
        activations.head(shape, Batch(4096, learnt, 1, 4096.0), wide=4) for learnt in (100, 4000)
    )
    assert not few.early_gradient
    assert many.early_gradient
    assert few.kept + few.backward == pytest.approx(3 * 4 * 100 * 200_000, rel=0.01)
    assert many.kept + many.forward < 2 * 4 * activations.CHUNK + 4000 * 64 * 8 + 1
