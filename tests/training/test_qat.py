"""Training on rounded experts: what is computed, what is learnt, and what is left at the end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import GptOssForCausalLM

from medgpt_cli.core.adapted import Adapted
from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.microscaling import on_lattice
from medgpt_cli.models.adapters.attach import adapter_config, attach
from medgpt_cli.models.adapters.merge import merge
from medgpt_cli.training.parts import part_of
from medgpt_cli.training.qat import RoundedExperts, round_experts
from tests.models.upstream.making import gpt_oss_config

IDS = torch.arange(24)[None]


def model(implementation: str = "grouped_mm") -> GptOssForCausalLM:
    torch.manual_seed(8)
    made = GptOssForCausalLM(gpt_oss_config(num_hidden_layers=1)).eval()
    made.set_experts_implementation(implementation)
    return made


def logits(of: Any) -> torch.Tensor:
    found: torch.Tensor = of(IDS).logits
    return found


def weights_rounded(of: Any) -> Any:
    assert round_experts(of.state_dict().items()) == 2
    return of


@pytest.mark.parametrize("implementation", ["eager", "grouped_mm"])
def test_forward_is_rounded_and_gradients_pass_unchanged(implementation: str) -> None:
    ours, plain = model(implementation), weights_rounded(model(implementation))
    RoundedExperts(ours, steps=1, share=1.0)
    assert torch.equal(logits(ours), logits(plain))
    assert not torch.equal(logits(ours), logits(model(implementation)))
    for each in (ours, plain):
        logits(each).square().mean().backward()
    exact, experts = model().model.layers[0].mlp.experts, ours.model.layers[0].mlp.experts
    for name in ("gate_up_proj", "down_proj"):
        straight = getattr(plain.model.layers[0].mlp.experts, name).grad
        assert torch.equal(getattr(experts, name).grad, straight)
        assert float(straight.abs().sum()) > 0
        assert torch.equal(getattr(experts, name), getattr(exact, name))  # the weights stay exact


def test_with_adapters_the_sum_is_rounded() -> None:
    prefix = "model.layers.0.mlp.experts."
    both = [Adapted(f"{prefix}{name}", "experts", 2, 4, True) for name in ("gate_up_proj", "down_proj")]
    made = []
    for _ in range(2):
        adapted = model()
        config = adapter_config(both, dropout=0.0, dora=False, rslora=False, base="x", whole=())
        attach(adapted, config, both)
        draw = torch.Generator().manual_seed(2)
        for name, parameter in adapted.named_parameters():
            if ".lora_" in name:
                parameter.data = torch.randn(parameter.shape, generator=draw) * 0.1
        made.append(adapted)
    ours, merged = made
    RoundedExperts(ours, steps=1, share=1.0)
    merge(merged, part_of)
    torch.testing.assert_close(logits(ours), logits(weights_rounded(merged)), rtol=0, atol=1e-5)
    logits(ours).square().mean().backward()
    learnt = {name: each.grad for name, each in ours.named_parameters() if ".lora_" in name}
    assert len(learnt) == 4
    assert all(float(each.abs().sum()) > 0 for each in learnt.values() if each is not None)
    assert None not in learnt.values()


@pytest.mark.parametrize(("share", "start"), [(1.0, 0), (0.25, 6), (0.01, 7)])
def test_the_last_stretch_also_of_a_run_that_goes_on(share: float, start: int) -> None:
    ours = model()
    plain, rounded = logits(ours), logits(weights_rounded(model()))
    switch = RoundedExperts(ours, steps=8, share=share)
    assert switch.start == start
    for step in (0, 5, 6, 7, 2):
        switch.on_step_begin(None, SimpleNamespace(global_step=step), None)
        assert torch.equal(logits(ours), rounded if step >= start else plain)


def test_computed_again_in_the_backward_pass_it_is_rounded_again() -> None:
    grads = []
    for again in (False, True):
        ours = model()
        RoundedExperts(ours, steps=1, share=1.0)
        if again:
            ours.train()
            ours.activation_checkpointing_enable(
                activation_checkpointing_kwargs={"use_reentrant": False}
            )
        logits(ours).square().mean().backward()
        grads.append(ours.model.layers[0].mlp.experts.down_proj.grad)
    assert torch.equal(*grads)


def test_what_is_left_lies_on_the_lattice_and_nothing_else_changed() -> None:
    before, after = model().state_dict(), weights_rounded(model()).state_dict()
    for name, tensor in after.items():
        experts = name.endswith(("gate_up_proj", "down_proj"))
        assert torch.equal(tensor, on_lattice(before[name]) if experts else before[name])


def test_a_model_that_cannot_be_rounded() -> None:
    with pytest.raises(BadRecipe, match="the model has no experts"):
        RoundedExperts(torch.nn.Linear(2, 2), steps=1, share=1.0)
    narrow = GptOssForCausalLM(gpt_oss_config(num_hidden_layers=1, intermediate_size=80))
    with pytest.raises(BadRecipe, match="down_proj reads 80 numbers"):
        RoundedExperts(narrow, steps=1, share=1.0)
