from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from medgpt_cli.core import rundir
from medgpt_cli.core.errors import BadCheckpoint, OutputExists, UsageError
from medgpt_cli.core.rundir import RunFolder


def finished(path: Path, kind: str = "sft") -> Path:
    run = RunFolder.open(path, kind=kind)
    (path / "model").mkdir()
    run.finish()
    return path


def test_a_run_is_running_until_it_says_done(tmp_path: Path) -> None:
    run = RunFolder.open(tmp_path / "run", kind="sft")
    assert not run.done
    with pytest.raises(BadCheckpoint, match="has not finished"):
        rundir.require_done(run.path)
    run.finish()
    rundir.require_done(run.path)
    assert rundir.is_done(run.path)
    again = RunFolder.open(run.path, resume=True, kind="sft")
    assert again.done
    again.close()


def test_who_writes_is_told_only_while_it_writes(tmp_path: Path) -> None:
    run = RunFolder.open(tmp_path / "run", kind="sft")
    assert json.loads((run.path / "state.json").read_text()).keys() == {"state", "kind", "pid", "host"}
    run.finish()
    assert json.loads((run.path / "state.json").read_text()) == {"state": "done", "kind": "sft"}


def test_an_existing_run_needs_resume_or_force(tmp_path: Path) -> None:
    path = finished(tmp_path / "run")
    with pytest.raises(OutputExists):
        RunFolder.open(path, kind="sft")
    again = RunFolder.open(path, force=True, kind="sft")
    assert not again.done
    assert not (path / "model").exists()
    again.close()


@pytest.mark.parametrize("flags", [{"resume": True}, {"force": True}])
def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path, flags: dict[str, bool]) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(UsageError, match="is not a run folder of medgpt"):
        RunFolder.open(tmp_path, kind="sft", **flags)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_run_of_another_kind_is_not_continued(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds a run of 'eval', not of 'sft'"):
        RunFolder.open(finished(tmp_path / "run", "eval"), resume=True, kind="sft")


def test_two_processes_never_write_to_one_folder(tmp_path: Path) -> None:
    run = RunFolder.open(tmp_path / "run", kind="sft")
    code = (
        "import sys; from pathlib import Path; from medgpt_cli.core.rundir import RunFolder\n"
        "from medgpt_cli.core.errors import UsageError\n"
        "try: RunFolder.open(Path(sys.argv[1]), resume=True, kind='sft')\n"
        "except UsageError as error: print(error.what)"
    )

    def other() -> str:
        done = subprocess.run(
            [sys.executable, "-c", code, str(run.path)], capture_output=True, text=True, check=True
        )
        return done.stdout

    assert "is in use by process" in other()
    run.close()
    assert other() == ""


def test_what_a_killed_writer_left_is_swept_away(tmp_path: Path) -> None:
    run = RunFolder.open(tmp_path / "run", kind="sft")
    (run.checkpoints / ".step-3.abc").mkdir(parents=True)
    (run.checkpoints / "step-2").mkdir()
    (run.path / ".model.xyz").mkdir()
    run.close()
    RunFolder.open(run.path, resume=True, kind="sft").close()
    assert [path.name for path in run.checkpoints.iterdir()] == ["step-2"]
    assert not (run.path / ".model.xyz").exists()


def test_checkpoints_come_in_the_order_of_their_steps(tmp_path: Path) -> None:
    for name in ("step-10", "step-9", "step-x", ".step-11.tmp"):
        (tmp_path / "checkpoints" / name).mkdir(parents=True)
    assert [path.name for path in rundir.checkpoints(tmp_path)] == ["step-9", "step-10"]


def test_dated_names_count_up(tmp_path: Path) -> None:
    first = rundir.dated("sft", tmp_path)
    first.mkdir()
    second = rundir.dated("sft", tmp_path)
    assert first.name.endswith("-sft-1")
    assert second.name == first.name[:-1] + "2"
