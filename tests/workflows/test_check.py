from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from medgpt_cli.core import console
from medgpt_cli.workflows.check import check_data


def test_progress_is_shown_on_a_terminal_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    Image.effect_noise((32, 32), 50).save(tmp_path / "a.png")
    path = tmp_path / "local.jsonl"
    path.write_text('{"image": "a.png", "caption": "x"}')
    for terminal in (True, False):
        screen = Console(file=(tmp_path / "screen").open("w"), force_terminal=terminal, width=80)
        monkeypatch.setattr(console, "talk", lambda screen=screen: screen)
        assert check_data(path, image_root=None, json=True) == 0
        screen.file.close()
        assert ("images" in (tmp_path / "screen").read_text()) is terminal
