"""Towers of open_clip and timm against the same towers in stock transformers classes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModel

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.models.parts import load_vision_tower, picture_statistics
from tests.models.upstream.making import STATISTICS, write_open_clip
from tests.parts import write_tower


def pixels(side: int) -> torch.Tensor:
    return torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("quick", [True, False])
def test_an_open_clip_tower_keeps_its_features(tmp_path: Path, quick: bool) -> None:
    upstream = write_open_clip(tmp_path / "clip", "clip", quick=quick)
    tower = load_vision_tower(tmp_path / "clip")
    seen: list[torch.Tensor] = []
    for block in upstream.visual.transformer.resblocks:
        block.register_forward_hook(lambda module, given, made: seen.append(made))
    with torch.no_grad():
        upstream.visual(pixels(28))
        found = tower(pixels(28), output_hidden_states=True).hidden_states
    assert type(tower).__name__ == "CLIPVisionModel"
    assert len(seen) == len(found) - 1 == 3
    for theirs, ours in zip(seen, found[1:], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("archive", [True, False])
def test_a_timm_tower_as_biomedclip_has_it_keeps_its_features(tmp_path: Path, archive: bool) -> None:
    upstream = write_open_clip(tmp_path / "timm", "timm", archive=archive)
    tower = load_vision_tower(tmp_path / "timm")
    with torch.no_grad():
        theirs = upstream.visual.trunk.forward_features(pixels(224))
        ours = tower(pixels(224)).last_hidden_state
        before = upstream.visual.trunk.forward_intermediates(
            pixels(224), norm=False, intermediates_only=True
        )
        states = tower(pixels(224), output_hidden_states=True).hidden_states
    assert type(tower).__name__ == "ViTModel"
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)
    grid = before[-2].flatten(2).transpose(1, 2)
    torch.testing.assert_close(states[-2][:, 1:], grid, rtol=0, atol=1e-5)


def test_the_pixels_statistics_are_the_folders_own(tmp_path: Path) -> None:
    write_open_clip(tmp_path / "clip", "clip")
    assert picture_statistics(tmp_path / "clip") == (tuple(STATISTICS["mean"]), tuple(STATISTICS["std"]))


def test_a_resnet_is_refused_with_the_reason(tmp_path: Path) -> None:
    write_open_clip(tmp_path / "resnet", "resnet")
    with pytest.raises(BadCheckpoint, match="is no vision transformer") as refused:
        load_vision_tower(tmp_path / "resnet")
    assert refused.value.repair == "LLaVA holds none but those"


def test_an_unknown_timm_model_is_refused_by_name(tmp_path: Path) -> None:
    write_open_clip(tmp_path / "timm", "timm")
    path = tmp_path / "timm" / "open_clip_config.json"
    document = json.loads(path.read_text())
    document["model_cfg"]["vision_cfg"]["timm_model_name"] = "eva02_base_patch16_clip_224"
    path.write_text(json.dumps(document))
    with pytest.raises(BadCheckpoint, match="eva02_base_patch16_clip_224"):
        load_vision_tower(tmp_path / "timm")


def test_a_tensor_too_many_or_too_few_is_named(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    write_open_clip(tmp_path / "clip", "clip")
    path = tmp_path / "clip" / "open_clip_model.safetensors"
    state = load_file(path)
    left = {name: value for name, value in state.items() if name != "visual.ln_post.bias"}
    save_file(left, path)
    with pytest.raises(BadCheckpoint, match=r"such as post_layernorm\.bias"):
        load_vision_tower(tmp_path / "clip")
    save_file(state | {"visual.patch_dropout.x": torch.zeros(1)}, path)
    with pytest.raises(BadCheckpoint, match=r"has visual\.patch_dropout\.x, which no stock tower has"):
        load_vision_tower(tmp_path / "clip")


def test_a_pair_in_torchs_archive_as_pubmedclip_ships_it(tmp_path: Path) -> None:
    write_tower(tmp_path / "safe", "clip-pair")
    upstream = AutoModel.from_pretrained(tmp_path / "safe").eval()
    write_tower(tmp_path / "archive", "clip-pair")
    (tmp_path / "archive" / "model.safetensors").unlink()
    torch.save(upstream.state_dict(), tmp_path / "archive" / "pytorch_model.bin")
    with torch.no_grad():
        theirs = upstream.vision_model(pixels(28)).last_hidden_state
        ours = load_vision_tower(tmp_path / "archive")(pixels(28)).last_hidden_state
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


def test_an_archive_that_would_run_code_is_not_opened(tmp_path: Path) -> None:
    write_open_clip(tmp_path / "timm", "timm", archive=True)
    torch.save({"visual.x": Path}, tmp_path / "timm" / "open_clip_pytorch_model.bin")
    with pytest.raises(BadCheckpoint, match="would run code when it is opened"):
        load_vision_tower(tmp_path / "timm")
