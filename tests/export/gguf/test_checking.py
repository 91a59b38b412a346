"""A file that is not what was to be written is found out."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter

from medgpt_cli.core.errors import GateRefusal
from medgpt_cli.export.gguf.checking import read_back
from medgpt_cli.export.gguf.tensors import Stored, write_all

DRAWN = torch.randn(3, 4, 64, generator=torch.Generator().manual_seed(3))
KINDS = (Type.F32, Type.F16, Type.Q8_0, Type.MXFP4)


def stored(kind: Type, numbers: torch.Tensor = DRAWN, name: str | None = None) -> Stored:
    return Stored(name or kind.name, tuple(numbers.shape), kind, lambda: numbers)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_all(GGUFWriter(tmp_path / "some.gguf", "llama"), [stored(kind) for kind in KINDS])
    return tmp_path / "some.gguf"


def test_how_far_each_kind_is_off(file: Path) -> None:
    off = read_back(file, [stored(kind) for kind in KINDS])
    assert list(off) == ["F16", "F32", "MXFP4", "Q8_0"]
    assert off["F32"] == 0.0
    assert 0 < off["F16"] < off["Q8_0"] < 0.01 < off["MXFP4"] < 0.15


@pytest.mark.parametrize("kind", KINDS)
def test_experts_in_another_order_are_found_out(file: Path, kind: Type) -> None:
    others = [stored(each, DRAWN.flip(0) if each is kind else DRAWN) for each in KINDS]
    with pytest.raises(GateRefusal, match=rf"some\.gguf  the tensor {kind.name} is not read back"):
        read_back(file, others)


def test_missing_and_left_over_tensors_are_found_out(file: Path) -> None:
    with pytest.raises(GateRefusal, match="the tensor new is not"):
        read_back(file, [*map(stored, KINDS), stored(Type.F32, name="new")])
    with pytest.raises(GateRefusal, match="the tensor MXFP4 is not"):
        read_back(file, map(stored, KINDS[:3]))
    with pytest.raises(GateRefusal, match="the tensor F32 is not"):
        read_back(file, [stored(Type.F16, name="F32")])


def test_packed_bytes_are_compared_as_they_are(tmp_path: Path) -> None:
    packed = torch.arange(2 * 3 * 34).reshape(2, 3, 34).to(torch.uint8)
    wanted = Stored("e", (2, 3, 64), Type.MXFP4, lambda: packed)
    write_all(GGUFWriter(tmp_path / "some.gguf", "llama"), [wanted])
    assert read_back(tmp_path / "some.gguf", [wanted]) == {"MXFP4": 0.0}
    with pytest.raises(GateRefusal):
        read_back(tmp_path / "some.gguf", [Stored("e", (2, 3, 64), Type.MXFP4, lambda: packed + 1)])
