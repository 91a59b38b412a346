"""Shrunken models keep what decides how a record is written, and the mechanisms of their family."""

from __future__ import annotations

import torch
from transformers import CLIPVisionConfig, GptOssConfig, LlamaConfig, LlavaConfig

from medgpt_cli.models.shrink import shrunken


def big(text: object) -> LlavaConfig:
    tower = CLIPVisionConfig(
        hidden_size=1024,
        intermediate_size=4096,
        num_hidden_layers=24,
        num_attention_heads=16,
        image_size=336,
        patch_size=14,
    )
    return LlavaConfig(text_config=text, vision_config=tower, image_token_id=5, vision_feature_layer=-2)


def test_gpt_oss_keeps_its_mechanisms() -> None:
    text = GptOssConfig(vocab_size=640)
    model, told = shrunken(big(text), seed=0)
    config = model.config.text_config
    assert (
        told["llm"]["num_hidden_layers"] == (text.num_hidden_layers, 4) or config.num_hidden_layers == 4
    )
    assert config.layer_types == ["sliding_attention", "full_attention"] * 2
    assert (config.num_local_experts, config.num_experts_per_tok) == (8, 2)
    assert (config.vocab_size, config.sliding_window) == (640, 128)
    assert (model.config.vision_config.image_size, model.config.vision_config.patch_size) == (336, 14)
    assert sum(each.numel() for each in model.parameters()) < 2_000_000
    ids = torch.tensor([[1, 2, *[5] * 576, 3]])
    assert model(input_ids=ids, pixel_values=torch.zeros(1, 3, 336, 336)).logits.shape == (1, 579, 640)


def test_llama_keeps_as_many_keys_as_queries() -> None:
    text = LlamaConfig(vocab_size=640, hidden_size=4096, num_attention_heads=32, num_hidden_layers=32)
    model, told = shrunken(big(text), seed=0)
    assert told["llm"]["hidden_size"] == (4096, 64)
    config = model.config.text_config
    assert config.num_attention_heads == config.num_key_value_heads == 4


def test_the_same_seed_gives_the_same_model() -> None:
    one, other = (shrunken(big(LlamaConfig(vocab_size=64)), seed=3)[0].state_dict() for _ in range(2))
    assert all(torch.equal(one[key], other[key]) for key in one)
