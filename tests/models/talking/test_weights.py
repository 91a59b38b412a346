from __future__ import annotations

from pathlib import Path

import torch

from medgpt_cli.models import checkpoint
from medgpt_cli.models.talking.weights import lay_out
from tests.models.answering.models import load


def test_only_the_order_in_memory_changes(tiny: Path) -> None:
    model, _ = checkpoint.load(tiny)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    lay_out(model)
    after = model.state_dict()
    assert before.keys() == after.keys()
    for name, weight in before.items():
        assert torch.equal(weight, after[name]), name
    query = model.model.language_model.layers[0].self_attn.q_proj.weight
    assert (query.stride(), model.lm_head.weight.stride()) == (
        (1, query.shape[0]),
        (1, len(before["lm_head.weight"])),
    )


def test_a_shared_head_and_other_number_formats_stay(tmp_path: Path) -> None:
    model, _ = load("llama", tmp_path)
    model.lm_head.weight = model.get_input_embeddings().weight
    lay_out(model)
    assert model.lm_head.weight.is_contiguous()
    coarse, _ = load("llama", tmp_path / "coarse")
    coarse = coarse.to(torch.bfloat16)
    lay_out(coarse)
    assert all(weight.is_contiguous() for weight in coarse.parameters())
