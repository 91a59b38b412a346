from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.models.tiny import build as tiny_build
from medgpt_cli.training.targets import adapted_weights


def lora(**words: Any) -> SimpleNamespace:
    ranks = dict.fromkeys(("attention", "mlp", "projector", "vision", "experts")) | words.pop(
        "ranks", {}
    )
    plain = {"r": 4, "alpha": None, "targets": ("attention",), "experts": False}
    return SimpleNamespace(**plain | words, ranks=SimpleNamespace(**ranks))


@pytest.fixture(scope="module")
def mixture() -> Any:
    return tiny_build.build(date="2026-01-01", reasoning="low")[0]


@pytest.fixture(scope="module")
def dense() -> Any:
    """A llama, whose layers are called like those of the tower, without memory for its weights."""
    with torch.device("meta"):
        return LlavaForConditionalGeneration(
            LlavaConfig(
                text_config=LlamaConfig(num_hidden_layers=2, hidden_size=64, num_attention_heads=4),
                vision_config=CLIPVisionConfig(
                    num_hidden_layers=3, hidden_size=32, num_attention_heads=2
                ),
            )
        )


def names(found: list[Any]) -> set[str]:
    return {each.name.rsplit(".", 1)[-1] for each in found}


def test_a_name_never_reaches_a_tower_that_uses_it_too(dense: Any) -> None:
    towers = [
        name for name, _ in dense.named_modules() if "vision_tower" in name and name.endswith("q_proj")
    ]
    assert len(towers) == 3
    found = adapted_weights(dense, lora(targets=("q_proj", "attention")))
    assert len(found) == 8
    assert all(each.name.startswith("model.language_model.layers.") for each in found)
    assert {each.part for each in found} == {"llm"}


def test_groups_of_a_dense_model(dense: Any) -> None:
    found = adapted_weights(dense, lora(targets=("attention", "mlp", "projector")))
    assert names(found) == {
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "linear_1", "linear_2",
    }  # fmt: skip


def test_a_tower_is_reached_when_it_is_named_up_to_the_layer_that_is_read(dense: Any) -> None:
    found = adapted_weights(dense, lora(targets=("vision",)))
    assert {each.part for each in found} == {"vision"}
    assert {each.name.split(".encoder.layers.")[1][0] for each in found} == {"0", "1"}
    assert names(found) == {"q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"}


def test_experts_are_stacks_and_the_router_is_none(mixture: Any) -> None:
    found = adapted_weights(mixture, lora(experts=True, ranks={"experts": 2}))
    stacks = [each for each in found if each.stacked]
    assert names(stacks) == {"gate_up_proj", "down_proj"}
    assert {(each.rank, each.alpha, each.part) for each in stacks} == {(2, 4, "experts")}
    assert {(each.rank, each.alpha) for each in found if not each.stacked} == {(4, 8)}
    assert not any("router" in each.name for each in found)


def test_a_scale_that_is_named_holds_for_every_rank(mixture: Any) -> None:
    found = adapted_weights(mixture, lora(experts=True, alpha=5, ranks={"experts": 2}))
    assert {each.alpha for each in found} == {5}


def test_what_means_nothing_here_is_told_at_once(dense: Any, mixture: Any) -> None:
    with pytest.raises(BadRecipe) as error:
        adapted_weights(dense, lora(targets=("attention", "q_prj", "qkv"), experts=True))
    assert error.value.what == (
        "q_prj means nothing in this model, which has attention, mlp, projector, vision, down_proj, gate_proj, "
        "k_proj, o_proj, q_proj, up_proj, v_proj; did you mean q_proj?; "
        "qkv means nothing in this model, which has attention, mlp, projector, vision, down_proj, gate_proj, "
        "k_proj, o_proj, q_proj, up_proj, v_proj; "
        "lora.experts=true: the language model has no experts; set it to false"
    )
    with pytest.raises(BadRecipe, match="mlp means nothing in this model"):
        adapted_weights(mixture, lora(targets=("mlp",)))
