"""Layers that compute again: that they really do, and that nothing else changes."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from medgpt_cli.models.attention.closed import close_documents
from medgpt_cli.training.checkpointing import checkpoint_layers
from medgpt_cli.training.forward import learn_by_documents
from tests.models.attention.test_closed import llava
from tests.training.test_sequence import batch

LAYERS, TOWER = 4, 3


def learnt(mode: str, *, tower: bool) -> tuple[int, Counter[str], list[torch.Tensor]]:
    """How many layers were told to, how often each kind ran in one step, and loss and gradients."""
    model = llava("gpt-oss")
    model.model.vision_tower.requires_grad_(tower)
    close_documents(model)
    learn_by_documents(model)
    count = checkpoint_layers(model, mode, "cpu")
    ran: Counter[str] = Counter()
    for name, module in model.named_modules():
        if name.endswith(("self_attn.o_proj", "self_attn.out_proj")):
            part = "tower" if "vision_tower" in name else "language model"
            module.register_forward_hook(lambda *_, part=part: ran.update([part]))
    loss, _ = model.train()(**batch("images"))
    loss.backward()
    return count, ran, [loss.detach(), *(p.grad for p in model.parameters() if p.grad is not None)]


@pytest.mark.parametrize("tower", [True, False])
@pytest.mark.parametrize("mode", ["on", "offload"])
def test_layers_run_twice_and_give_the_same(mode: str, tower: bool) -> None:
    none, once, expected = learnt("none", tower=tower)
    count, ran, got = learnt(mode, tower=tower)
    assert none == 0
    assert once == {"language model": LAYERS, "tower": TOWER}
    assert count == LAYERS + (TOWER if tower else 0)
    # The tower's last block lies behind the feature layer: no gradient comes there to make it run again.
    assert ran == {"language model": 2 * LAYERS, "tower": TOWER + (TOWER - 1 if tower else 0)}
    for mine, reference in zip(got, expected, strict=True):
        torch.testing.assert_close(mine, reference, atol=0, rtol=0)


def test_a_part_without_such_layers_is_told_and_not_passed_over() -> None:
    model = llava("gpt-oss")
    model.model.language_model.layers = torch.nn.ModuleList()
    with pytest.raises(ValueError, match="GptOssModel has no layer that can compute again"):
        checkpoint_layers(model, "on", "cpu")
