"""A dense language model in NF4 by bitsandbytes, beside what it unpacks to."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from medgpt_cli.core.errors import Missing
from medgpt_cli.models import checkpoint
from medgpt_cli.models.adapters import folder as adapters
from medgpt_cli.models.adapters.attach import adapter_config, attach
from medgpt_cli.models.adapters.merge import merge
from medgpt_cli.models.quantised import nf4
from medgpt_cli.training.parts import part_of
from medgpt_cli.training.targets import adapted_weights
from tests.models.quantised.making import write_llama

IDS = torch.arange(20, 60).view(2, 20)
RANKS = SimpleNamespace(attention=None, mlp=None, projector=None, vision=None, experts=None)

needs_bitsandbytes = pytest.mark.skipif(
    importlib.util.find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed"
)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("nf4") / "llama")


def with_adapters(model: Any, *, dora: bool = False) -> Any:
    """The model with adapters drawn at random, as if they had learnt; they alone learn."""
    lora = SimpleNamespace(r=4, alpha=None, targets=("attention", "mlp"), experts=False, ranks=RANKS)
    chosen = adapted_weights(model, lora)
    kinds = {"dropout": 0.0, "dora": dora, "rslora": False, "base": "base", "whole": []}
    attach(model, adapter_config(chosen, **kinds), chosen)
    torch.manual_seed(5)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(".lora_" in name)
        if ".lora_A" in name or ".lora_B" in name:
            parameter.data.normal_(std=0.05)
    return model.train()


def learnt(model: Any) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    out = model(input_ids=IDS, labels=IDS)
    out.loss.backward()
    found = {name: each.grad for name, each in model.named_parameters() if each.grad is not None}
    return out.logits.detach(), found


def test_without_bitsandbytes_the_line_that_installs_it_is_told(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nf4, "find_spec", lambda name: None)
    model, _ = checkpoint.load(llama)
    with pytest.raises(Missing, match="bitsandbytes, which is not installed") as error:
        nf4.quantise(model)
    assert error.value.repair == "pip install bitsandbytes"


@needs_bitsandbytes
@pytest.mark.parametrize("dora", [False, True], ids=["lora", "dora"])
def test_learning_is_that_beside_the_unpacked_model(llama: Path, dora: bool) -> None:
    packed, whole = (checkpoint.load(llama)[0] for _ in range(2))
    told = nf4.quantise(packed)
    nf4.round_weights(whole)
    assert (told.rounded, told.weights) == (14, 2 * (2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128))
    assert 0.05 < told.error < 0.15
    ours, own = learnt(with_adapters(packed, dora=dora))
    theirs, wanted = learnt(with_adapters(whole, dora=dora))
    assert own.keys() == wanted.keys()
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    for name, gradient in wanted.items():
        torch.testing.assert_close(
            own[name], gradient, rtol=1e-3, atol=1e-5 * float(gradient.abs().max())
        )


@needs_bitsandbytes
def test_the_adapter_merges_into_the_rounded_model(llama: Path, tmp_path: Path) -> None:
    model, processor = checkpoint.load(llama)
    nf4.quantise(model)
    adapters.save(with_adapters(model), processor, tmp_path)
    whole, _ = checkpoint.load(llama)
    nf4.round_weights(whole)
    adapters.load(whole, tmp_path)
    merge(whole, part_of)
    with torch.no_grad():
        model.eval()(
            input_ids=IDS
        )  # left alone, bitsandbytes turns weights around for it on some processors
        wanted = whole(input_ids=IDS).logits
    torch.testing.assert_close(learnt(model.train())[0], wanted, rtol=1e-4, atol=1e-5)


@needs_bitsandbytes
def test_linear_layers_of_the_language_model_alone_are_packed(llama: Path) -> None:
    model, _ = checkpoint.load(llama)
    nf4.quantise(model)
    packed = {name for name, each in model.named_parameters() if each.dtype == torch.uint8}
    assert {name.rsplit(".", 2)[-2] for name in packed} == {
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
    }  # fmt: skip
    assert all(name.startswith("model.language_model.layers.") for name in packed)
