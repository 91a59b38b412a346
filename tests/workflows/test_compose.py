"""Composing a starting model, as a person does it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from medgpt_cli.app import main
from medgpt_cli.models import checkpoint
from medgpt_cli.models.compose import compose
from medgpt_cli.models.parts import load_language_model, load_vision_tower
from medgpt_cli.models.processor import build_processor
from tests.models.upstream.making import write_open_clip, write_packed_gpt_oss
from tests.parts import write_llama, write_tower


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def in_memory(llm: str, vision: str) -> dict[str, torch.Tensor]:
    model, tokenizer = load_language_model(Path(llm))
    tower = load_vision_tower(Path(vision))
    processor = build_processor(
        tokenizer, tower.config, template=None, date="2026-01-01", reasoning="low"
    )
    return compose(model, tower, processor).state_dict()


@pytest.mark.parametrize("tower", ["clip", "siglip", "timm"])
@pytest.mark.parametrize("llm", ["llama", "gpt-oss"])
def test_what_is_written_tensor_by_tensor_is_what_memory_would_hold(llm: str, tower: str) -> None:
    write_llama(Path("llama")) if llm == "llama" else write_packed_gpt_oss(Path("gpt-oss"))
    write_open_clip(Path(tower), "timm", archive=True) if tower == "timm" else write_tower(
        Path(tower), tower
    )
    assert (
        main(["compose", "--llm", llm, "--vision", tower, "--out", "start", "--dtype", "float32"]) == 0
    )
    model, _ = checkpoint.load(Path("start"))
    expected = in_memory(llm, tower)
    found = model.state_dict()
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        assert found[name].dtype is torch.float32
        assert torch.equal(found[name], tensor), name


def test_shards_are_small_and_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    from medgpt_cli.models.upstream import writing

    monkeypatch.setattr(writing.write_weights, "__kwdefaults__", {"shard_bytes": 200_000})
    write_packed_gpt_oss(Path("gpt-oss"))
    write_tower(Path("clip"), "clip")
    assert main(["compose", "--llm", "gpt-oss", "--vision", "clip", "--out", "start"]) == 0
    shards = sorted(Path("start").glob("*.safetensors"))
    largest = 2 * 96 * 64 * 4 * 2  # experts of one layer, bfloat16
    assert len(shards) > 2
    embedding = max(shard.stat().st_size for shard in shards)
    assert sum(shard.stat().st_size > 200_000 + 4096 for shard in shards) <= 2, (
        embedding
    )  # embedding, head
    assert largest < 200_000
    model, _ = checkpoint.load(Path("start"))
    assert model.dtype is torch.bfloat16


def test_the_manifest_tells_where_the_parts_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    write_llama(Path("llama"))
    write_tower(Path("clip"), "clip")
    line = ["compose", "--llm", "llama", "--vision", "clip", "--out", "start", "--json"]
    assert main(line) == 0
    told = json.loads(capsys.readouterr().out)
    manifest = json.loads(Path("start/manifest.json").read_text())
    assert set(manifest["sources"]) == {"llm", "vision"}
    assert told["parameters"] == manifest["parameters"]
    assert "model.safetensors" in manifest["files"]
    assert main(line) == 2  # it stands already
    assert main([*line, "--force"]) == 0


def test_a_dry_run_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    write_llama(Path("llama"))
    write_tower(Path("clip"), "clip")
    assert main(["compose", "--llm", "llama", "--vision", "clip", "--out", "start", "--dry-run"]) == 0
    assert not Path("start").exists()
    assert "joined by a fresh projector" in capsys.readouterr().out


def test_training_starts_from_it() -> None:
    write_packed_gpt_oss(Path("gpt-oss"))
    write_open_clip(Path("timm"), "timm")
    assert main(["compose", "--llm", "gpt-oss", "--vision", "timm", "--out", "start"]) == 0
    Path("a.jsonl").write_text('{"question": "Which plane?", "answer": "axial"}\n')
    words = ["--model", "start", "--data", "a.jsonl", "--out", "run", "train.max_steps=1"]
    assert main(["sft", *words, "train.max_length=512"]) == 0


def test_a_damaged_part_is_refused_before_anything_is_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_llama(Path("llama"))
    write_tower(Path("clip"), "clip")
    Path("llama/model.safetensors").write_bytes(b"broken")
    assert main(["compose", "--llm", "llama", "--vision", "clip", "--out", "start"]) == 3
    assert "llama/model.safetensors" in capsys.readouterr().err
    assert not Path("start").exists()
