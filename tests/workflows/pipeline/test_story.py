"""`medgpt run`: a folder of recipes through its front door; killed, resumed, tampered with, refused."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from medgpt_cli.app import main

TRAIN = "train: {max_steps: 2, batch_size: 2, save_steps: 1, lr: 1e-3}\n"
RECIPES = {
    "1-align.yaml": f"stage: align\ndata: {{mix: [{{path: local.jsonl}}]}}\n{TRAIN}",
    "2-sft.yaml": f"stage: sft\ndata: {{mix: [{{path: local.jsonl}}]}}\n{TRAIN}",
    "3-eval.yaml": "stage: eval\neval: {tasks: [heldout.jsonl], max_new_tokens: 2}\n",
    "4-export.yaml": "stage: export\n",
}
GO = ["run", "mine", "--out", "walk"]


def write(folder: Path) -> None:
    Image.radial_gradient("L").resize((140, 90)).save(folder / "slice.png")
    (folder / "local.jsonl").write_text(
        '{"question": "Which plane?", "answer": "axial", "image": "slice.png"}\n'
        '{"conversations": [{"from": "human", "value": "What is HU?"}, '
        '{"from": "gpt", "value": "A unit of density."}]}\n'
    )
    (folder / "heldout.jsonl").write_text(
        "".join(
            f'{{"question": "Is it {word}?", "answer": "yes", "image": "slice.png"}}\n'
            for word in ("bright", "dark", "grey")
        )
    )
    (folder / "mine").mkdir()
    for name, text in RECIPES.items():
        (folder / "mine" / name).write_text(text)


@pytest.fixture(scope="module")
def walked(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which the walk was done without a break, and what it printed."""
    folder = tmp_path_factory.mktemp("walked")
    write(folder)
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
        assert main(GO) == 0
    return folder, printed.getvalue()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with everything but the walk."""
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def copied(walked: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder with the walk in it, but for checkpoints, which a finished stage needs no more."""
    folder = tmp_path / "copy"
    shutil.copytree(walked[0], folder, ignore=shutil.ignore_patterns("checkpoints"))
    monkeypatch.chdir(folder)
    return folder


def same(one: Path, other: Path) -> bool:
    first, second = (load_file(each / "model" / "model.safetensors") for each in (one, other))
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def test_each_stage_starts_from_the_last_and_is_scored(walked: tuple[Path, str]) -> None:
    folder, printed = walked
    walk = folder / "walk"
    summary = json.loads((walk / "summary.json").read_text())
    assert [stage["name"] for stage in summary["stages"]] == ["0-start", "1-align", "2-sft"]
    assert [stage.get("start") for stage in summary["stages"]] == [None, "tiny", "walk/1-align"]
    assert summary["model"] == "walk/2-sft"
    manifests = [
        json.loads((walk / name / "manifest.json").read_text()) for name in ("1-align", "2-sft")
    ]
    lines = [json.loads(line) for line in (walk / "2-sft/metrics.jsonl").read_text().splitlines()]
    sft = summary["stages"][2]
    assert sft["steps"] == manifests[1]["steps"] == 2
    assert sft["tokens"] == sum(line["tokens"] for line in lines)
    assert (sft["loss_first"], sft["loss_last"]) == tuple(round(line["loss"], 4) for line in lines)
    assert sft["learnt"]["llm"] > 0 == summary["stages"][1]["learnt"]["llm"]
    for stage in summary["stages"]:
        scores = json.loads((walk / "scores" / stage["name"] / "scores.json").read_text())["tasks"][0]
        (headline,) = [each for each in scores["measures"] if each["name"] == scores["headline"]]
        assert stage["scores"]["heldout"] == {k: v for k, v in headline.items() if k != "interval"}
        assert 0 <= headline["low"] <= headline["value"] <= headline["high"] <= 1
        assert headline["n"] == 3
    assert {stage["name"] for stage in summary["stages"] if stage.get("gains")} == {"1-align", "2-sft"}
    head, *rows = printed.splitlines()
    assert head.split() == ["stage", "steps", "tokens", "time", "loss", "heldout", "gain"]
    assert [row.split()[0] for row in rows] == ["0-start", "1-align", "2-sft", "4-export:"]
    assert re.search(r" 2 +[\d,]+ +\d+ s +\d\.\d{3} to \d\.\d{3} +\d\.\d{3} \[.*\] of 3 ", rows[2])


