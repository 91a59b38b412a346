"""Exporting for llama.cpp, as a person does it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from medgpt_cli.app import main
from medgpt_cli.core.adapted import Adapted
from medgpt_cli.core.manifest import file_hashes, model_hash, write_manifest
from medgpt_cli.models import checkpoint, embedded
from medgpt_cli.models.adapters import folder as adapters
from medgpt_cli.models.adapters.attach import adapter_config, attach
from tests.export.gguf.making import read_back
from tests.exporting import flip


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_folder_for_llama_cpp(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--model", "tiny-siglip", "--to", "gguf", "--out", "exp"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("exp: 0.00 GB of weights; every tensor read back; not run: llama.cpp")
    assert "warning: the model was trained with YaRN's truncate: false" in said.err
    names = {"Modelfile", "README.md", "SHA256SUMS", "manifest.json", "sbom.cdx.json", "verify.json"}
    assert {each.name for each in Path("exp").iterdir()} == names | {"model.gguf", "mmproj.gguf"}
    card = Path("exp/README.md").read_text()
    assert "library_name: gguf" in card
    assert "--mmproj FOLDER/mmproj.gguf" in card
    assert "Every tensor was read back." in card
    assert "Not run: llama.cpp, which is no part of medgpt." in card
    checked = json.loads(Path("exp/verify.json").read_text())
    assert checked["off"]["model.gguf"]["F32"] == 0.0
    assert checked["files"].keys() == {"Modelfile", "model.gguf", "mmproj.gguf"}
    assert json.loads(Path("exp/manifest.json").read_text())["waivers"] == []
    assert main(["verify", "exp"]) == 0
    flip(Path("exp/mmproj.gguf"))
    capsys.readouterr()
    assert main(["verify", "exp"]) == 4
    assert "mmproj.gguf is missing or not the file" in capsys.readouterr().err


def test_clip_is_refused_and_nothing_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--model", "tiny", "--to", "gguf", "--out", "exp"]) == 4
    assert "--allow clip-gguf" in capsys.readouterr().err
    assert list(Path().iterdir()) == []


def test_a_waiver_stands_in_manifest_and_card() -> None:
    words = ["export", "--model", "tiny", "--to", "gguf", "--quantise", "f32", "--allow", "clip-gguf"]
    assert main([*words, "--out", "exp"]) == 0
    assert json.loads(Path("exp/manifest.json").read_text())["waivers"] == ["clip-gguf"]
    card = Path("exp/README.md").read_text()
    assert "- clip-gguf" in card
    assert "issue 25814" in card


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--to", "gguf", "--quantise", "q4"], "there is no precision q4"),
        (["--to", "hf", "--quantise", "f16"], "--quantise is not for --to hf"),
        (["--to", "gguf", "--allow", "clip"], "--allow clip is none"),
        (["--to", "ggml"], "--to ggml is none"),
    ],
)
def test_wrong_words(words: list[str], what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--model", "tiny-siglip", *words, "--out", "exp"]) == 2
    assert what in capsys.readouterr().err
    assert not Path("exp").exists()


def test_an_adapter_is_added_to_the_weights() -> None:
    base = embedded.folder("tiny-siglip")
    model, processor = checkpoint.load(base)
    name = "model.language_model.layers.0.self_attn.v_proj"
    added = Adapted(name, "llm", 4, 8)
    before = model.get_submodule(name).weight.clone()
    attach(model, adapter_config([added], dropout=0.0, dora=False, rslora=False, base="run", whole=()))
    layer = model.get_submodule(name)
    torch.manual_seed(3)
    a, b = layer.lora_A["default"].weight.data, layer.lora_B["default"].weight.data.normal_(std=0.1)
    Path("adapter").mkdir()
    adapters.save(model, processor, Path("adapter"))
    named = {"name": str(base), "hash": model_hash(base)}
    promised = file_hashes(Path("adapter"))
    write_manifest(Path("adapter"), {"run": "ad", "base": named, "data": {}, "files": promised})
    words = ["export", "--model", "adapter", "--to", "gguf", "--quantise", "f32", "--out", "exp"]
    assert main(words) == 0
    _, found, _ = read_back(Path("exp/model.gguf"))
    np.testing.assert_allclose(
        found["blk.0.attn_v.weight"], (before + 2.0 * b @ a).detach().numpy(), atol=1e-6
    )
    assert not np.allclose(found["blk.0.attn_v.weight"], before.detach().numpy(), atol=1e-3)
