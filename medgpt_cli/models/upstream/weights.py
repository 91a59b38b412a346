"""The tensors of an upstream checkpoint folder by name, read one at a time.

safetensors, in one file or in shards; or torch's own archive where a source ships nothing else (BiomedCLIP, PubMedCLIP,
PMC-LLaMA), which is opened mapped and with `weights_only`: tensors and plain containers are read, and no code runs.
What medgpt writes is safetensors alone.  This module knows nothing of what the tensors are for.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from medgpt_cli.core.errors import BadCheckpoint

INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
SINGLE = (
    "model.safetensors",
    "open_clip_model.safetensors",
    "pytorch_model.bin",
    "open_clip_pytorch_model.bin",
)
"""Files that hold all tensors, the safe format first."""
REPAIR = "copy the whole folder from its source"


class Weights(Mapping[str, torch.Tensor]):
    """Tensors by name; each is read when it is asked for.

    Args:
        folder: A checkpoint folder.

    Raises:
        BadCheckpoint: There are no weights, a shard is missing, or a file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._where: dict[str, Path] = {}
        self._archives: dict[Path, dict[str, torch.Tensor]] = {}
        for path in _files(folder):
            for name in _names(path, self._archive):
                self._where[name] = path

    def __getitem__(self, name: str) -> torch.Tensor:
        path = self._where[name]
        if path.suffix != ".safetensors":
            return self._archive(path)[name]
        with safe_open(path, "pt") as file:
            tensor: torch.Tensor = file.get_tensor(name)
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._where)

    def __len__(self) -> int:
        return len(self._where)

    def _archive(self, path: Path) -> dict[str, torch.Tensor]:
        if path not in self._archives:
            self._archives[path] = _unpacked(path)
        return self._archives[path]


def _files(folder: Path) -> list[Path]:
    for name in INDEXES:
        if (index := folder / name).is_file():
            try:
                shards = sorted(set(json.loads(index.read_text())["weight_map"].values()))
            except (ValueError, KeyError, AttributeError) as error:
                raise BadCheckpoint(
                    "the list of shards cannot be read", where=str(index), repair=REPAIR
                ) from error
            if missing := [shard for shard in shards if not (folder / shard).is_file()]:
                raise BadCheckpoint(
                    f"{len(missing)} of {len(shards)} shards are missing (such as {missing[0]})",
                    where=str(folder),
                    repair=REPAIR,
                )
            return [folder / shard for shard in shards]
    found = next((folder / name for name in SINGLE if (folder / name).is_file()), None)
    if found is None:
        raise BadCheckpoint(
            "there are no weights", where=str(folder), repair="name a folder that holds *.safetensors"
        )
    return [found]


def _names(path: Path, archive: Callable[[Path], dict[str, torch.Tensor]]) -> list[str]:
    if path.suffix != ".safetensors":
        return list(archive(path))
    try:
        with safe_open(path, "pt") as file:
            return list(file.keys())
    except (SafetensorError, OSError) as error:
        raise BadCheckpoint("the file is damaged", where=str(path), repair=REPAIR) from error


def _unpacked(path: Path) -> dict[str, torch.Tensor]:
    try:
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        raise BadCheckpoint(
            "the file holds more than tensors, and would run code when it is opened",
            where=str(path),
            repair="get the weights as safetensors, or convert them on a machine that holds nothing of value",
        ) from error
    except (RuntimeError, OSError, EOFError, ValueError) as error:
        raise BadCheckpoint("the file is damaged", where=str(path), repair=REPAIR) from error
    found = found.get("state_dict", found) if isinstance(found, dict) else {}
    tensors = {name: value for name, value in found.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise BadCheckpoint("the file holds no tensors", where=str(path), repair=REPAIR)
    return tensors
