from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from medgpt_cli.core.cache import cache_dir, cache_path
from medgpt_cli.core.errors import InputError


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"MEDGPT_CACHE": "/a/b", "XDG_CACHE_HOME": "/x"}, "/a/b"),
        ({"MEDGPT_CACHE": "~/b"}, "/home/me/b"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/medgpt"),
        ({"XDG_CACHE_HOME": "not/absolute"}, "/home/me/.cache/medgpt"),
        ({}, "/home/me/.cache/medgpt"),
    ],
)
def test_place(env: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MEDGPT_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"HOME": "/home/me"} | env).items():
        monkeypatch.setenv(name, value)
    assert cache_path() == Path(expected)


def test_created_for_this_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDGPT_CACHE", str(tmp_path / "deep" / "cache"))
    before = os.umask(0)
    try:
        folder = cache_dir()
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_cache_that_cannot_be_made_says_how_to_name_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MEDGPT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(InputError) as caught:
        cache_dir()
    assert str(caught.value) == (
        f"the cache folder {tmp_path}/file/cache cannot be created: a file is in its way\n"
        "name another one in the environment variable MEDGPT_CACHE"
    )


def test_a_cache_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDGPT_CACHE", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(InputError, match="cannot be written to"):
        cache_dir()
