"""Pictures of records are decoded once while they are remembered, and memory stays bounded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medgpt_cli.data.prepared import pictures
from medgpt_cli.data.prepared.pictures import Pictures


def _saved(folder: Path, number: int) -> str:
    grey = np.random.default_rng(number).integers(0, 255, (80, 80), dtype=np.uint8)
    path = folder / f"{number}.png"
    Image.fromarray(grey).save(path)
    return str(path)


@pytest.mark.parametrize("embed", [False, True])
def test_pictures_are_remembered_up_to_their_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embed: bool
) -> None:
    paths = [_saved(tmp_path, number) for number in range(6)]
    opened: list[str] = []
    really = pictures.open_apart
    monkeypatch.setattr(pictures, "open_apart", lambda path: (opened.append(path), really(path))[1])
    looking = Pictures(embed=embed)
    size = looking.look(paths[0]).size
    assert size >= 128 * 128 + (80 * 80 if embed else 0)
    monkeypatch.setattr(pictures, "REMEMBERED", 3 * size + size // 2)
    for path in paths[1:3]:
        looking.look(path)
    first = looking.look(paths[0])
    assert opened == paths[:3]
    looking.look(paths[3])  # the one looked at longest ago goes
    assert looking.look(paths[0]) is first
    looking.look(paths[1])
    assert opened == [*paths[:4], paths[1]]


def test_what_is_larger_than_all_that_is_kept_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _saved(tmp_path, 0)
    monkeypatch.setattr(pictures, "REMEMBERED", 1000)
    looking = Pictures(embed=True)
    assert looking.look(path) == looking.look(path)
    assert looking.look(path) is not looking.look(path)
