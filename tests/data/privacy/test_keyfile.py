from __future__ import annotations

import stat
from pathlib import Path

import pytest

from medgpt_cli.core.errors import InputError
from medgpt_cli.data.privacy.keyfile import keep_key, new_key, read_key


def test_a_key_comes_back(tmp_path: Path) -> None:
    key, path = new_key(), tmp_path / "new" / "k"
    keep_key(path, key)
    assert read_key(path) == key
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    keep_key(tmp_path / "k", new_key())
    with pytest.raises(FileExistsError):
        keep_key(tmp_path / "k", new_key())


@pytest.mark.parametrize("content", [b"", b"0" * 63, b"G" * 64, b"\xff" * 64, b"0" * 65])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "k"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(InputError, match="key"):
        read_key(path)
