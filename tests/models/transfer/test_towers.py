from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from medgpt_cli.core.errors import BadCheckpoint, HashMismatch, UsageError
from medgpt_cli.models import checkpoint
from medgpt_cli.models.parts import load_vision_tower
from medgpt_cli.models.transfer.towers import OPENAI, open_tower
from medgpt_cli.models.upstream.weights import Weights
from tests.models.upstream.making import STATISTICS, write_open_clip
from tests.parts import write_tower


def pixels(side: int) -> torch.Tensor:
    return torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("layer", [-2, -1, 0])
def test_the_tower_of_a_model_of_ours_is_the_one_in_it(tiny: Path, layer: int) -> None:
    model, processor = checkpoint.load(tiny, dtype=torch.float32)
    tower = open_tower(tiny, layer)
    with torch.no_grad():
        states = model.model.vision_tower(pixels(112), output_hidden_states=True).hidden_states
        found = tower.load()(pixels(112))
    assert torch.equal(found, states[layer][:, 1:].mean(1))
    rules = processor.image_processor
    assert (tower.kind, tower.side, tower.layers) == ("clip_vision_model", 112, 6)
    assert tower.statistics == (rules.image_mean, rules.image_std)


def test_nothing_but_the_tower_is_read(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    stock = Weights.__getitem__
    monkeypatch.setattr(
        Weights, "__getitem__", lambda self, name: read.append(name) or stock(self, name)
    )
    open_tower(tiny, -2).load()
    assert read
    assert {name.split(".")[0] for name in read} == {"vision_tower"}


@pytest.mark.parametrize("kind", ["clip", "siglip", "dinov2", "clip-pair"])
def test_towers_of_transformers_leave_out_the_class_token(tmp_path: Path, kind: str) -> None:
    folder = write_tower(tmp_path / kind, kind)
    with torch.no_grad():
        states = load_vision_tower(folder)(pixels(28), output_hidden_states=True).hidden_states
        found = open_tower(folder, -2).load()(pixels(28))
    first = 0 if kind == "siglip" else 1
    assert states[-2].shape[1] == 4 + first
    assert torch.equal(found, states[-2][:, first:].mean(1))


def test_a_tower_of_biomedclips_kind_gives_timms_features(tmp_path: Path) -> None:
    upstream = write_open_clip(tmp_path / "timm", "timm", archive=True)
    with torch.no_grad():
        maps = upstream.visual.trunk.forward_intermediates(
            pixels(224), norm=False, intermediates_only=True
        )
        found = open_tower(tmp_path / "timm", -2).load()(pixels(224))
    torch.testing.assert_close(found, maps[-2].mean((2, 3)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("archive", [True, False])
def test_a_resnet_of_open_clip_gives_its_features(tmp_path: Path, archive: bool) -> None:
    upstream = write_open_clip(tmp_path / "pmc-clip", "resnet", archive=archive)
    for name, buffer in upstream.named_buffers():  # statistics of a batch norm are weights too
        if "running" in name:
            assert buffer.dim() == 1
    tower = open_tower(tmp_path / "pmc-clip", -2)
    with torch.no_grad():
        made = upstream.visual.forward_intermediates(pixels(64), indices=1, intermediates_only=True)
        found = tower.load()(pixels(64))
    torch.testing.assert_close(found, made["image_intermediates"][-1].mean((2, 3)), rtol=0, atol=1e-6)
    assert (tower.kind, tower.side, tower.layers) == ("resnet", 64, 4)
    assert tower.statistics == (tuple(STATISTICS["mean"]), tuple(STATISTICS["std"]))


def test_running_statistics_and_parallel_names_of_a_resnet_are_read(tmp_path: Path) -> None:
    write_open_clip(tmp_path / "a", "resnet")
    file = tmp_path / "a" / "open_clip_model.safetensors"
    state = load_file(file)
    state["visual.bn1.running_mean"] += 0.25
    save_file({f"module.{name}": tensor for name, tensor in state.items()}, file)
    network = open_tower(tmp_path / "a", -2).load()
    assert torch.equal(network.tower.bn1.running_mean, state["visual.bn1.running_mean"])


def test_where_nothing_is_stated_open_clips_own_statistics_hold(tmp_path: Path) -> None:
    write_open_clip(tmp_path / "a", "resnet")
    path = tmp_path / "a" / "open_clip_config.json"
    document = json.loads(path.read_text())
    del document["preprocess_cfg"]
    path.write_text(json.dumps(document))
    assert open_tower(tmp_path / "a", -2).statistics == OPENAI


@pytest.mark.parametrize("kind", ["clip", "siglip", "dinov2", "timm", "resnet"])
def test_fresh_weights_come_from_the_seed_alone(tmp_path: Path, kind: str) -> None:
    if kind in ("timm", "resnet"):
        write_open_clip(tmp_path / kind, kind)
    else:
        write_tower(tmp_path / kind, kind)
    tower = open_tower(tmp_path / kind, -2)
    torch.manual_seed(0)
    one = dict(tower.draw(3).named_parameters())
    torch.manual_seed(99)
    same, other = dict(tower.draw(3).named_parameters()), dict(tower.draw(4).named_parameters())
    loaded = dict(tower.load().named_parameters())
    assert {name: p.shape for name, p in one.items()} == {name: p.shape for name, p in loaded.items()}
    assert all(torch.equal(one[name], same[name]) for name in one)
    matrices = [name for name in one if one[name].dim() > 1 and one[name].std() > 0]
    assert matrices
    assert not any(torch.equal(one[name], other[name]) for name in matrices)
    assert not any(torch.equal(one[name], loaded[name]) for name in matrices)


def test_a_tensor_that_is_missing_is_told(tiny: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny, tmp_path / "model")
    (folder / "manifest.json").unlink()
    state = load_file(folder / "model.safetensors")
    gone = next(name for name in sorted(state) if name.startswith("vision_tower."))
    del state[gone]
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        BadCheckpoint, match=r"1 tensors of the tower are missing or do not belong to it"
    ):
        open_tower(folder, -2).load()


def test_a_file_that_was_changed_is_refused(tiny: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny, tmp_path / "model")
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(HashMismatch):
        open_tower(folder, -2)


def test_a_resnet_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    write_open_clip(tmp_path / "a", "resnet")
    file = tmp_path / "a" / "open_clip_model.safetensors"
    state = load_file(file)
    del state["visual.conv1.weight"]
    state["visual.bn1.bias"] = torch.zeros(1)
    save_file(state, file)
    with pytest.raises(
        BadCheckpoint,
        match=r"2 tensors of the tower are missing or of another shape \(such as bn1\.bias\)",
    ):
        open_tower(tmp_path / "a", -2).load()


def test_a_layer_that_no_tower_has_is_refused(tmp_path: Path) -> None:
    write_tower(tmp_path / "clip", "clip")
    with pytest.raises(UsageError) as caught:
        open_tower(tmp_path / "clip", -5).load()
    assert str(caught.value) == ("layer=-5 is none of a tower with 3 layers\nname one from -4 to 3")
