from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from medgpt_cli.core.errors import BadCheckpoint, HashMismatch
from medgpt_cli.models import checkpoint
from tests.parts import write_llama


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    """A checkpoint that may be damaged; without the manifest, so that damage reaches the loader."""
    folder = tmp_path / "model"
    shutil.copytree(tiny, folder)
    (folder / "manifest.json").unlink()
    return folder


def test_names_on_disk_are_those_other_programs_read(tiny: Path) -> None:
    names = load_file(tiny / "model.safetensors").keys()
    tower = [name for name in names if name.startswith("vision_tower.")]
    assert tower
    assert all(name.startswith("vision_tower.vision_model.") for name in tower)


def test_what_is_saved_is_what_is_loaded(tiny: Path, tmp_path: Path) -> None:
    model, processor = checkpoint.load(tiny)
    (tmp_path / "again").mkdir()
    checkpoint.save(model, processor, tmp_path / "again")
    again, _ = checkpoint.load(tmp_path / "again")
    for (name, one), two in zip(model.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.equal(one, two), name


def drop_a_tensor(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    del tensors["multi_modal_projector.linear_1.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def add_a_tensor(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    save_file(
        {**tensors, "extra": torch.zeros(1)}, folder / "model.safetensors", metadata={"format": "pt"}
    )


def reshape_a_tensor(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["multi_modal_projector.linear_1.bias"] = torch.zeros(7)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def cut_the_file(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])


def pickle_the_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")


def move_the_image_token(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["image_token_index"] = 5
    (folder / "config.json").write_text(json.dumps(config))


DAMAGE = {
    "a tensor is missing": (
        drop_a_tensor,
        "the weights do not fit the configuration: 1 missing (such as model.multi_modal_projector.linear_1.weight)",
    ),
    "a tensor too many": (
        add_a_tensor,
        "the weights do not fit the configuration: 1 unexpected (such as extra)",
    ),
    "a tensor of another shape": (
        reshape_a_tensor,
        "the weights do not fit the configuration: 1 mismatched",
    ),
    "a cut file": (cut_the_file, "the weights cannot be read: a file is damaged or incomplete"),
    "a pickle": (pickle_the_weights, "the weights are pickled, and a pickle can run any code"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "there are no weights"),
    "no configuration": (lambda folder: (folder / "config.json").unlink(), "there is no config.json"),
    "no JSON": (lambda folder: (folder / "config.json").write_text("{"), "config.json is not JSON"),
    "no processor": (
        lambda folder: [
            (folder / n).unlink() for n in ("processor_config.json", "tokenizer_config.json")
        ],
        "the processor",
    ),
    "another image token": (
        move_the_image_token,
        "the tokenizer's image token is not the one the model was trained with",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_checkpoint_is_refused_with_its_reason(copy: Path, damage: str) -> None:
    harm, message = DAMAGE[damage]
    harm(copy)
    with pytest.raises(BadCheckpoint) as refusal:
        checkpoint.load(copy)
    assert message in refusal.value.what
    assert refusal.value.where == str(copy)
    assert refusal.value.repair


def test_a_language_model_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match="this is a llama model, not a LLaVA model"):
        checkpoint.load(write_llama(tmp_path))


@pytest.mark.parametrize("name", ["model.safetensors", "chat_template.jinja", "tokenizer.json"])
def test_one_flipped_byte_is_caught(tiny: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny, folder)
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(HashMismatch, match=f"{name} is missing or not the file"):
        checkpoint.load(folder)
