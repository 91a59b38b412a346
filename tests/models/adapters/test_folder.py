"""Adapters on the tiny model: read again by us, and by PEFT alone."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from medgpt_cli.core.errors import BadCheckpoint, HashMismatch
from medgpt_cli.core.manifest import file_hashes, write_manifest
from medgpt_cli.models.adapters import folder
from medgpt_cli.models.adapters.attach import adapter_config, attach, layers, pattern_of
from medgpt_cli.models.adapters.merge import merge
from medgpt_cli.models.tiny import build as tiny_build
from medgpt_cli.training.parts import part_of
from medgpt_cli.training.targets import adapted_weights

PEFTS_OWN = [
    # PEFT looks for the ranks of experts among modules alone, and says that it found none.
    "ignore:The following (rank|alpha)_pattern keys:RuntimeWarning",
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning",
]


def built() -> tuple[Any, Any]:
    model, processor = tiny_build.build(date="2026-01-01", reasoning="low")
    return model.eval(), processor


def lora(**words: Any) -> SimpleNamespace:
    ranks = dict.fromkeys(("attention", "mlp", "projector", "vision", "experts")) | words.pop(
        "ranks", {}
    )
    plain = {"r": 4, "alpha": None, "targets": ("attention", "projector"), "experts": True}
    return SimpleNamespace(**plain | words, ranks=SimpleNamespace(**ranks))


def with_adapters(**words: Any) -> tuple[Any, Any]:
    """The model with adapters drawn at random, as if they had learnt."""
    model, processor = built()
    kinds = {"dora": words.pop("dora", False), "rslora": words.pop("rslora", False)}
    whole = words.pop("whole", [])
    chosen = adapted_weights(model, lora(**words))
    config = adapter_config(chosen, dropout=0.0, base="tiny", whole=whole, **kinds)
    attach(model, config, chosen)
    torch.manual_seed(5)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".lora_A" in name or ".lora_B" in name:
                parameter.normal_(std=0.05)
            if whole and "vision_tower" in name:
                parameter.add_(0.02 * torch.randn_like(parameter))
    return model, processor


@torch.no_grad()
def logits(model: Any) -> torch.Tensor:
    generator = torch.Generator().manual_seed(7)
    ids = torch.randint(0, 3000, (1, 24), generator=generator)
    ids[0, 3:19] = model.config.image_token_id
    size = model.config.vision_config.image_size
    pixels = torch.randn(1, 3, size, size, generator=generator)
    places = model.model.get_image_features(pixel_values=pixels).pooler_output[0].shape[0]
    ids = torch.cat(
        [ids[:, :3], torch.full((1, places), model.config.image_token_id), ids[:, 19:]], dim=1
    )
    return model(input_ids=ids, pixel_values=pixels).logits  # type: ignore[no-any-return]


KINDS = {
    "experts-of-another-rank": {"ranks": {"experts": 2}},
    "dora": {"experts": False, "dora": True},
    "rslora": {"rslora": True, "alpha": 3},
    "tower-by-adapters": {"targets": ("attention", "vision"), "ranks": {"vision": 2}},
    "tower-in-full": {"experts": False, "whole": ["vision_tower"]},
    "one-layer's-name": {"targets": ("q_proj",), "experts": False},
}


@pytest.mark.filterwarnings(*PEFTS_OWN)
@pytest.mark.parametrize("words", KINDS.values(), ids=KINDS.keys())
def test_what_is_read_again_is_what_was_trained(words: dict[str, Any], tmp_path: Path) -> None:
    from peft import PeftModel

    model, processor = with_adapters(**dict(words))
    folder.save(model, processor, tmp_path)
    expected = logits(model)
    ours, base = built()[0], built()[0]
    folder.load(ours, tmp_path)
    assert torch.equal(logits(ours), expected)
    assert (logits(base) - expected).abs().max() > 0.1
    assert torch.equal(logits(PeftModel.from_pretrained(base, tmp_path).eval()), expected)
    changes = merge(ours, part_of)
    assert all(each.unchanged == 0 and each.relative > 0.001 for each in changes.values())
    assert not layers(ours)
    torch.testing.assert_close(logits(ours), expected, rtol=1e-4, atol=1e-4)
    assert {name for name, _ in ours.named_parameters()} == {
        name for name, _ in built()[0].named_parameters()
    }


def test_fresh_adapters_change_nothing_and_a_merge_says_so() -> None:
    model, _ = built()
    before = logits(model)
    chosen = adapted_weights(model, lora())
    attach(
        model, adapter_config(chosen, dropout=0.0, dora=False, rslora=False, base="x", whole=[]), chosen
    )
    assert torch.equal(logits(model), before)
    changes = merge(model, part_of)
    assert {part: (each.weights, each.unchanged) for part, each in changes.items()} == {
        "projector": (2, 2),
        "llm": (16, 16),
        "experts": (8, 8),
    }


def test_a_change_that_the_number_format_swallows_is_no_change() -> None:
    model, _ = built()
    chosen = adapted_weights(model, lora(targets=(), experts=True))
    attach(
        model, adapter_config(chosen, dropout=0.0, dora=False, rslora=False, base="x", whole=[]), chosen
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".mlp.experts." in name and ".lora_" not in name:
                parameter.data = torch.full_like(parameter, 1.0).bfloat16()
            if ".lora_B" in name:
                parameter.fill_(1e-7)
    (change,) = merge(model, part_of).values()
    assert change.unchanged == change.weights == 8


def test_equal_adapters_are_equal_bytes_and_name_no_place(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        folder.save(*with_adapters(), tmp_path / name)
    assert file_hashes(tmp_path / "a") == file_hashes(tmp_path / "b")
    config = json.loads((tmp_path / "a" / folder.CONFIG).read_text())
    assert config["target_parameters"] == ["mlp.experts.down_proj", "mlp.experts.gate_up_proj"]
    assert str(tmp_path) not in json.dumps(config)


def cut(path: Path) -> None:
    tensors = load_file(path / folder.WEIGHTS)
    tensors.pop(min(tensors))
    save_file(tensors, path / folder.WEIGHTS)


def reshape(path: Path) -> None:
    tensors = load_file(path / folder.WEIGHTS)
    tensors[min(tensors)] = tensors[min(tensors)][:2].clone()
    save_file(tensors, path / folder.WEIGHTS)


def another_kind(path: Path) -> None:
    (path / folder.CONFIG).write_text('{"peft_type": "IA3"}')


def elsewhere(path: Path) -> None:
    text = (
        (path / folder.CONFIG).read_text().replace("self_attn", "attn").replace("mlp.experts", "mlp.e")
    )
    (path / folder.CONFIG).write_text(text.replace("multi_modal", "modal"))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut, "1 tensors are not those of these adapters on this model"),
        (reshape, "1 tensors are not those of these adapters on this model"),
        (another_kind, "this is a IA3 adapter, and only LoRA ones are read"),
        (elsewhere, "the adapter fits nothing in this model"),
        (
            lambda path: (path / folder.WEIGHTS).write_bytes(b"x"),
            "adapter_model.safetensors cannot be read",
        ),
        (lambda path: (path / folder.CONFIG).write_text("{"), "adapter_config.json cannot be read"),
    ],
)
def test_what_peft_would_only_warn_of_is_refused(damage: Any, said: str, tmp_path: Path) -> None:
    folder.save(*with_adapters(), tmp_path)
    damage(tmp_path)
    with pytest.raises(BadCheckpoint, match=said):
        folder.load(built()[0], tmp_path)


def test_a_file_that_is_not_the_manifests_is_refused(tmp_path: Path) -> None:
    folder.save(*with_adapters(), tmp_path)
    write_manifest(tmp_path, {"files": file_hashes(tmp_path)})
    cut(tmp_path)
    with pytest.raises(HashMismatch, match="is missing or not the file"):
        folder.load(built()[0], tmp_path)


def test_a_pattern_matches_its_names_and_no_other() -> None:
    import re

    names = [f"model.layers.{i}.attn.{p}" for i in (0, 2, 11) for p in ("q", "k")] + [
        "model.layers.1.attn.q",
        "head",
    ]
    pattern = pattern_of(names)
    assert all(re.fullmatch(pattern, name) for name in names)
    others = [
        "model.layers.1.attn.k",
        "model.layers.3.attn.q",
        "x.head",
        "model.layers.0.attn.qk",
        "modelxlayers.0.attn.q",
    ]
    assert not any(re.fullmatch(pattern, name) for name in others)
    assert pattern_of([]) == ""
