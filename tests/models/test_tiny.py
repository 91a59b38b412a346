from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from medgpt_cli.core.files import sha256_file
from medgpt_cli.models import checkpoint
from medgpt_cli.models.tiny import build as tiny_build
from medgpt_cli.models.tiny import vocabulary


def written(folder: Path, tower: str) -> dict[str, str]:
    folder.mkdir(parents=True)
    model, processor = tiny_build.build(tower, date="2026-01-01", reasoning="low")
    checkpoint.save(model, processor, folder)
    return {path.name: sha256_file(path) for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("tower", ["clip", "siglip"])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, tower: str) -> None:
    torch.manual_seed(123)
    first = written(tmp_path / "a", tower)
    torch.manual_seed(456)
    assert written(tmp_path / "b", tower) == first


def test_tiny_has_every_mechanism_of_the_large_model(tiny: Path) -> None:
    config = json.loads((tiny / "config.json").read_text())
    text = config["text_config"]
    assert text["model_type"] == "gpt_oss"
    assert text["layer_types"] == ["sliding_attention", "full_attention"] * 2
    assert (text["num_local_experts"], text["num_experts_per_tok"]) == (8, 2)
    assert text["rope_parameters"]["rope_type"] == "yarn"
    assert text["rope_parameters"]["factor"] == 32.0
    assert text["max_position_embeddings"] == 131_072
    assert text["architectures"] == ["GptOssForCausalLM"]
    assert config["vision_config"]["model_type"] == "clip_vision_model"
    assert config["vision_feature_layer"] == -2
    model, processor = checkpoint.load(tiny)
    names = dict(model.named_parameters())
    assert any(name.endswith("self_attn.sinks") for name in names)
    assert any(".mlp.router." in name for name in names)
    assert sum(p.numel() for p in names.values()) < 5_000_000
    assert processor.image_token == "<|reserved_4095|>"


def test_the_twin_has_a_siglip_tower_without_a_class_token(tmp_path: Path) -> None:
    written(tmp_path / "twin", "siglip")
    model, processor = checkpoint.load(tmp_path / "twin")
    assert model.config.vision_config.model_type == "siglip_vision_model"
    assert model.config.vision_feature_select_strategy == "full"
    assert processor.num_additional_image_tokens == 0


def test_special_tokens_stand_as_in_gpt_oss() -> None:
    # openai/harmony, docs/format.md: ids there, counted from <|startoftext|> = 199998
    published = {
        "<|startoftext|>": 199998,
        "<|endoftext|>": 199999,
        "<|return|>": 200002,
        "<|constrain|>": 200003,
        "<|channel|>": 200005,
        "<|start|>": 200006,
        "<|end|>": 200007,
        "<|message|>": 200008,
        "<|call|>": 200012,
        "<|endofprompt|>": 200018,
    }
    tokenizer = Tokenizer.from_file(str(vocabulary.FILE))
    first = vocabulary.SIZE - vocabulary.SPECIALS
    assert {name: tokenizer.token_to_id(name) for name in published} == {
        name: first + number - 199998 for name, number in published.items()
    }
    assert tokenizer.get_vocab_size() == vocabulary.SIZE


@pytest.mark.parametrize(
    "text", ["Pneumothorax, 3.5 cm.", "naïve café 日本 🫁", "  two  spaces\n\ttab", ""]
)
def test_any_text_survives_the_tokenizer(text: str) -> None:
    tokenizer = Tokenizer.from_file(str(vocabulary.FILE))
    assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_too_little_text_is_refused() -> None:
    with pytest.raises(ValueError, match="too little of it"):
        vocabulary.train(["a few words"])
