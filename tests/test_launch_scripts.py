"""The launch scripts, with a launcher that writes down what it was given."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from medgpt_cli.commands import COMMANDS, parsing
from medgpt_cli.core.recipe.locating import shipped, shipped_folder

FOLDER = shipped_folder() / "pipelines"
SCRIPTS = sorted(FOLDER.glob("*.sh"))
FAKE = """#!/usr/bin/env bash
echo "$(basename "$0") RANK=${RANK:-} $*" >> "$CALLS"
if [ "$1" = --kill-on-bad-exit=0 ]; then SLURM_PROCID=3 SLURM_LOCALID=1 SLURM_NTASKS=16 "${@:2}"; exit $?; fi
case "$*" in *"$FAILS"*) exit "${CODE:-0}" ;; esac
"""
SLEEPER = """#!/usr/bin/env bash
sleep 30 & trap 'kill $!; echo saved >> "$CALLS"; exit 1' TERM
echo "started $*" >> "$CALLS"
wait
"""


@pytest.fixture
def fakes(tmp_path: Path) -> dict[str, str]:
    """An environment whose launchers write their words to `calls`."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name in ("srun", "torchrun", "deepspeed", "medgpt", "scontrol"):
        (bin_folder / name).write_text(FAKE)
        (bin_folder / name).chmod(0o755)
    (bin_folder / "scontrol").write_text(
        '#!/usr/bin/env bash\necho "scontrol $*" >> "$CALLS"\n[ "$1" = show ] && printf "node7\\nnode8\\n"\n'
    )
    return {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "CALLS": str(tmp_path / "calls"),
        "FAILS": "nothing at all",
        "SLURM_JOB_ID": "4711",
        "SLURM_JOB_NODELIST": "node[7-8]",
    }


def walk(script: Path, fakes: dict[str, str], *words: str, **environment: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        ["bash", str(script), "medgpt-oss-20b", *words],
        env=fakes | environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.returncode, Path(fakes["CALLS"]).read_text().splitlines()


def test_there_are_three() -> None:
    assert [path.name for path in SCRIPTS] == ["deepspeed.sh", "slurm.sh", "torchrun.sh"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_it_is_bash(script: Path) -> None:
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    assert os.access(script, os.X_OK)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_line_it_launches_is_one_of_ours(script: Path, fakes: dict[str, str]) -> None:
    code, calls = walk(script, fakes, "train.lr=1e-5")
    assert code == 0
    launched = [call.split() for call in calls if "medgpt_cli " in call or call.startswith("medgpt ")]
    stages = []
    for words in launched:
        begin = words.index("medgpt_cli") + 1 if "medgpt_cli" in words else 2
        stage, *given = words[begin:]
        parsing.build(stage, parsing.function_of(COMMANDS[stage])).make_context(stage, list(given))
        recipe = given[given.index("--recipe") + 1]
        assert recipe in shipped()
        assert recipe.endswith(f"-{stage}")
        assert given[given.index("--out") + 1] == f"runs/{recipe}"
        assert given[-2:] == ["--resume", "train.lr=1e-5"]
        stages.append(stage)
    assert stages == ["align", "midtrain", "sft"]


def test_slurm_tells_each_process_its_place(fakes: dict[str, str]) -> None:
    _, calls = walk(FOLDER / "slurm.sh", fakes, STAGES="3-sft", OUT="elsewhere")
    assert calls[0] == "scontrol show hostnames node[7-8]"
    assert calls[1].startswith("srun RANK= --kill-on-bad-exit=0 bash -c ")
    assert calls[2] == "medgpt RANK=3 sft --recipe medgpt-oss-20b/3-sft --out elsewhere/3-sft --resume"


def test_slurm_requeues_what_has_saved_its_state(fakes: dict[str, str]) -> None:
    code, calls = walk(FOLDER / "slurm.sh", fakes, FAILS="2-midtrain", CODE="75")
    assert code == 75
    assert calls[-1] == "scontrol requeue 4711"
    assert not any("3-sft" in call for call in calls)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_stage_that_fails_ends_the_walk(script: Path, fakes: dict[str, str]) -> None:
    code, calls = walk(script, fakes, FAILS="2-midtrain", CODE="3")
    assert code == 3
    assert not any("3-sft" in call or "requeue" in call for call in calls)


def test_torchrun_on_many_nodes(fakes: dict[str, str]) -> None:
    _, calls = walk(FOLDER / "torchrun.sh", fakes, NODES="2", NODE="1", MASTER="node7", GPUS="8")
    assert calls[0].startswith(
        "torchrun RANK= --nnodes=2 --node-rank=1 --nproc-per-node=8 --master-addr=node7 --master-port=29500 "
        "-m medgpt_cli align --recipe medgpt-oss-20b/1-align "
    )


def test_deepspeed_on_many_nodes(fakes: dict[str, str]) -> None:
    _, calls = walk(FOLDER / "deepspeed.sh", fakes, HOSTFILE="hosts")
    assert calls[0].startswith(
        "deepspeed RANK= --hostfile=hosts --master_port=29500 --module medgpt_cli align "
    )


@pytest.mark.parametrize("name", ["torchrun", "deepspeed"])
def test_a_stop_is_passed_on_waited_for_and_told(
    name: str, fakes: dict[str, str], tmp_path: Path
) -> None:
    sleeper = tmp_path / "bin" / "sleeper"
    sleeper.write_text(SLEEPER)
    sleeper.chmod(0o755)
    launcher = (
        tmp_path / "bin" / name
    )  # torchrun's own children are told, the launcher of DeepSpeed itself
    launcher.write_text('#!/usr/bin/env bash\nsleeper "$@" & wait\n' if name == "torchrun" else SLEEPER)
    calls = Path(fakes["CALLS"])
    process = subprocess.Popen(["bash", str(FOLDER / f"{name}.sh"), "medgpt-oss-20b"], env=fakes)
    deadline = time.monotonic() + 30
    while not calls.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 75
    told = calls.read_text().splitlines()
    assert len([line for line in told if line.startswith("started")]) == 1
    assert told[-1] == "saved"
