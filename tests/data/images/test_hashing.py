from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from medgpt_cli.data.images import hashing
from medgpt_cli.data.images.hashing import UNREADABLE, hash_files, hash_picture


@pytest.fixture(name="files")
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Five files, settled enough to be remembered, in groups of two."""
    monkeypatch.setattr(hashing, "TOGETHER", 2)
    monkeypatch.setattr(hashing, "FRESH", -(10**12))
    hashing._hashed.cache_clear()
    for number in range(5):
        (tmp_path / f"Miller_{number}.png").write_bytes(bytes([number]) * 100)
    return [str(tmp_path / f"Miller_{number}.png") for number in range(5)]


@pytest.fixture(name="read")
def _read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read."""
    names: list[str] = []
    really = hashing.sha256_file
    monkeypatch.setattr(hashing, "sha256_file", lambda path: (names.append(path.name), really(path))[1])
    return names


def sums(files: list[str]) -> list[bytes]:
    return [hashlib.sha256(Path(file).read_bytes()).digest() for file in files]


def test_the_hash_is_that_of_the_bytes_and_frames_share_it(files: list[str], read: list[str]) -> None:
    assert list(hash_files(files)) == sums(files)
    assert hash_picture(f"{files[0]}#frame=3") == hash_picture(files[0]) == sums(files)[0]
    assert len(read) == 5


def test_a_second_start_reads_nothing_and_a_swapped_file_costs_its_group(
    files: list[str], read: list[str], tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    assert list(hash_files(files, kept)) == sums(files)
    hashing._hashed.cache_clear()  # as another process would begin
    read.clear()
    assert list(hash_files(files, kept)) == sums(files)
    assert read == []
    status = os.stat(files[2])
    Path(files[2]).write_bytes(b"x" * status.st_size)
    os.utime(files[2], ns=(status.st_atime_ns, status.st_mtime_ns))  # as old and as long as before
    assert list(hash_files(files, kept)) == sums(files)
    assert read == ["Miller_2.png", "Miller_3.png"]


def test_nothing_that_is_kept_says_a_name(files: list[str], tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert list(hash_files(files, kept))
    found = sorted(kept.iterdir())
    assert [len(each.read_bytes()) for each in found].count(64) == 2
    assert all("Miller" not in each.name and b"Miller" not in each.read_bytes() for each in found)
    assert not any(each.stat().st_mode & 0o007 for each in [kept, *found])


def test_what_was_only_just_written_is_not_remembered(
    files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "FRESH", 3600 * 10**9)
    assert list(hash_files(files, tmp_path / "kept")) == sums(files)
    assert not (tmp_path / "kept").exists()


def test_a_torn_memory_is_written_anew(files: list[str], tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert list(hash_files(files, kept))
    for each in kept.iterdir():
        each.write_bytes(b"torn")
    assert list(hash_files(files, kept)) == sums(files)
    assert all(len(each.read_bytes()) in (32, 64) for each in kept.iterdir())


def test_what_cannot_be_read_is_told_and_not_remembered(files: list[str], tmp_path: Path) -> None:
    os.unlink(files[1])
    found = list(hash_files(files, tmp_path / "kept"))
    assert found[1] == UNREADABLE
    assert found[0] == sums(files[:1])[0]
    assert len(list((tmp_path / "kept").iterdir())) == 2
    with pytest.raises(FileNotFoundError):
        hash_picture(files[1])


def test_ten_thousand_that_are_known_take_a_moment(tmp_path: Path, read: list[str]) -> None:
    """Two looks at each file's state are all that is left: a bound an idle core keeps a hundred times over."""
    many = [str(tmp_path / f"{number}") for number in range(2000)]
    for name in many:
        Path(name).write_bytes(name.encode())
    later = time.time_ns
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing.time, "time_ns", lambda: later() + 10**13)
        first = list(hash_files(many, tmp_path / "kept"))
    hashing._hashed.cache_clear()
    read.clear()
    start = time.process_time()
    assert list(hash_files(many, tmp_path / "kept")) == first
    assert read == []
    assert time.process_time() - start < 2
