"""Packed experts beside the same model unpacked: what is computed, what is learnt, what is kept."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.core.manifest import file_hashes, write_manifest
from medgpt_cli.core.microscaling import on_lattice
from medgpt_cli.models import checkpoint
from medgpt_cli.models.adapters import folder as adapters
from medgpt_cli.models.adapters.attach import adapter_config, attach, layers
from medgpt_cli.models.adapters.merge import merge
from medgpt_cli.models.quantised import loading
from medgpt_cli.models.quantised.beside import stand_ins
from medgpt_cli.models.quantised.experts import MATRICES
from medgpt_cli.models.upstream.packed import dense
from medgpt_cli.training.checkpointing import checkpoint_layers
from medgpt_cli.training.parts import part_of
from medgpt_cli.training.targets import adapted_weights
from tests.models.quantised.making import write_gpt_oss, write_published

IDS = torch.arange(20, 60).view(2, 20)
RANKS = SimpleNamespace(attention=None, mlp=None, projector=None, vision=None, experts=3)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_published(tmp_path_factory.mktemp("quantised") / "published")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gpt_oss(tmp_path_factory.mktemp("quantised") / "plain")


def with_adapters(model: Any, *, experts: bool) -> Any:
    """The model with adapters drawn at random, as if they had learnt; they alone learn."""
    lora = SimpleNamespace(r=4, alpha=None, targets=("attention",), experts=experts, ranks=RANKS)
    with stand_ins(model):
        chosen = adapted_weights(model, lora)
    kinds = {"dropout": 0.0, "dora": False, "rslora": False, "base": "base", "whole": []}
    attach(model, adapter_config(chosen, **kinds), chosen)
    torch.manual_seed(5)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(".lora_" in name)
        if ".lora_" in name:
            parameter.data.normal_(std=0.05)
    return model.train()


def learnt(model: Any) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The logits, and the gradient of each adapter."""
    out = model(input_ids=IDS, labels=IDS)
    out.loss.backward()
    found = {name: each.grad for name, each in model.named_parameters() if each.grad is not None}
    return out.logits.detach(), found


def test_bytes_of_a_published_model_are_kept(published: Path) -> None:
    model, _, told = loading.load(published)
    written = load_file(published / "model.safetensors")
    held = {name: each for name, each in model.named_parameters() if each.dtype == torch.uint8}
    assert len(held) == 8
    for name, parameter in held.items():
        own = name.replace("model.language_model", "language_model.model")
        assert torch.equal(parameter, written[own])
        assert not parameter.requires_grad
    assert (told.kept, told.exact, told.rounded, told.error) == (4, 0, 0, 0.0)
    weights = sum(2 * each.numel() for name, each in held.items() if name.endswith("_blocks"))
    assert told.weights == weights == 2 * 4 * (64 * 192 + 96 * 64)
    assert sum(each.numel() for each in held.values()) == weights * 4.25 / 8


def test_another_base_is_rounded_once_and_the_error_is_told(plain: Path, tmp_path: Path) -> None:
    model, _, told = loading.load(plain)
    written = load_file(plain / "model.safetensors")
    lost = whole = 0.0
    for number, layer in enumerate(model.model.language_model.layers):
        for name in MATRICES:
            exact = written[f"language_model.model.layers.{number}.mlp.experts.{name}"].double()
            rounded = on_lattice(exact.float())
            experts = layer.mlp.experts
            packed = getattr(experts, f"{name}_blocks"), getattr(experts, f"{name}_scales")
            assert torch.equal(dense(*packed, torch.float32), rounded)
            lost += float((rounded - exact).square().sum())
            whole += float(exact.square().sum())
    assert (told.kept, told.exact, told.rounded) == (0, 0, 4)
    assert told.error == pytest.approx((lost / whole) ** 0.5)
    assert 0.05 < told.error < 0.2


@pytest.mark.parametrize("again", [False, True], ids=["kept", "computed-again"])
@pytest.mark.parametrize("experts", [False, True], ids=["attention", "experts"])
def test_learning_is_that_beside_the_unpacked_model(published: Path, experts: bool, again: bool) -> None:
    packed = with_adapters(loading.load(published, dtype=torch.float32)[0], experts=experts)
    whole = with_adapters(checkpoint.load(published, dtype=torch.float32)[0], experts=experts)
    if again:
        for model in (packed, whole):
            assert checkpoint_layers(model, "on", "cpu") == 2
    ours, own = learnt(packed)
    theirs, wanted = learnt(whole)
    assert own.keys() == wanted.keys()
    assert sum(".experts." in name for name in own) == (8 if experts else 0)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    for name, gradient in wanted.items():
        assert float(gradient.abs().max()) > 0
        torch.testing.assert_close(
            own[name], gradient, rtol=1e-4, atol=1e-5 * float(gradient.abs().max())
        )


@pytest.mark.parametrize("experts", [False, True], ids=["attention", "experts"])
def test_nothing_unpacked_waits_for_the_backward_pass(published: Path, experts: bool) -> None:
    model = with_adapters(loading.load(published, dtype=torch.float32)[0], experts=experts)
    block = model.model.language_model.layers[0].mlp.experts
    hidden = torch.randn(6, 64, requires_grad=True)
    kept: list[torch.Tensor] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        made = block(hidden, torch.tensor([[0, 2], [1, 2], [3, 0]] * 2), torch.full((6, 2), 0.5))
    floats = [each for each in kept if each.is_floating_point()]
    assert max(each.untyped_storage().nbytes() for each in floats) < 4 * 64 * 192
    assert sum(each.dtype == torch.uint8 for each in kept) == 4
    made.sum().backward()
    assert hidden.grad is not None
    assert bool(hidden.grad.any())


def test_an_adapter_is_pefts_own_and_merges_into_the_unpacked_model(
    published: Path, tmp_path: Path
) -> None:
    model, processor, _ = loading.load(published, dtype=torch.float32)
    model = with_adapters(model, experts=True)
    adapters.save(model, processor, tmp_path)
    whole, _ = checkpoint.load(published, dtype=torch.float32)
    assert layers(model).keys() == layers(with_adapters(whole, experts=True)).keys()
    whole, _ = checkpoint.load(published, dtype=torch.float32)
    adapters.load(whole, tmp_path)
    changes = merge(whole, part_of)
    assert changes["experts"].weights == 4
    assert changes["experts"].unchanged == 0
    with torch.no_grad():
        wanted = whole(input_ids=IDS).logits
        found = model.eval()(input_ids=IDS).logits
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"down_proj_scales": None}, "cannot be kept in MXFP4: .*down_proj_scales"),
        ({"down_proj_blocks": (4, 64, 1, 16)}, "down_proj has blocks of another shape"),
        (
            {"gate_up_proj_blocks": None, "gate_up_proj_scales": None},
            "the experts of layer 1 are missing",
        ),
    ],
)
def test_a_damaged_folder_is_refused(
    published: Path, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    base = "language_model.model.layers.1.mlp.experts."
    tensors = load_file(published / "model.safetensors")
    for name, shape in change.items():
        held = tensors.pop(base + name)
        if shape is not None:
            tensors[base + name] = held.flatten()[: 4 * 64 * 16].reshape(shape).contiguous()
    for each in published.iterdir():
        if each.name not in ("model.safetensors", "manifest.json"):
            (tmp_path / each.name).write_bytes(each.read_bytes())
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    write_manifest(tmp_path, {"files": file_hashes(tmp_path)})
    with pytest.raises(BadCheckpoint, match=said):
        loading.load(tmp_path)
