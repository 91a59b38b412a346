from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from medgpt_cli.core import files


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("parent", "file", "folder"), [(0o700, 0o600, 0o700), (0o750, 0o640, 0o750), (0o777, 0o660, 0o770)]
)
def test_nothing_is_world_readable_and_group_bits_follow_the_parent(
    tmp_path: Path, parent: int, file: int, folder: int
) -> None:
    tmp_path.chmod(parent)
    files.write_text(tmp_path / "a.txt", "x")
    files.append_line(tmp_path / "b.txt", "x")
    files.make_folder(tmp_path / "c" / "d")
    with files.staged_folder(tmp_path / "e") as staging:
        (staging / "f.txt").write_text("x")
        (staging / "g").mkdir()
    assert mode(tmp_path / "a.txt") == mode(tmp_path / "b.txt") == mode(tmp_path / "e" / "f.txt") == file
    assert mode(tmp_path / "c") == mode(tmp_path / "c" / "d") == mode(tmp_path / "e") == folder
    assert mode(tmp_path / "e" / "g") == folder


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    files.write_text(path, "old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_staged_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def fail_half_way() -> None:
        with files.staged_folder(out) as staging:
            (staging / "a").write_text("x")
            assert not out.exists()
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []
    with files.staged_folder(out) as staging:
        (staging / "a").write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (out / "a").read_text() == "x"


def test_a_staged_folder_never_replaces_one_with_something_in_it(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")

    def replace() -> None:
        with files.staged_folder(tmp_path / "out") as staging:
            (staging / "a").write_text("x")

    with pytest.raises(OSError, match="not empty"):
        replace()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_lines_are_appended_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    files.append_line(path, "één")
    files.append_line(path, "twee")
    assert path.read_text(encoding="utf-8") == "één\ntwee\n"


def test_hashes_are_those_of_hashlib(tmp_path: Path) -> None:
    data = os.urandom(3 * files.CHUNK + 17)
    (tmp_path / "x").write_bytes(data)
    assert files.sha256_file(tmp_path / "x") == hashlib.sha256(data).hexdigest()
