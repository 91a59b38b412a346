"""Language models as they are published, against transformers' own loading."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.models import checkpoint
from medgpt_cli.models.parts import load_language_model
from medgpt_cli.models.upstream.language import LanguageWeights
from tests.models.upstream.making import write_packed_gpt_oss
from tests.parts import write_llama


def as_archives(folder: Path) -> Path:
    """The weights as PMC-LLaMA ships them: torch's archives in shards, with what old LLaMA files hold besides."""
    state = load_file(folder / "model.safetensors")
    state["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.zeros(8)
    (folder / "model.safetensors").unlink()
    names = sorted(state)
    placed = {}
    for number, held in enumerate((names[::2], names[1::2]), 1):
        shard = f"pytorch_model-{number:05d}-of-00002.bin"
        torch.save({name: state[name] for name in held}, folder / shard)
        placed |= dict.fromkeys(held, shard)
    (folder / "pytorch_model.bin.index.json").write_text(
        json.dumps({"metadata": {}, "weight_map": placed})
    )
    return folder


def test_packed_experts_are_what_transformers_makes_of_them(tmp_path: Path) -> None:
    folder = write_packed_gpt_oss(tmp_path / "gpt-oss")
    weights = LanguageWeights(folder)
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    state = theirs.state_dict()
    assert set(weights.names) == set(state)
    for name, tensor in state.items():
        assert torch.equal(weights.get(name).to(torch.bfloat16), tensor), name
    assert len({*weights.get("model.layers.0.mlp.experts.down_proj").flatten().tolist()}) > 25


def test_packed_gpt_oss_answers_as_transformers_loads_it(tmp_path: Path) -> None:
    folder = write_packed_gpt_oss(tmp_path / "gpt-oss")
    ours, _ = load_language_model(folder)
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.randint(0, 1000, (1, 40), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(ours(ids).logits, theirs(ids).logits, rtol=0, atol=0)


def test_torchs_archives_in_shards_are_read(tmp_path: Path) -> None:
    folder = as_archives(write_llama(tmp_path / "llama"))
    weights = LanguageWeights(folder)
    outline = weights.outline(torch.float32)
    assert outline.model.layers[0].mlp.up_proj.weight.is_meta
    assert not outline.model.embed_tokens.weight.is_meta
    loaded, _ = load_language_model(folder)
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(weights.get(name), tensor), name


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    folder = as_archives(write_llama(tmp_path / "llama"))
    (folder / "pytorch_model-00002-of-00002.bin").unlink()
    with pytest.raises(BadCheckpoint, match=r"1 of 2 shards are missing \(such as pytorch_model-00002"):
        LanguageWeights(folder)


def test_scales_without_blocks_are_refused(tmp_path: Path) -> None:
    folder = write_packed_gpt_oss(tmp_path / "gpt-oss")
    index = json.loads((folder / "model.safetensors.index.json").read_text())["weight_map"]
    lost = "model.layers.1.mlp.experts.down_proj_blocks"
    state = load_file(folder / index[lost])
    del state[lost]
    save_file(state, folder / index[lost])
    with pytest.raises(
        BadCheckpoint, match=r"1 tensors of the language model are missing \(such as .*down_proj\)"
    ):
        LanguageWeights(folder).outline(torch.float32)


def test_a_missing_scale_is_named(tmp_path: Path) -> None:
    folder = write_packed_gpt_oss(tmp_path / "gpt-oss")
    index = json.loads((folder / "model.safetensors.index.json").read_text())["weight_map"]
    lost = "model.layers.0.mlp.experts.gate_up_proj_scales"
    state = load_file(folder / index[lost])
    del state[lost]
    save_file(state, folder / index[lost])
    with pytest.raises(BadCheckpoint, match="gate_up_proj_scales is missing"):
        LanguageWeights(folder).get("model.layers.0.mlp.experts.gate_up_proj")


def test_another_packing_is_refused_by_name(tmp_path: Path) -> None:
    folder = write_llama(tmp_path / "llama")
    document = json.loads((folder / "config.json").read_text())
    document["quantization_config"] = {"quant_method": "gptq", "bits": 4}
    (folder / "config.json").write_text(json.dumps(document))
    with pytest.raises(BadCheckpoint, match="packed by gptq, which is not unpacked here"):
        LanguageWeights(folder)


def test_of_a_llava_the_language_half_is_read_either_way(tiny: Path) -> None:
    whole, _ = checkpoint.load(tiny)
    half, tokenizer = load_language_model(tiny)
    weights = LanguageWeights(tiny)
    words = torch.tensor([tokenizer("Which plane is this?").input_ids])
    with torch.no_grad():
        assert torch.equal(half(words).logits, whole(words).logits)
    assert dict.fromkeys(half.state_dict(), True) == {
        name: torch.equal(weights.get(name).float(), tensor)
        for name, tensor in half.state_dict().items()
    }
    assert not list(weights.outline(torch.float32).get_input_embeddings().weight.isnan().nonzero())
