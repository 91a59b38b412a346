from __future__ import annotations

from pathlib import Path

import torch

from medgpt_cli.models import checkpoint
from medgpt_cli.models.aligning import LINE, align_weights


def test_weights_of_a_file_begin_at_cache_lines_and_stay_the_same(tiny: Path) -> None:
    model, _ = checkpoint.load(tiny)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    assert any(weight.data_ptr() % LINE for weight in model.parameters())
    align_weights(model)
    assert not any(weight.data_ptr() % LINE for weight in (*model.parameters(), *model.buffers()))
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, before[name]), name


def test_shared_weights_stay_shared() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 3))
    pages = torch.zeros(64)[1:10].view(3, 3)
    model[0].weight = model[1].weight = torch.nn.Parameter(pages)
    align_weights(model)
    assert model[0].weight is model[1].weight
    assert not model[0].weight.data_ptr() % LINE
