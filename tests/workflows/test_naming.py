"""What a folder of a walk stands for as a model."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from medgpt_cli.core import runs
from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.workflows.naming import meant, model_folder


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished walk of two stages, a set and an evaluation."""
    monkeypatch.chdir(tmp_path)
    for name, left in (("10-adapt", "model"), ("2-sft", "model"), ("0-data", "data")):
        (tmp_path / "runs/mine" / name / left).mkdir(parents=True)
        write_state(Path("runs/mine") / name, "done", name.partition("-")[2])
    write_state(Path("runs/mine"), "done", "pipeline")
    return Path("runs/mine")


def write_state(run: Path, state: str, kind: str) -> None:
    (run / "state.json").write_text(json.dumps({"state": state, "kind": kind}))


def test_a_walk_stands_for_its_last_stage(walk: Path) -> None:
    assert meant("runs/mine") == "runs/mine/10-adapt"
    assert model_folder("runs/mine") == Path("runs/mine/10-adapt/model")
    assert meant("runs/mine/2-sft") == "runs/mine/2-sft"


def test_one_that_has_not_finished_names_the_stages_that_have(walk: Path) -> None:
    write_state(walk, "running", "pipeline")
    write_state(walk / "10-adapt", "running", "adapt")
    with pytest.raises(BadCheckpoint) as caught:
        model_folder("runs/mine")
    assert str(caught.value) == (
        "runs/mine  this walk has not finished\nname a finished stage: runs/mine/2-sft"
    )
    write_state(walk / "2-sft", "running", "sft")
    with pytest.raises(BadCheckpoint, match="go on with it: medgpt run mine --out runs/mine --resume"):
        meant("runs/mine")


def test_the_newest_run_may_be_a_walk(walk: Path) -> None:
    assert runs.newest_run() == walk
    later = Path("runs/later")
    (later / "model").mkdir(parents=True)
    write_state(later, "done", "sft")
    os.utime(later / "state.json", (2**31, 2**31))
    assert runs.newest_run() == later
    write_state(later, "running", "sft")
    write_state(walk, "running", "pipeline")
    assert runs.newest_run() is None


def test_a_gguf_export_is_named_as_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    with pytest.raises(
        BadCheckpoint, match=r"this is a GGUF export, which llama\.cpp alone reads"
    ) as told:
        model_folder(str(tmp_path))
    assert "eval run --endpoint" in told.value.repair
