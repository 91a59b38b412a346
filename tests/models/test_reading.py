"""What is refused before a weight is read: by names and shapes alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.models import embedded, reading

Tensors = dict[str, torch.Tensor]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(embedded.folder("tiny-untrained"), tmp_path / "model"))


def test_what_fits_is_not_refused(folder: Path) -> None:
    reading.refuse_misfit(folder)


def narrower(tensors: Tensors, name: str) -> None:
    tensors[name] = tensors[name][:, 1:].contiguous()


def gone(tensors: Tensors, name: str) -> None:
    del tensors[name]


def more(tensors: Tensors, name: str) -> None:
    tensors[name + "2"] = torch.zeros(1)


@pytest.mark.parametrize(
    ("change", "told"), [(narrower, "1 mismatched"), (gone, "1 missing"), (more, "1 unexpected")]
)
def test_weights_that_do_not_fit(
    folder: Path, change: Callable[[Tensors, str], None], told: str
) -> None:
    [file] = folder.glob("*.safetensors")
    tensors = load_file(file)
    change(tensors, next(name for name in tensors if name.endswith("o_proj.weight")))
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(BadCheckpoint, match=told):
        reading.refuse_misfit(folder)


def test_a_torn_file(folder: Path) -> None:
    [file] = folder.glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(BadCheckpoint, match="damaged or incomplete"):
        reading.refuse_misfit(folder)
