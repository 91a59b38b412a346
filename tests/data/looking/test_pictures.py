from __future__ import annotations

from pathlib import Path

from PIL import Image

from medgpt_cli.data.looking.pictures import look_at


def test_sizes_and_flags(tmp_path: Path) -> None:
    Image.new("L", (100, 300)).save(tmp_path / "black.png")
    Image.effect_noise((32, 64), 60).save(tmp_path / "small.png")
    (tmp_path / "torn.png").write_bytes((tmp_path / "small.png").read_bytes()[:200])
    found = look_at(str(tmp_path / name) for name in ("black.png", "small.png", "torn.png"))
    assert (found["looked_at"], found["unreadable"]) == (2, 1)
    assert (found["shorter_side"]["min"], found["longer_side"]["max"]) == (32, 300)
    assert found["flags"] == {"almost-black": 1, "almost-constant": 1, "small": 1}
