"""Keys of rotary positions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from gguf import GGUFReader, GGUFWriter
from transformers import GptOssConfig, LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.export.gguf import positions

PLAIN: dict[str, Any] = {"rope_theta": 500_000.0, "rope_type": "default"}
YARN = {**PLAIN, "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512}
LLAMA3 = {**YARN, "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}


def written(tmp_path: Path, text: Any) -> tuple[dict[str, Any], list[str]]:
    writer = GGUFWriter(tmp_path / "keys.gguf", "llama")
    warnings = positions.add_positions(writer, text)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    fields = GGUFReader(tmp_path / "keys.gguf").fields.items()
    return {
        name.removeprefix("llama.rope."): each.contents() for name, each in fields if "rope." in name
    }, warnings


def llama(rope: dict[str, Any]) -> LlamaConfig:
    return LlamaConfig(hidden_size=64, num_attention_heads=4, rope_parameters=rope)


def test_plain(tmp_path: Path) -> None:
    found = written(tmp_path, llama(PLAIN))
    assert found == ({"dimension_count": 16, "freq_base": 500_000.0}, [])


def test_stretched_like_gpt_oss(tmp_path: Path) -> None:
    keys, warnings = written(tmp_path, GptOssConfig())
    assert keys == {
        "dimension_count": 64,
        "freq_base": 150_000.0,
        "scaling.type": "yarn",
        "scaling.factor": 32.0,
        "scaling.original_context_length": 4096,
        "scaling.yarn_beta_fast": 32.0,
        "scaling.yarn_beta_slow": 1.0,
    }
    assert warnings == [positions.TRUNCATED]
    assert "truncate: false" in positions.TRUNCATED


@pytest.mark.parametrize("rope", [YARN, {**YARN, "truncate": True}])
def test_rounding_that_llama_cpp_shares_is_not_warned_of(tmp_path: Path, rope: dict[str, Any]) -> None:
    keys, warnings = written(tmp_path, llama(rope))
    assert keys["scaling.original_context_length"] == 512
    assert warnings == []


def test_linear(tmp_path: Path) -> None:
    keys, _ = written(tmp_path, llama({**PLAIN, "rope_type": "linear", "factor": 2.0}))
    assert keys["scaling.type"] == "linear"
    assert keys["scaling.factor"] == 2.0


@pytest.mark.parametrize("rope", [{**YARN, "rope_type": "dynamic"}, {**YARN, "attention_factor": 1.5}])
def test_what_cannot_be_said_is_refused(tmp_path: Path, rope: dict[str, Any]) -> None:
    with pytest.raises(BadCheckpoint, match="cannot be written as GGUF"):
        written(tmp_path, llama(rope))


def test_llama3_divides_each_frequency_as_transformers_does() -> None:
    text = llama(LLAMA3)
    stretched, _ = ROPE_INIT_FUNCTIONS["llama3"](text, None)
    plain = 1 / 500_000.0 ** (torch.arange(0, 16, 2) / 16)
    found = positions.llama3_factors(text)
    assert found is not None
    torch.testing.assert_close(found, plain / stretched)
    assert len(set(found.tolist())) == 3  # untouched, blended, divided whole
    assert positions.llama3_factors(llama(YARN)) is None
