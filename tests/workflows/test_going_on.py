"""A run goes on from the newest checkpoint that is whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from medgpt_cli.app import main
from medgpt_cli.core import distributed, rundir
from medgpt_cli.core.errors import HashMismatch, UsageError
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.workflows import run_record
from medgpt_cli.workflows.going_on import Start, find_start, put_aside


def write(folder: Path, _: object) -> None:
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "cursor.json").write_bytes(b"{}")
    (folder / "global_step1").mkdir()
    (folder / "global_step1" / "rank_1_optim_states.pt").write_bytes(b"moments")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder with whole checkpoints of steps 2, 4 and 10."""
    for step in (2, 4, 10):
        folder = tmp_path / "checkpoints" / f"step-{step}"
        folder.mkdir(parents=True)
        run_record.save_hashed("run", write, folder)
    return tmp_path


def names(run: Path) -> list[str]:
    return [path.name for path in rundir.checkpoints(run)]


def test_the_newest_whole_one_is_found_and_nothing_is_changed(run: Path) -> None:
    assert find_start(run) == Start(run / "checkpoints" / "step-10")
    assert find_start(run / "absent") == Start()


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        ("model.safetensors", b"weighs", "model.safetensors is missing or not the file"),
        ("cursor.json", None, "cursor.json is missing or not the file"),
        ("manifest.json", b'{"files"', "manifest.json cannot be read"),
        ("manifest.json", None, "manifest.json is missing"),
        ("global_step1/rank_1_optim_states.pt", b"mom", "rank_1_optim_states.pt is missing or not as"),
        ("global_step1/rank_1_optim_states.pt", None, "rank_1_optim_states.pt is missing or not as"),
    ],
)
def test_a_damaged_one_is_told_and_passed_by(
    run: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes | None, fault: str
) -> None:
    newest = run / "checkpoints" / "step-10"
    (newest / name).unlink()
    if data is not None:
        (newest / name).write_bytes(data)
    found = find_start(run)
    assert found == Start(run / "checkpoints" / "step-4", (newest,))
    said = capsys.readouterr().err
    assert "checkpoints/step-10 is damaged and passed by: " in said
    assert fault in " ".join(said.split())
    assert names(run) == ["step-2", "step-4", "step-10"]
    put_aside(found.damaged)
    assert names(run) == ["step-2", "step-4"]
    assert (run / "checkpoints" / "damaged-step-10").is_dir()
    newest.mkdir()
    put_aside((newest,))
    assert (run / "checkpoints" / "damaged-step-10-2").is_dir()


def test_a_run_without_a_whole_one_is_refused(run: Path) -> None:
    for path in rundir.checkpoints(run):
        (path / "model.safetensors").unlink()
    with pytest.raises(HashMismatch, match="no checkpoint is whole"):
        find_start(run)


def test_a_real_run_goes_on_from_the_one_before_and_ends_in_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("Dullness", "Fremitus", "Egophony", "Stridor", "Wheeze")
    Path("local.jsonl").write_text("".join(f'{{"text": "{word} is a sign."}}\n' for word in words))
    line = ["sft", "--data", "local.jsonl", "train.batch_size=2", "train.max_steps=6"]
    line += ["train.save_steps=2", "train.keep=9"]
    assert main([*line, "--out", "whole"]) == 0
    shutil.copytree("whole", "cut")
    shutil.rmtree("cut/model")
    state = json.loads(Path("cut/state.json").read_text())
    Path("cut/state.json").write_text(json.dumps({**state, "state": "running"}))
    shard = Path("cut/checkpoints/step-6/optimizer.pt")
    shard.write_bytes(shard.read_bytes()[:1000])
    Path("cut/checkpoints/step-4/trainer_state.json").write_text("{}")
    capsys.readouterr()
    assert main([*line, "--out", "cut", "--resume"]) == 0
    assert "goes on from step-2" in capsys.readouterr().err
    assert sorted(path.name for path in Path("cut/checkpoints").iterdir()) == [
        "damaged-step-4", "damaged-step-6", "step-2", "step-4", "step-6",
    ]  # fmt: skip
    one, two = (load_file(f"{run}/model/model.safetensors") for run in ("whole", "cut"))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_what_differs_is_named(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text('{"train": {"lr": 1.0, "seed": 1}}')
    (tmp_path / "manifest.json").write_text('{"data": {"a": "1", "b": "2"}, "base_hash": {"tiny": "3"}}')
    same = {"train": {"lr": 1.0, "seed": 1}}
    data, base = {"a": "1", "b": "2"}, {"tiny": "3"}
    for document, files, model, named in (
        ({"train": {"lr": 2.0, "seed": 1}}, data, base, ["train.lr"]),
        (same, {"a": "1", "b": "x"}, base, ["b  "]),
        (same, {"a": "1", "c": "2"}, base, ["b  ", "c  "]),
        (same, data, {"tiny": "x"}, ["tiny  "]),
    ):
        with pytest.raises((UsageError, HashMismatch)) as caught:
            run_record.refuse_other(tmp_path, document, files, model, None)  # type: ignore[arg-type]
        assert all(name in str(caught.value) for name in named)
        assert "a  " not in str(caught.value)


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({}, "medgpt sft --recipe 'a run/recipe.json' --out 'a run' --resume"),
        (
            {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"},
            "torchrun --nproc-per-node 2 -m medgpt_cli sft --recipe 'a run/recipe.json' --out 'a run' --resume",
        ),
        (
            {"WORLD_SIZE": "16", "LOCAL_WORLD_SIZE": "8"},
            "medgpt sft --recipe 'a run/recipe.json' --out 'a run' --resume"
            "  # in each of 16 processes, launched as before",
        ),
    ],
)
def test_the_line_that_goes_on_launches_as_many_processes(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], line: str
) -> None:
    for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert distributed.ranks() == int(environ.get("WORLD_SIZE", "1"))
    assert run_record.resume_line(RunFolder.follow(Path("a run"), kind="sft")) == line
