from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgpt_cli.core import manifest
from medgpt_cli.core.errors import HashMismatch


def test_a_folders_hash_is_of_names_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = manifest.hash_folder(tmp_path)
    assert manifest.hash_folder(tmp_path) == first
    (tmp_path / "a").write_text("2")
    second = manifest.hash_folder(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    third = manifest.hash_folder(tmp_path)
    assert len({first, second, third}) == 3
    (tmp_path / "skipped").write_text("x")
    assert manifest.hash_folder(tmp_path, skip=["skipped"]) == third


def test_a_folder_is_held_to_its_manifest(tmp_path: Path) -> None:
    manifest.verify_files(tmp_path)  # nothing is promised, nothing is broken
    (tmp_path / "a").write_text("1")
    manifest.write_manifest(tmp_path, {"files": manifest.file_hashes(tmp_path)})
    manifest.verify_files(tmp_path)
    (tmp_path / "a").write_text("2")
    with pytest.raises(HashMismatch, match="a is missing or not the file"):
        manifest.verify_files(tmp_path)
    (tmp_path / "a").unlink()
    with pytest.raises(HashMismatch):
        manifest.verify_files(tmp_path)


def sealed(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / name).write_text(name)
    manifest.write_manifest(folder, {"stage": "sft", "files": manifest.file_hashes(folder)})
    manifest.write_sums(folder)


def test_sums_cover_the_manifest_too(tmp_path: Path) -> None:
    sealed(tmp_path)
    assert manifest.verify_files(tmp_path) == 3
    path = tmp_path / "manifest.json"
    path.write_text(path.read_text().replace("sft", "sfT"))
    with pytest.raises(HashMismatch, match=r"manifest\.json is missing or not the file"):
        manifest.verify_files(tmp_path)


def test_every_bit_of_the_sums_counts(tmp_path: Path) -> None:
    sealed(tmp_path)
    path = tmp_path / manifest.SUMS
    whole = path.read_bytes()
    for at in range(len(whole)):
        for bit in (1, 32):  # another digit, another case
            path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
            with pytest.raises(HashMismatch):
                manifest.verify_files(tmp_path)
    path.write_bytes(b"")
    with pytest.raises(HashMismatch):
        manifest.verify_files(tmp_path)


def test_a_manifest_and_sums_that_disagree_are_both_refused(tmp_path: Path) -> None:
    sealed(tmp_path)
    (tmp_path / "a").write_text("changed")
    manifest.write_sums(tmp_path)  # by somebody who forgot the manifest
    with pytest.raises(HashMismatch, match="SHA256SUMS cannot be read, or is not the one"):
        manifest.verify_files(tmp_path)


def test_the_environment_names_versions_and_no_person() -> None:
    document = manifest.environment()
    assert document["packages"]["torch"]
    assert len(document["code"]) == 64
    text = json.dumps(document)
    assert Path.home().name not in text or Path.home().name == "root"
    assert str(Path.home()) not in text
