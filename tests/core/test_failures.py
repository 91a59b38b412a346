from __future__ import annotations

import errno
import re
import stat
from pathlib import Path

import pytest

from medgpt_cli.core import failures

SECRET = "Jane Doe, born 1950-01-01"


class OutOfMemoryError(RuntimeError):
    """Named like torch's own."""


@pytest.mark.parametrize(
    ("exception", "says"),
    [
        (
            MemoryError(),
            "memory ran out\nclose other programs, or lower train.batch_size or train.max_length",
        ),
        (
            OutOfMemoryError("CUDA"),
            "memory of the device ran out\nclose other programs, or lower train.batch_size or train.max_length",
        ),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
            "memory of the device ran out\nclose other programs, or lower train.batch_size or train.max_length",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "out/model"),
            "out/model  the disk is full\nfree some space, or name a folder elsewhere",
        ),
        (
            OSError(errno.EDQUOT, "Disk quota exceeded"),
            "the disk quota is used up\nfree some space, or name a folder elsewhere",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", "out"),
            "out  the file system is read-only\nname a folder elsewhere",
        ),
    ],
)
def test_shortage(exception: BaseException, says: str) -> None:
    error = failures.as_shortage(exception)
    assert error is not None
    assert (error.exit_code, str(error)) == (6, says)


@pytest.mark.parametrize("exception", [ValueError("x"), FileNotFoundError(2, "x"), RuntimeError("x")])
def test_anything_else_is_no_shortage(exception: BaseException) -> None:
    assert failures.as_shortage(exception) is None


def caused() -> BaseException:
    """An exception with a cause, both quoting what must not be seen."""
    try:
        try:
            {}[SECRET]
        except KeyError as error:
            raise ValueError(f"bad record: {SECRET}") from error
    except ValueError as error:
        return error


def test_a_log_has_frames_and_types_and_no_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDGPT_CACHE", str(tmp_path))
    path = failures.write_log(caused(), "sft")
    assert path is not None
    assert path.parent == tmp_path / "logs"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert "Jane" not in text
    assert "1950" not in text
    assert re.fullmatch(
        r"medgpt \S+, Python 3\S+, .*\n"
        r"command: sft\n"
        r"  .*test_failures\.py:\d+ in caused\n"
        r"builtins\.KeyError\n"
        r"then:\n"
        r"  .*test_failures\.py:\d+ in caused\n"
        r"builtins\.ValueError\n",
        text,
    )


def test_logs_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDGPT_CACHE", str(tmp_path))
    logs = tmp_path / "logs"
    logs.mkdir()
    for number in range(30):
        (logs / f"medgpt-2020-01-01T00-00-{number:02}-1.txt").touch()
    path = failures.write_log(ValueError(), "sft")
    assert path in set(logs.iterdir())
    assert len(list(logs.iterdir())) == failures.LOGS_KEPT


def test_without_a_cache_the_log_goes_to_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MEDGPT_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    path = failures.write_log(ValueError(), "")
    assert path is not None
    assert path.parent == tmp_path
