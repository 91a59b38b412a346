"""Real processes killed at several points; the same line with --resume ends in the bytes of an uninterrupted run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.workflows.prep.making import contents, pair, picture, prep, written

WORDS = ["output.block=10", "output.shard_rows=40", "--max-bad", "1"]
PATIENCE = 60.0


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    for number in range(6):
        picture(folder / f"{number}.png", number)
    records = (
        pair(n, image=f"{n % 6}.png" if n % 5 else [], patient_id=str(n // 4)) for n in range(400)
    )
    return written(folder / "a.jsonl", *records, "{")


@pytest.fixture(scope="module")
def uninterrupted(source: Path) -> dict[str, bytes]:
    assert prep(source, "--out", source.parent / "whole", *WORDS) == 0
    return contents(source.parent / "whole")


def started(source: Path, out: Path, workers: int) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-m", "medgpt_cli", "data", "prep", str(source), "--out", str(out), *WORDS]
    return subprocess.Popen(
        [*line, "--workers", str(workers), "--resume"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def killed_at(process: subprocess.Popen[bytes], out: Path, sign: str, count: int, by: int) -> int:
    """Kills a process as soon as so many files of a kind are there; returns its exit code."""
    ends = time.monotonic() + PATIENCE
    while len(list(out.glob(sign))) < count and process.poll() is None:
        assert time.monotonic() < ends
        time.sleep(0.0005)
    process.send_signal(by)
    return process.wait(PATIENCE)


def same(out: Path, whole: dict[str, bytes]) -> bool:
    """Whether all bytes are equal, but for our own code, which may be worked on while the tests run."""
    found = contents(out)
    one, other = (json.loads(each.pop("manifest.json")) for each in (found, dict(whole)))
    code = one["environment"].pop("code"), other["environment"].pop("code")
    rest = {name: data for name, data in whole.items() if name != "manifest.json"}
    return found == rest and one == other and all(code)


@pytest.mark.parametrize(
    ("sign", "count", "workers"),
    [
        ("parts/0*.parquet", 1, 1),
        ("parts/0*.parquet", 5, 2),
        ("data/train-*.parquet", 2, 1),
        ("rejects.jsonl", 1, 1),
        ("manifest.json", 1, 1),
    ],
)
def test_killed_and_resumed(
    sign: str, count: int, workers: int, source: Path, uninterrupted: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code = killed_at(started(source, out, workers), out, sign, count, signal.SIGKILL)
    assert code in (-signal.SIGKILL, 0)
    assert prep(source, "--out", out, *WORDS, "--resume") == 0
    assert same(out, uninterrupted)
    assert not (out / "parts").exists()


def test_sigterm_keeps_what_is_done_and_says_so(
    source: Path, uninterrupted: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code = killed_at(started(source, out, 2), out, "parts/0*.parquet", 3, signal.SIGTERM)
    assert code == 75
    done = len(list(out.glob("parts/0*.parquet")))
    assert done >= 3
    assert prep(source, "--out", out, *WORDS, "--resume") == 0
    assert same(out, uninterrupted)


def test_workers_end_with_their_parent(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = started(source, out, 2)
    ends = time.monotonic() + PATIENCE
    children: list[int] = []
    while len(children) < 2 or not list(out.glob("parts/0*.parquet")):
        assert time.monotonic() < ends
        listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        children = [int(word) for word in listed.split()]
        time.sleep(0.001)
    process.kill()
    process.wait(PATIENCE)
    while any(_alive(child) for child in children):
        assert time.monotonic() < ends
        time.sleep(0.01)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
