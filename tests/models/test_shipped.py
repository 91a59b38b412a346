"""The trained weights that come with medgpt: whole, small, under terms that allow it; what the word `tiny` means."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from medgpt_cli.app import main
from medgpt_cli.core.manifest import verify_files
from medgpt_cli.models import checkpoint, embedded
from medgpt_cli.workflows import shipping

SHIPPED = embedded.SHIPPED["tiny"]


def test_the_folder_is_whole_and_small() -> None:
    assert verify_files(SHIPPED) >= 10
    assert sum(each.stat().st_size for each in SHIPPED.iterdir()) <= shipping.LARGEST
    with safe_open(SHIPPED / "model.safetensors", framework="pt") as file:
        assert {file.get_slice(name).get_dtype() for name in file.keys()} == {"BF16"}  # noqa: SIM118


def test_it_is_read_in_float32_with_the_shape_and_words_of_the_untrained_one(tiny: Path) -> None:
    model, processor = checkpoint.load(embedded.folder("tiny"), dtype=torch.float32)
    fresh, own = checkpoint.load(tiny)
    shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in fresh.state_dict().items()}
    assert processor.tokenizer.get_vocab() == own.tokenizer.get_vocab()
    assert processor.chat_template == own.chat_template
    moved = model.get_input_embeddings().weight - fresh.get_input_embeddings().weight
    assert moved.abs().max() > 1e-2


def test_its_manifest_tells_what_it_was_made_from_and_under_which_terms() -> None:
    manifest = json.loads((SHIPPED / "manifest.json").read_text())
    runs = [link["stage"] for link in manifest["lineage"] if link["what"] == "run"]
    assert runs == ["adapt", "sft", "midtrain", "align"]
    names = [link["name"] for link in manifest["lineage"] if link["what"] in ("base", "model")]
    assert names[-1] == "tiny-untrained"
    licences = next(link["licences"] for link in manifest["lineage"] if link["what"] == "model")
    assert {line.partition(":")[0].removeprefix("learnt from ") for line in licences} == {
        "weights",
        *shipping.SOURCES,
    }
    assert not any(word in " ".join(licences) for word in ("-NC", "-ND", "HPO"))
    assert manifest["scores"]


def test_its_card_names_the_commands_the_scores_and_the_notices() -> None:
    card = (SHIPPED / "README.md").read_text()
    for words in shipping.lines():
        assert f"medgpt {' '.join(words[:2])}" in card
    assert "Permission to use, copy, modify, and distribute" in card
    assert "heldout" in card.partition("## Scores")[2].partition("## Checked")[0]
    assert not any(word in card for word in ("/tmp", "/root", "/work"))


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_changed_bytes_are_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(SHIPPED, tmp_path / "tiny")
    monkeypatch.setitem(embedded.SHIPPED, "tiny", tmp_path / "tiny")
    path = tmp_path / "tiny" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    monkeypatch.chdir(tmp_path)
    assert main(["chat", "--model", "tiny", "--prompt", "Which plane?"]) == 4
    assert f"{name} is missing or not the file that" in capsys.readouterr().err
    assert main(["doctor"]) == 0
    assert "model tiny is damaged" in capsys.readouterr().out