def test_the_page_stands_alone_and_holds_no_record(walked: tuple[Path, str]) -> None:
    walk = walked[0] / "walk"
    page = (walk / "report.html").read_text()
    assert "1-align" in page
    assert "heldout" in page
    assert not re.search(r"https?://|<script|<link|src=", page)
    for text in ("axial", "density", "Which plane", "slice.png", "bright"):
        assert text not in page + (walk / "summary.json").read_text()
    for path in walk.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o007, path


@pytest.mark.parametrize(
    "places",
    [
        ["2-sft/checkpoints/step-1"],
        pytest.param(
            ["1-align/checkpoints/step-1", "scores/1-align", "scores/2-sft"], marks=pytest.mark.slow
        ),
    ],
)
def test_killed_anywhere_the_same_line_ends_in_the_same_weights(
    walked: tuple[Path, str], folder: Path, places: list[str]
) -> None:
    line = [sys.executable, "-m", "medgpt_cli", *GO, "--resume"]
    for place in places:
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (folder / "walk" / place).exists() and process.poll() is None:
            time.sleep(0.02)
        assert process.poll() is None, f"it was over before {place}"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert json.loads((folder / "walk/state.json").read_text())["state"] == "running"
    assert main([*GO, "--resume"]) == 0
    for name in ("1-align", "2-sft"):
        assert same(walked[0] / "walk" / name, folder / "walk" / name)
    summaries = [json.loads((each / "walk/summary.json").read_text()) for each in (walked[0], folder)]
    for key in ("steps", "tokens", "loss_last", "losses", "scores", "gains", "model_hash"):
        one, other = ([stage.get(key) for stage in summary["stages"]] for summary in summaries)
        assert one == other, key


