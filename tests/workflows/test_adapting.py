"""Targets of adapters are refused from a model's config.json alone; the folders here hold no weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from transformers import CLIPVisionConfig, GptOssConfig, LlamaConfig, LlavaConfig

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.recipe import read_recipe
from medgpt_cli.workflows.adapting import check_targets
from medgpt_cli.workflows.starting import build_model

BODY: dict[str, Any] = {
    "vocab_size": 64,
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "pad_token_id": 0,
}
TOWER = CLIPVisionConfig(
    hidden_size=16,
    intermediate_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    image_size=28,
    patch_size=14,
)


def adapted(folder: Path, *words: str) -> Any:
    flags = {"--data": [], "--model": str(folder), "--adapter": None}
    return read_recipe("adapt", stage="adapt", overrides=words, flags=flags).recipe


@pytest.fixture
def gpt_oss(tmp_path: Path) -> Path:
    text = GptOssConfig(**BODY, num_local_experts=2, num_experts_per_tok=1, head_dim=8)
    LlavaConfig(text_config=text, vision_config=TOWER).save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize("targets", ["[attention]", "[q_proj,projector]"])
def test_targets_of_the_model_pass(gpt_oss: Path, targets: str) -> None:
    check_targets(adapted(gpt_oss, f"lora.targets={targets}", "lora.experts=true"), gpt_oss)


def test_others_are_refused_before_a_weight_is_read(gpt_oss: Path) -> None:
    recipe = adapted(gpt_oss, "lora.targets=[atention]")
    with pytest.raises(
        BadRecipe, match=r"atention means nothing in this model.*; did you mean attention\?"
    ):
        build_model(recipe)


def test_experts_of_a_model_without_are_refused(tmp_path: Path) -> None:
    LlavaConfig(text_config=LlamaConfig(**BODY), vision_config=TOWER).save_pretrained(tmp_path)
    with pytest.raises(BadRecipe, match="the language model has no experts"):
        check_targets(adapted(tmp_path, "lora.experts=true"), tmp_path)


def test_a_folder_of_another_kind_is_left_to_whoever_loads_it(tmp_path: Path) -> None:
    LlamaConfig(**BODY).save_pretrained(tmp_path)
    check_targets(adapted(tmp_path, "lora.targets=[nothing]"), tmp_path / "absent")
