from __future__ import annotations

from pathlib import Path

import pytest
import torch

from medgpt_cli.models.answering import attention, probe
from tests.models.answering.models import KINDS, load

DTYPES = (torch.float32, torch.bfloat16)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_models_of_ours_agree(kind: str, dtype: torch.dtype, tmp_path: Path) -> None:
    model, _ = load(kind, tmp_path)
    model.to(dtype)
    assert probe.agrees(model)
    assert model.model.language_model.config._attn_implementation != attention.NAME


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lost", ["sinks", "window", "everything"])
def test_an_attention_that_loses_something_is_found_out(
    lost: str, dtype: torch.dtype, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, _ = load("tiny-untrained", tmp_path)
    model.to(dtype)
    ours = attention.attend_to_slots

    def losing(*args: object, **kwargs: object) -> tuple[torch.Tensor, None]:
        if lost == "everything":
            raise TypeError("no such attention")
        return ours(*args, **kwargs | {"s_aux" if lost == "sinks" else "sliding_window": None})

    monkeypatch.setattr(attention, "attend_to_slots", losing)
    assert not probe.agrees(model)


def test_angles_that_depend_on_the_longest_row_are_not_trusted(tmp_path: Path) -> None:
    model, _ = load("llama", tmp_path)
    model.model.language_model.config.rope_parameters["rope_type"] = "dynamic"
    assert not probe.agrees(model)
