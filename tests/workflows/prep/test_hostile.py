"""A folder with every bad record, file and image of the table of bad inputs, prepared in one run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bad_inputs import images, records
from tests.bad_inputs.case import Case
from tests.workflows.prep.making import pair, picture, rows, written

SECRET = "Zebediah Quux"
GOOD = 25
LIMIT = 1200 * 2**20
"""Bytes of memory; bombs in the folder unpack to many times that."""
MEASURED = """
import pathlib, resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
pathlib.Path(sys.argv[1]).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""
"""Runs one line as its only child: the peak of a test's children would be that of every test before it."""
NO_INPUT = {
    "no such file",
    "no such folder",
    "a folder instead of a file",
    "an image root that is not there",
}
"""Cases about a path on the command line, which leave nothing in a folder."""
BEFORE = {
    "a folder opened as an image": "is a folder, not a file",
    "a pipe opened as an image": "is a pipe, not a file",
    "a device opened as an image": "leaves the folder it is relative to",
}
"""What a path in a record is refused for before anything is opened."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Case]]:
    """The folder, and the case that each of its subfolders holds."""
    root = tmp_path_factory.mktemp("hostile")
    held: dict[str, Case] = {}
    asked: list[str] = []
    before = Path.cwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(images, "open_image", lambda path, where="": asked.append(path))
        patch.setattr(records, "read_records", lambda path, **options: None)
        for number, case in enumerate([*records.CASES, *images.CASES]):
            if case.name in NO_INPUT:
                continue
            folder = root / f"case{number:03d}"
            folder.mkdir()
            os.chdir(folder)
            asked.clear()
            case.refused()
            if asked:
                written(folder / "local.jsonl", pair(number, image=asked[0]))
            held[folder.name] = case
    os.chdir(before)
    picture(root / "a.png", 1)
    written(root / "good.jsonl", *(pair(n, image="a.png") for n in range(GOOD)))
    named = {"question": SECRET, "answer": "", SECRET: SECRET, "image": f"{SECRET}.png"}
    written(root / "notes.jsonl", named, named)
    return root, held


@pytest.fixture(scope="module")
def prepared(
    hostile: tuple[Path, dict[str, Case]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str], int]:
    """The set, the process and its peak memory in bytes."""
    out = tmp_path_factory.mktemp("out") / "set"
    peak = out.with_name("peak")
    line = [sys.executable, "-m", "medgpt_cli", "data", "prep", str(hostile[0]), "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(peak), *line, "--workers", "1", "--max-bad", "500"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    return out, done, int(peak.read_text()) * 1024


def test_the_good_come_out_and_the_code_is_0(
    prepared: tuple[Path, subprocess.CompletedProcess[str], int],
) -> None:
    out, done, _ = prepared
    assert done.returncode == 0, done.stderr
    ids = {row["id"] for split in ("train", "validation", "test") for row in rows(out, split)}
    assert {f"r{number}" for number in range(GOOD)} <= ids


def test_each_bad_one_is_listed_with_its_place_and_reason(
    hostile: tuple[Path, dict[str, Case]], prepared: tuple[Path, subprocess.CompletedProcess[str], int]
) -> None:
    rejects = [json.loads(line) for line in (prepared[0] / "rejects.jsonl").read_text().splitlines()]
    found: dict[str, list[dict[str, object]]] = {}
    for reject in rejects:
        if reject["stage"] == "duplicate":
            continue  # what came before a break is the same text thousands of times
        found.setdefault(Path(str(reject["file"])).parent.name, []).append(reject)
    held = hostile[1]
    assert len(held) >= 100
    assert sorted(set(held) - set(found)) == []
    for name, case in held.items():
        [reject] = found[name]
        assert isinstance(reject["line"], int)
        reason = str(reject["reason"]).removeprefix("images[0] ").removeprefix("image ")
        said = case.says.replace("  ", " ")
        assert reason in BEFORE.get(case.name, said), case.name


def test_memory_stays_bounded(prepared: tuple[Path, subprocess.CompletedProcess[str], int]) -> None:
    assert prepared[2] < LIMIT


def test_no_text_of_a_record_is_told(
    prepared: tuple[Path, subprocess.CompletedProcess[str], int],
) -> None:
    out, done, _ = prepared
    files = ("log.txt", "rejects.jsonl", "report.html", "manifest.json", "recipe.json")
    told = [done.stdout, done.stderr, *((out / name).read_text() for name in files)]
    for word in SECRET.split():
        assert [word in text for text in told] == [False] * len(told)


def test_without_leave_it_ends_with_3(hostile: tuple[Path, dict[str, Case]], tmp_path: Path) -> None:
    from medgpt_cli.app import main

    folder = hostile[0]
    few = [str(path) for path in sorted(folder.glob("case00*/local.jsonl"))]
    assert (
        main(
            [
                "data",
                "prep",
                *few,
                str(folder / "good.jsonl"),
                "--out",
                str(tmp_path / "out"),
                "--workers",
                "1",
            ]
        )
        == 3
    )
    assert len((tmp_path / "out" / "rejects.jsonl").read_text().splitlines()) == len(few)
