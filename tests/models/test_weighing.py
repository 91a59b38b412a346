from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.models import checkpoint
from medgpt_cli.models.weighing import weights_bytes


def test_what_is_weighed_is_what_is_loaded(tiny: Path) -> None:
    model, _ = checkpoint.load(tiny, dtype=torch.float32)
    held = {tensor.data_ptr(): tensor.nbytes for tensor in model.parameters()}
    assert weights_bytes(tiny, 4) == pytest.approx(sum(held.values()), rel=0.01)
    assert weights_bytes(tiny, 2) == weights_bytes(tiny, 4) // 2


def test_packed_experts_are_two_numbers_to_a_byte(tmp_path: Path) -> None:
    blocks, scales = torch.zeros(2, 3, 4, 16, dtype=torch.uint8), torch.zeros(2, 3, 4, dtype=torch.uint8)
    tensors = {"x.down_proj_blocks": blocks, "x.down_proj_scales": scales, "y": torch.zeros(5)}
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    assert weights_bytes(tmp_path, 2) == 2 * (2 * blocks.numel() + 5)


def test_an_export_stays_as_it_is_in_its_file(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"x" * 100)
    (tmp_path / "mmproj.gguf").write_bytes(b"x" * 11)
    assert weights_bytes(tmp_path, 4) == 111


@pytest.mark.parametrize("content", [b"", b"\xff" * 16, b"\x04" + b"\x00" * 7 + b"[1]x"])
def test_a_damaged_head_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(BadCheckpoint, match="the head of the file cannot be read"):
        weights_bytes(tmp_path, 4)
