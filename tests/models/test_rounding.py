from __future__ import annotations

from pathlib import Path

import torch

from medgpt_cli.models import checkpoint
from medgpt_cli.models.rounding import round_weights


def test_a_model_is_rounded_as_loading_rounds_it(tiny: Path) -> None:
    model, _ = checkpoint.load(tiny, dtype=torch.float32)
    loaded, _ = checkpoint.load(tiny, dtype=torch.bfloat16)
    round_weights(model, torch.bfloat16)
    for of in ("named_parameters", "named_buffers"):
        expected = dict(getattr(loaded, of)())
        found = dict(getattr(model, of)())
        assert expected.keys() == found.keys()
        for name, value in expected.items():
            assert value.dtype == found[name].dtype, name
            assert torch.equal(value, found[name]), name
