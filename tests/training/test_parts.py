from __future__ import annotations

from pathlib import Path

import pytest
import torch

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.models import checkpoint
from medgpt_cli.models.tiny import build as tiny_build
from medgpt_cli.training.parts import PARTS, freeze, parameter_groups, part_of

ALL = dict.fromkeys(PARTS, True)


@pytest.fixture(params=["clip", "siglip"])
def model(request: pytest.FixtureRequest):
    return tiny_build.build(request.param, date="2026-01-01", reasoning="low")[0]


def one_step(model) -> None:
    ids = torch.full((1, 70), model.config.image_token_id)
    ids[0, :3] = torch.tensor([5, 6, 7])
    ids[0, 67:] = torch.tensor([8, 9, 10])
    model.train()
    model(input_ids=ids, pixel_values=torch.randn(1, 3, 112, 112), labels=ids).loss.backward()


def test_what_is_called_dead_gets_no_gradient_and_what_learns_gets_one(model) -> None:
    counts = freeze(model, ALL)
    one_step(model)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            # A bias of the attention keys moves every score of a row alike: its gradient is zero, but there.
            assert parameter.grad is not None, name
        else:
            assert parameter.grad is None, name
    assert counts["vision"].dead > 0
    assert counts["vision"].total == counts["vision"].trained + counts["vision"].dead


def test_dead_parameters_truly_have_none_even_when_asked(model) -> None:
    freeze(model, ALL)
    dead = [name for name, p in model.named_parameters() if not p.requires_grad]
    model.requires_grad_(True)
    one_step(model)
    parameters = dict(model.named_parameters())
    assert all(parameters[name].grad is None or not parameters[name].grad.any() for name in dead)
    reached = [
        n for n, p in parameters.items() if "vision_tower" in n and p.grad is not None and p.grad.any()
    ]
    assert set(reached).isdisjoint(dead)


def test_only_the_projector_learns_in_alignment(model) -> None:
    freeze(model, {**dict.fromkeys(PARTS, False), "projector": True})
    learning = {name for name, p in model.named_parameters() if p.requires_grad}
    assert learning == {name for name, _ in model.named_parameters() if "multi_modal_projector" in name}


def test_counts_add_up_to_the_model(model) -> None:
    counts = freeze(model, ALL)
    assert sum(count.total for count in counts.values()) == sum(p.numel() for p in model.parameters())
    assert set(counts) == set(PARTS)


def test_freezing_everything_is_refused(model) -> None:
    with pytest.raises(BadRecipe, match="no parameter would learn"):
        freeze(model, dict.fromkeys(PARTS, False))


def test_each_part_has_its_rate_and_only_matrices_decay(model) -> None:
    freeze(model, ALL)
    groups = parameter_groups(
        model, lr=1e-3, part_lr={"vision": 1e-5, "projector": None}, weight_decay=0.1
    )
    assert {group["lr"] for group in groups if group["part"] == "vision"} == {1e-5}
    assert {group["lr"] for group in groups if group["part"] != "vision"} == {1e-3}
    for group in groups:
        if group["weight_decay"]:
            assert all(parameter.ndim > 1 for parameter in group["params"])
    named = {id(p): name for name, p in model.named_parameters()}
    still = {named[id(p)] for group in groups if not group["weight_decay"] for p in group["params"]}
    assert any(name.endswith("sinks") for name in still)
    assert any(name.endswith("down_proj_bias") for name in still)
    assert sum(len(group["params"]) for group in groups) == sum(
        p.requires_grad for p in model.parameters()
    )


def test_parts_are_told_by_name_on_disk_too(tiny: Path) -> None:
    model, _ = checkpoint.load(tiny)
    assert {part_of(name) for name, _ in model.named_parameters()} == set(PARTS)
    assert part_of("lm_head.weight") == "llm"