def test_a_finished_walk_trains_nothing_more(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in copied.rglob("*.safetensors")}
    assert main([*GO, "--resume"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0].startswith("stage ")
    assert "2/6  1-align (align): was done, and its hashes hold" in err
    assert "6/6  4-export (export): was done, and its hashes hold" in err
    assert "walk had already finished." in err
    assert {path: path.stat().st_mtime_ns for path in copied.rglob("*.safetensors")} == before
    assert main([*GO, "--resume", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["out"] == "walk"


@pytest.mark.parametrize("name", ["1-align/model/model.safetensors", "1-align/model/tokenizer.json"])
def test_a_changed_result_is_refused(
    copied: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copied / "walk" / name
    data = bytearray(path.read_bytes())
    data[-2] ^= 1
    path.write_bytes(data)
    assert main([*GO, "--resume"]) == 4
    assert "model/ is not what the manifest of walk/1-align describes" in capsys.readouterr().err


def test_it_ends_with_an_export_that_carries_the_scores(walked: tuple[Path, str]) -> None:
    folder, printed = walked
    (export,) = json.loads((folder / "walk/summary.json").read_text())["exports"]
    assert (export["name"], export["to"], export["folder"]) == ("4-export", "hf", "walk/4-export")
    assert export["verification"]["max_logit"] == 0
    (line,) = [line for line in printed.splitlines() if line.startswith("4-export: walk/4-export, hf, ")]
    assert line.endswith("; its files and what stands behind them verified")
    assert "prompts answered as the model answers them" in (folder / "walk/report.html").read_text()
    card = (folder / "walk/4-export/README.md").read_text()
    assert "heldout" in card.partition("## Scores")[2].partition("## Checked")[0]
    weights = [
        load_file(folder / "walk" / each / "model.safetensors") for each in ("2-sft/model", "4-export")
    ]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ("file", 4, "walk/4-export does not hold: 1 thing changed"),
        ("words", 2, "walk/4-export was written in other words; what differs: export.scores"),
        ("weights", 4, "walk/4-export was written from other weights than walk/2-sft holds now"),
    ],
)
def test_an_export_that_is_no_longer_that_is_refused(
    copied: Path, change: str, code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = []
    if change == "file":
        path = copied / "walk/4-export/tokenizer.json"
        path.write_bytes(path.read_bytes() + b" ")
    elif change == "words":
        words = ["export.scores=[walk/scores/1-align]"]
    else:
        path = copied / "walk/4-export/manifest.json"
        path.write_text(
            path.read_text().replace(json.loads(path.read_text())["original"]["sha256"], "0" * 64)
        )
    assert main([*GO, "--resume", *words]) == code
    assert says in capsys.readouterr().err


def test_an_export_that_was_removed_is_written_again(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(copied / "walk/4-export")
    assert main([*GO, "--resume"]) == 0
    assert "6/6  4-export (export)\n" in capsys.readouterr().err
    assert (copied / "walk/4-export/verify.json").is_file()


def test_changed_data_are_refused(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copied / "local.jsonl").write_text('{"text": "Another text altogether."}\n')
    assert main([*GO, "--resume"]) == 4
    assert "the data files are not those that walk/1-align was begun with" in capsys.readouterr().err


def test_a_retrained_start_is_refused(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(copied / "walk/1-align")
    shutil.rmtree(copied / "walk/scores/1-align")
    assert main([*GO, "--resume", "1-align:train.seed=5"]) == 4
    assert "the model files are not those that walk/2-sft was begun with" in capsys.readouterr().err


def test_other_words_are_refused(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*GO, "--resume", "2-sft:train.lr=1e-4"]) == 2
    assert capsys.readouterr().err.endswith(
        "error: walk/2-sft was begun with another recipe; what differs: train.lr\n"
        "give the same words as before, or start anew with another --out\n"
    )


def test_scores_of_another_asking_can_be_made_anew_alone(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copied / "walk/scores/0-start/manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "asked": {**manifest["asked"], "protocols": ["other"]}}))
    assert main([*GO, "--resume"]) == 2
    assert capsys.readouterr().err.endswith(
        "error: walk/scores/0-start holds another evaluation, with different protocols\n"
        "remove walk/scores/0-start to have it asked anew, and give the same line again\n"
    )


def test_a_folder_that_is_there_is_left_alone(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(GO) == 2
    assert "walk is not empty" in capsys.readouterr().err


def test_everything_that_is_missing_is_told_before_anything_is_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "mine/1-align.yaml").write_text("stage: align\ndata: {mix: [{path: gone.jsonl}]}\n")
    (folder / "mine/2-sft.yaml").write_text("stage: sft\n")
    words = ["--held-out", "nowhere.jsonl", "--model", "no/such/folder/at/all"]
    assert main([*GO, *words]) == 3
    err = capsys.readouterr().err
    assert "no training data was named for 2-sft; name it with --data, or in data.mix" in err
    assert "1-align  there is no data file gone.jsonl" in err
    assert "1-align  there is no model folder no/such/folder/at/all" in err
    assert "nowhere.jsonl" in err
    assert not (folder / "walk").exists()


def test_faults_of_all_recipes_are_told_at_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*GO, "1-align:train.lrr=1", "2-sft:train.clip=-1"]) == 3
    err = capsys.readouterr().err
    assert "train.lrr=1  no such field; did you mean train.lr?" in err
    assert "train.clip=-1  must be at least 0" in err
    assert "error: 2 problems in the recipes of mine" in err


def test_words_go_where_they_are_sent(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["2-sft:train.max_steps=7", "train.seed=3", "eval.limit=1", "--skip", "align"]
    assert main([*GO, *words, "--data", "more.jsonl", "--dry-run", "--json"]) == 0
    plan: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert plan["left_out"] == ["1-align"]
    names = [step["name"] for step in plan["steps"]]
    assert names == ["scores/0-start", "2-sft", "scores/2-sft", "4-export"]
    start, sft, end, export = (step["recipe"] for step in plan["steps"])
    assert export["model"]["base"] == "walk/2-sft"
    assert export["export"]["scores"] == ["walk/scores/2-sft"]
    assert (sft["train"]["max_steps"], sft["train"]["seed"]) == (7, 3)
    assert sft["data"]["mix"][0]["path"] == "more.jsonl"
    assert sft["model"]["base"] is None
    assert start["eval"]["limit"] == end["eval"]["limit"] == 1
    assert end["model"]["base"] == "walk/2-sft"
    assert not (folder / "walk").exists()


def test_the_plan_is_lines_that_can_be_typed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*GO, "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "medgpt eval run --recipe mine/3-eval.yaml --model tiny --out walk/scores/0-start --resume",
        "medgpt align --recipe mine/1-align.yaml --out walk/1-align --resume",
        "medgpt eval run --recipe mine/3-eval.yaml --model walk/1-align --out walk/scores/1-align --resume",
        "medgpt sft --recipe mine/2-sft.yaml --model walk/1-align --out walk/2-sft --resume",
        "medgpt eval run --recipe mine/3-eval.yaml --model walk/2-sft --out walk/scores/2-sft --resume",
        "medgpt export --recipe mine/4-export.yaml --model walk/2-sft --out walk/4-export "
        "'export.scores=[\"walk/scores/2-sft\"]'",
    ]


def test_outputs_named_in_recipes_follow_the_folder(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "mine/0-data.yaml").write_text("stage: data\ndata: {sources: [{path: local.jsonl}]}\n")
    (folder / "mine/1-align.yaml").write_text("stage: align\ndata: {mix: [{path: runs/mine/0-data}]}\n")
    (folder / "mine/2-sft.yaml").write_text(
        "stage: sft\nmodel: {base: runs/mine/1-align}\ndata: {mix: [{path: runs/else/0-data}]}\n"
    )
    assert main([*GO, "--dry-run", "--json"]) == 0
    steps = {step["name"]: step["recipe"] for step in json.loads(capsys.readouterr().out)["steps"]}
    assert steps["1-align"]["data"]["mix"][0]["path"] == "walk/0-data"
    assert steps["2-sft"]["data"]["mix"][0]["path"] == "runs/else/0-data"
    assert steps["2-sft"]["model"]["base"] == "walk/1-align"


def test_prepared_data_are_made_first_and_learnt_from(folder: Path) -> None:
    (folder / "mine/0-data.yaml").write_text(
        "stage: data\ndata: {sources: [{path: local.jsonl}]}\nsplits: {train: 1, validation: 0, test: 0}\n"
    )
    (folder / "mine/1-align.yaml").unlink()
    (folder / "mine/2-sft.yaml").write_text("stage: sft\ntrain: {max_steps: 1, batch_size: 2}\n")
    (folder / "mine/3-eval.yaml").unlink()
    assert main(GO) == 0
    assert list(json.loads((folder / "walk/2-sft/manifest.json").read_text())["data"]) == ["walk/0-data"]
    summary = json.loads((folder / "walk/summary.json").read_text())
    assert [(stage["name"], stage["records"]) for stage in summary["stages"]] == [
        ("0-data", 2),
        ("2-sft", 2),
    ]
    assert main([*GO, "--resume"]) == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--skip", "4-adapt"], "--skip 4-adapt is none of the recipes"),
        (["--skip", "1-align", "--skip", "sft"], "nothing trains in mine"),
        (["9-x:train.lr=1"], "9-x:train.lr=1 is for 9-x, which is none of the recipes"),
    ],
)
def test_words_that_mean_nothing(
    folder: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*GO, *words]) == 2
    assert says in capsys.readouterr().err


def test_it_is_one_process(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(os.environ, "WORLD_SIZE", "2")
    assert main(GO) == 2
    assert "medgpt run is one process, and this is one of several" in capsys.readouterr().err


def test_inputs_are_never_below_the_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "mine", "--out", ".", "--force"]) == 2
    assert "--out" in capsys.readouterr().err
    assert (folder / "local.jsonl").exists()
