"""A stretched context: as transformers builds it from a configuration, kept in the checkpoint, never stacked."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, LlamaConfig, LlamaModel

from medgpt_cli.models.yarn import scaling_of, stretch
from tests.models.attention.test_closed import COMMON, llava


def test_a_llama_is_stretched_as_transformers_would_build_it(tmp_path: Path) -> None:
    model = llava("llama").float()
    ids = torch.randint(6, 64, (1, 40), generator=torch.Generator().manual_seed(0))
    before = model.model(input_ids=ids).last_hidden_state
    stretch(model, factor=4.0, original=2048)
    model.config.save_pretrained(tmp_path)
    kept = AutoConfig.from_pretrained(tmp_path).text_config
    assert kept.max_position_embeddings == 8192
    theta = LlamaConfig(**COMMON).rope_parameters["rope_theta"]
    yarn = {
        "rope_type": "yarn",
        "rope_theta": theta,
        "factor": 4.0,
        "original_max_position_embeddings": 2048,
    }
    assert yarn.items() <= kept.rope_parameters.items()
    asked = LlamaConfig(
        **COMMON | {"max_position_embeddings": 8192}, pad_token_id=0, rope_parameters=yarn
    )
    built = LlamaModel(asked).eval()
    built.load_state_dict(model.model.language_model.state_dict())
    got = model.model(input_ids=ids).last_hidden_state
    torch.testing.assert_close(got, built(input_ids=ids).last_hidden_state, atol=1e-6, rtol=0)
    assert (got - before).abs().max() > 1e-3


def test_a_second_scaling_is_never_stacked() -> None:
    model = llava("gpt-oss")
    assert scaling_of(model.config) == "YaRN x32"
    with pytest.raises(ValueError, match="scaled already: YaRN x32"):
        stretch(model, factor=2.0)
