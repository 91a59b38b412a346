"""The main job through its front door: `medgpt sft --data local.jsonl`, stopped, resumed, refused."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from medgpt_cli.app import main

FAST = ["train.batch_size=2", "train.lr=1e-3"]
TWO = ["--data", "more.jsonl"]
WEIGHED = [*TWO, "data.mix.0.weight=1", "data.mix.1.weight=2"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a hand-written file of three record forms and nothing else."""
    Image.radial_gradient("L").resize((140, 90)).save(tmp_path / "slice.png")
    (tmp_path / "local.jsonl").write_text(
        '{"question": "Which plane?", "answer": "axial", "image": "slice.png"}\n'
        '{"messages": [{"role": "user", "content": "<image>\\nBright?"}, '
        '{"role": "assistant", "content": "yes"}], "images": ["slice.png"]}\n'
        '{"conversations": [{"from": "human", "value": "What is HU?"}, '
        '{"from": "gpt", "value": "A unit of density."}]}\n'
    )
    (tmp_path / "more.jsonl").write_text(
        "".join(f'{{"text": "{word} is a sign."}}\n' for word in ("Dullness", "Fremitus", "Egophony"))
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def weights(run: str) -> dict[str, torch.Tensor]:
    return load_file(Path(run) / "model" / "model.safetensors")


def same(one: str, two: str) -> bool:
    first, second = weights(one), weights(two)
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def test_three_lines_and_nothing_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sft", "--data", "local.jsonl"]) == 0
    captured = capsys.readouterr()
    (run,) = (folder / "runs").iterdir()
    assert captured.out.startswith(f"runs/{run.name}: 2 steps, loss ")
    assert f"medgpt chat --model runs/{run.name} --image FILE" in captured.out
    assert "the 20B model: --model FOLDER" in captured.err
    assert {path.name for path in run.iterdir()} >= {
        "recipe.yaml",
        "overrides.txt",
        "recipe.json",
        "manifest.json",
        "metrics.jsonl",
        "checkpoints",
        "model",
        "report.html",
        "log.txt",
        "state.json",
    }
    manifest = json.loads((run / "manifest.json").read_text())
    assert list(manifest["data"]) == ["local.jsonl"]
    assert manifest["steps"] == 2
    assert json.loads((run / "state.json").read_text())["state"] == "done"
    for path in run.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o007, path
    for text in ("axial", "density", "Which plane", "slice.png"):
        for name in ("log.txt", "report.html", "manifest.json", "metrics.jsonl"):
            assert text not in (run / name).read_text(), (text, name)


def test_the_resolved_recipe_repeats_the_run(folder: Path) -> None:
    assert main(["sft", "--data", "local.jsonl", "--out", "a", *FAST, "train.max_steps=3"]) == 0
    assert main(["sft", "--recipe", "a/recipe.json", "--out", "b"]) == 0
    assert same("a", "b")
    assert (folder / "a" / "overrides.txt").read_text().splitlines() == [*FAST, "train.max_steps=3"]


@pytest.mark.parametrize("stage", ["align", "midtrain", "sft"])
def test_a_stage_moves_only_the_parts_it_names(folder: Path, tiny: Path, stage: str) -> None:
    words = ["--model", "tiny-untrained", "--out", "run", *FAST, "train.max_steps=2"]
    assert main([stage, "--data", "local.jsonl", *words]) == 0
    before, after = load_file(tiny / "model.safetensors"), weights("run")
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    projector = {name for name in before if name.startswith("multi_modal_projector.")}
    if stage == "align":
        assert moved == projector
    else:
        assert projector <= moved
        assert any(name.startswith("vision_tower.") for name in moved)
        assert any(".mlp.experts." in name for name in moved)
        assert not any("encoder.layers.5." in name or "post_layernorm" in name for name in moved)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["train.accumulate=2"],
        ["data.validation=[local.jsonl]", "train.eval_steps=2"],
        ["train.threads=2"],
        [*WEIGHED, "data.mix.1.cap=2"],
        [*TWO, "train.packing=true", "train.max_length=320"],
        [*TWO, "train.batch_tokens=300"],
        [
            *TWO,
            "data.temperature=4",
            "data.order=short-first",
            "data.validation=[local.jsonl,more.jsonl]",
            "train.eval_steps=2",
        ],
    ],
    ids=[
        "plain",
        "accumulated",
        "validated",
        "two threads",
        "weighed mix",
        "packed",
        "tokens",
        "tempered mix",
    ],
)
def test_a_run_cut_in_two_ends_in_the_weights_of_one_that_was_not(
    folder: Path, words: list[str]
) -> None:
    line = [
        "sft",
        "--data",
        "local.jsonl",
        *(FAST[1:] if "train.batch_tokens=300" in words else FAST),
        *words,
        "train.max_steps=6",
        "train.save_steps=1",
        "train.keep=4",
    ]
    assert main([*line, "--out", "whole"]) == 0
    assert len(losses(folder / "whole")) == 6
    # A step and a half a pass: step 3 is the end of one, step 4 lies inside one.
    for stop in (3, 4):
        parts = folder / f"parts-{stop}"
        # What a kill right after that step leaves is its checkpoint, and a state that says running.
        shutil.copytree(folder / "whole", parts, ignore=shutil.ignore_patterns("model", "step-*"))
        shutil.copytree(*(each / "checkpoints" / f"step-{stop}" for each in (folder / "whole", parts)))
        state = json.loads((parts / "state.json").read_text())
        (parts / "state.json").write_text(json.dumps({**state, "state": "running"}))
        assert main([*line, "--out", parts.name, "--resume"]) == 0
        assert same("whole", parts.name)
        assert losses(parts) == losses(folder / "whole")
        assert by_source(parts) == by_source(folder / "whole")
        shutil.rmtree(parts)


def by_source(run: Path) -> list[object]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [line.get("sources", line.get("validation_sources")) for line in lines]


def losses(run: Path) -> list[float]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if "loss" in line]


def start(folder: Path, out: str, *words: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "medgpt_cli",
        "sft",
        "--data",
        "local.jsonl",
        "--out",
        out,
        *FAST,
        *words,
    ]
    return subprocess.Popen(
        command, cwd=folder, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for_step(process: subprocess.Popen[str], metrics: Path, step: int) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        if metrics.exists() and len(metrics.read_text().splitlines()) >= step:
            return
        time.sleep(0.02)
    raise AssertionError(process.communicate(timeout=10))


@pytest.mark.parametrize(
    "mix", [[], pytest.param(WEIGHED, marks=pytest.mark.slow)], ids=["one source", "two sources"]
)
def test_kill_9_at_any_instant_and_resume_gives_the_same_weights(folder: Path, mix: list[str]) -> None:
    words = [*mix, "train.max_steps=14", "train.save_steps=3"]
    assert main(["sft", "--data", "local.jsonl", "--out", "whole", *FAST, *words]) == 0
    process = start(folder, "killed", *words)
    wait_for_step(process, folder / "killed" / "metrics.jsonl", 7)
    process.kill()
    process.communicate()
    assert json.loads((folder / "killed" / "state.json").read_text())["state"] == "running"
    assert main(["chat", "--model", "killed", "--prompt", "x", "--quiet"]) == 3  # unfinished is refused
    assert main(["sft", "--data", "local.jsonl", "--out", "killed", *FAST, *words, "--resume"]) == 0
    assert same("whole", "killed")


SIGNALS = {signal.SIGTERM: 75, signal.SIGINT: 130}


def test_a_signal_saves_and_the_same_line_goes_on(folder: Path) -> None:
    words = ["train.max_steps=30", "train.save_steps=400"]
    assert main(["sft", "--data", "local.jsonl", "--out", "whole", *FAST, *words]) == 0
    for number, code in SIGNALS.items():
        process = start(folder, number.name, *words)
        wait_for_step(process, folder / number.name / "metrics.jsonl", 2)
        process.send_signal(number)
        _, err = process.communicate(timeout=120)
        assert process.returncode == code, err
        (line,) = [line for line in err.splitlines() if line.startswith("go on with: medgpt ")]
        assert "Traceback" not in err
        (saved,) = (folder / number.name / "checkpoints").iterdir()
        assert int(saved.name.removeprefix("step-")) < 30
        assert main(shlex.split(line.removeprefix("go on with: medgpt "))) == 0
        assert same("whole", number.name)


def test_a_finished_run_says_so_and_changes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sft", "--data", "local.jsonl", "--out", "run", *FAST, "train.max_steps=2"]
    assert main(words) == 0
    before = weights("run")
    assert main([*words, "--resume"]) == 0
    assert "run had already finished." in capsys.readouterr().err
    after = weights("run")
    assert all(torch.equal(before[k], after[k]) for k in before)


def test_a_run_is_not_resumed_with_another_recipe_or_other_data(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sft", "--data", "local.jsonl", "--out", "run", *FAST, "train.max_steps=2"]
    assert main(words) == 0
    state = json.loads((folder / "run" / "state.json").read_text())
    (folder / "run" / "state.json").write_text(json.dumps({**state, "state": "running"}))
    assert main([*words[:-1], "train.max_steps=3", "--resume"]) == 2
    assert "begun with another recipe; what differs: train.max_steps" in capsys.readouterr().err
    whole = (folder / "slice.png").read_bytes()
    Image.linear_gradient("L").resize((140, 90)).save(folder / "slice.png")
    assert main([*words, "--resume"]) == 4
    told = capsys.readouterr().err
    assert (
        "local.jsonl:1 images[0]  is not the picture it was\nerror: 1 picture is not the one that run"
        in told
    )
    assert "slice.png" not in told
    (folder / "slice.png").write_bytes(whole)
    with (folder / "local.jsonl").open("a") as file:
        file.write('{"question": "More?", "answer": "no"}\n')
    assert main([*words, "--resume"]) == 4
    assert "the data files are not those" in capsys.readouterr().err


def test_an_existing_folder_is_not_touched_without_being_told(folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "thesis.tex").write_text("years of work")
    words = ["sft", "--data", "local.jsonl", "--out", "mine", *FAST, "train.max_steps=1"]
    for extra in ([], ["--resume"], ["--force"]):
        assert main([*words, *extra]) == 2
    assert (folder / "mine" / "thesis.tex").read_text() == "years of work"
    assert [path.name for path in (folder / "mine").iterdir()] == ["thesis.tex"]


def test_validation_loss_is_measured_when_asked(folder: Path) -> None:
    words = ["data.validation=[local.jsonl]", "train.eval_steps=1", "train.max_steps=2"]
    assert main(["sft", "--data", "local.jsonl", "--out", "run", *FAST, *words]) == 0
    lines = [json.loads(line) for line in (folder / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "validation_loss" in line] == [1, 2]
    assert "validation loss" in (folder / "run" / "report.html").read_text()


def test_a_mixture_is_told_in_shares_and_losses(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sft", "--data", "local.jsonl", *WEIGHED, *FAST, "train.log_steps=4"]
    words += ["data.validation=[local.jsonl,more.jsonl]", "train.eval_steps=12"]
    assert main([*words, "--out", "run", "train.max_steps=12"]) == 0
    assert (
        "one pass over the mix is 6 records, shuffled\n"
        "  local.jsonl: 2 of 3 records a pass, 33.3 %\n"
        "  more.jsonl: 3 records 1.33 times a pass, 66.7 %\n"
    ) in capsys.readouterr().err
    manifest = json.loads((folder / "run" / "manifest.json").read_text())
    assert manifest["mix"]["records_a_pass"] == 6
    assert [(each["name"], each["a_pass"]) for each in manifest["mix"]["sources"]] == [
        ("local.jsonl", 2),
        ("more.jsonl", 4),
    ]
    lines = [json.loads(line) for line in (folder / "run" / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if "loss" in line]
    # The first line is of step 1 alone, so the sums of a line are the mean that is logged only where it has one step.
    sums = steps[0]["sources"].values()
    assert sum(each["loss_sum"] for each in sums) / sum(
        each["tokens"] for each in sums
    ) == pytest.approx(steps[0]["loss"], rel=1e-5)
    (last,) = [line for line in lines if "validation_loss" in line]
    files = last["validation_sources"].values()
    assert sum(each["loss_sum"] for each in files) / sum(
        each["tokens"] for each in files
    ) == pytest.approx(last["validation_loss"], rel=1e-5)
    page = (folder / "run" / "report.html").read_text()
    assert "Loss by source" in page
    assert "Validation loss by file" in page


def test_a_source_of_which_nothing_is_left_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.jsonl").write_text('{"question": "q", "answer": ""}\n')
    words = ["sft", "--data", "local.jsonl", "--data", "bad.jsonl", "--out", "run", "data.max_bad=1"]
    assert main(words) == 3
    assert "error: bad.jsonl  no record is left to train on" in capsys.readouterr().err


def test_a_dry_run_says_what_would_happen_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.rglob("*"))
    assert main(["sft", "--data", "local.jsonl", "--dry-run", "--json", *FAST]) == 0
    outlook = json.loads(capsys.readouterr().out)
    assert (outlook["records"], outlook["images"], outlook["steps"]) == (3, 2, 12)
    assert outlook["recipe"]["train"]["batch_size"] == 2
    assert outlook["mix"] == {
        "order": "shuffled",
        "records_a_pass": 3,
        "sources": [{"name": "local.jsonl", "records": 3, "share": 1.0, "a_pass": 3}],
    }
    assert outlook["memory_bytes_without_activations"] > 4 * 4_000_000
    assert sorted(folder.rglob("*")) == before


def test_accumulated_steps_equal_one_large_batch(folder: Path) -> None:
    words = ["sft", "--data", "local.jsonl", "train.lr=1e-3", "train.max_steps=2", "train.clip=1e9"]
    assert main([*words, "--out", "large", "train.batch_size=3"]) == 0
    assert main([*words, "--out", "small", "train.batch_size=1", "train.accumulate=3"]) == 0

    assert losses(folder / "small") == pytest.approx(losses(folder / "large"), rel=1e-4)


def test_examples_before_a_record_are_read_and_not_learnt(
    folder: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "asked.jsonl").write_text(
        "".join(
            f'{{"question": "Which plane, {number}?", "answer": "{word}", "patient_id": "{number}"}}\n'
            for number, word in enumerate(("axial", "coronal", "sagittal", "oblique"))
        )
    )
    alone = ["sft", "--data", "asked.jsonl", "train.batch_size=1", "train.max_steps=2", "train.lr=1e-3"]
    line = [*alone, "data.mix.0.shots=2", "train.save_steps=1", "train.keep=9"]
    assert main([*alone, "--out", "alone"]) == 0
    assert main([*line, "--out", "run"]) == 0
    assert "4 asked after 2 examples each" in capsys.readouterr().err
    shots = json.loads((folder / "run" / "manifest.json").read_text())["shots"]
    assert (shots["asked.jsonl"]["shots"], shots["asked.jsonl"]["records"]) == (2, 4)
    one, two = (
        [json.loads(each) for each in (folder / run / "metrics.jsonl").read_text().splitlines()]
        for run in ("alone", "run")
    )
    for without, behind in zip(one, two, strict=True):  # the same record, behind two others
        assert behind["supervised"] == without["supervised"]
        assert behind["tokens"] > 20 + without["tokens"]
    shutil.rmtree(folder / "run" / "checkpoints" / "step-2")
    (folder / "run" / "model").rename(folder / "before")
    state = json.loads((folder / "run" / "state.json").read_text())
    (folder / "run" / "state.json").write_text(json.dumps({**state, "state": "running"}))
    assert main([*line, "--out", "run", "--resume"]) == 0
    before, after = load_file("before/model.safetensors"), weights("run")
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert main([*line, "--out", "few", "data.mix.0.shots=4"]) == 2
    assert main([*alone, "--out", "few", "data.mix.0.shots=4"]) == 3
    assert "4 examples before each record need 5 groups" in capsys.readouterr().err


def test_eager_attention_learns_the_same_one_record_at_a_time(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sft", "--data", "local.jsonl", "train.lr=1e-3", "train.max_steps=2", "train.batch_size=1"]
    assert main([*words, "--out", "ours"]) == 0
    assert "attention: ours, no flash kernel is installed" in capsys.readouterr().err
    assert main([*words, "--out", "eager", "model.attention=eager"]) == 0
    assert losses(folder / "eager") == pytest.approx(losses(folder / "ours"), rel=1e-4)
    manifest = json.loads((folder / "eager" / "manifest.json").read_text())
    assert manifest["attention"] == {"name": "eager", "word": "eager", "reason": ""}
    assert "eager attention" in (folder / "eager" / "report.html").read_text()
    assert main([*words, "--out", "run", "model.attention=flash"]) == 5
    assert "pip install flash-attn" in capsys.readouterr().err
    assert not Path("run").exists()


def test_packed_records_learn_as_they_would_alone(folder: Path) -> None:
    """All records in one row, against all records in one batch: the same step, in whatever order they stand."""
    words = [
        "sft",
        "--data",
        "local.jsonl",
        *TWO,
        "train.lr=1e-3",
        "train.max_steps=2",
        "train.clip=1e9",
    ]
    assert main([*words, "--out", "loose", "train.batch_size=6"]) == 0
    packed = ["train.batch_size=1", "train.packing=true", "train.max_length=2048"]
    assert main([*words, "--out", "packed", *packed]) == 0
    assert losses(folder / "packed") == pytest.approx(losses(folder / "loose"), rel=1e-4)


def test_a_record_too_long_for_a_row_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train.packing=true", "train.max_length=100"]
    assert main(["sft", "--data", "local.jsonl", "--out", "run", *words]) == 3
    assert "longer than train.max_length=100; nothing is cut off silently" in capsys.readouterr().err
    assert not Path("run").exists()


def test_a_record_too_long_for_a_row_is_parted_between_turns(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = '{{"role": "user", "content": "{} {}"}}, {{"role": "assistant", "content": "answer {}"}}'
    turns = ", ".join(said.format("word " * 40, number, number) for number in range(6))
    (folder / "long.jsonl").write_text(f'{{"messages": [{turns}]}}\n{{"text": "Dullness is a sign."}}\n')
    words = ["sft", "--data", "long.jsonl", "--out", "run", "train.max_length=220", *FAST]
    assert main(words) == 3
    assert "train.overlong=split" in capsys.readouterr().err
    assert main([*words, "train.overlong=split", "train.packing=true"]) == 0
    assert "1 too long for a row, parted into 3" in capsys.readouterr().err
    manifest = json.loads((folder / "run" / "manifest.json").read_text())
    assert manifest["records_parted"] == {"records": 1, "pieces": 3}
    assert manifest["records"] == 4
    assert main([*words[:4], "again", "train.max_length=40", "train.overlong=split"]) == 3
    assert "in a single exchange or paragraph" in capsys.readouterr().err


def test_a_part_may_learn_at_a_rate_of_its_own(folder: Path, tiny: Path) -> None:
    words = ["train.max_steps=2", "train.warmup=0", "train.schedule=constant", "parts.llm.lr=1e-12"]
    words += ["--model", "tiny-untrained"]
    assert main(["sft", "--data", "local.jsonl", "--out", "run", *FAST, *words]) == 0
    before, after = load_file(tiny / "model.safetensors"), weights("run")

    def moved(name: str) -> float:
        return max(float((before[k] - after[k]).abs().max()) for k in before if name in k)

    # Experts and router follow the language model; the projector keeps train.lr.
    assert max(moved(".mlp.experts."), moved(".mlp.router."), moved("embed_tokens")) < 1e-8
    assert moved("multi_modal_projector.") > 1e-4


def test_a_checkpoint_is_a_model_and_is_held_to_its_hashes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sft", "--data", "local.jsonl", "--out", "run", *FAST, "train.max_steps=2"]
    assert main(words) == 0
    checkpoint = folder / "run" / "checkpoints" / "step-2"
    asked = ["chat", "--model", str(checkpoint), "--prompt", "x", "--max-new-tokens", "2", "--quiet"]
    assert main(asked) == 0
    path = checkpoint / "tokenizer.json"
    path.write_bytes(path.read_bytes() + b" ")
    assert main(asked) == 4
    assert "tokenizer.json is missing or not the file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--resume"], "--resume needs to know which run"),
        (
            ["--out", "run", "--resume", "--force"],
            "--resume goes on with a run and --force throws it away",
        ),
        (["--out", "old", "--force", "--model", "old"], "old lies inside --out old"),
        (["--out", ".", "--force"], "local.jsonl lies inside --out ."),
    ],
)
def test_nothing_is_lost_by_flags_that_contradict_each_other(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(["sft", "--data", "local.jsonl", "--out", "old", *FAST, "train.max_steps=1"]) == 0
    before = {path: path.read_bytes() for path in (folder / "old").rglob("*") if path.is_file()}
    if words[1:2] == ["."]:
        (folder / "state.json").write_text('{"state": "done", "kind": "sft"}')
    capsys.readouterr()
    assert main(["sft", "--data", "local.jsonl", *words]) == 2
    assert message in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in (folder / "old").rglob("*") if path.is_file()}


def test_an_earlier_run_survives_force_until_the_new_one_can_begin(folder: Path) -> None:
    assert main(["sft", "--data", "local.jsonl", "--out", "old", *FAST, "train.max_steps=1"]) == 0
    (folder / "bad.jsonl").write_text('{"question": "no answer"}\n')
    assert main(["sft", "--data", "bad.jsonl", "--out", "old", "--force"]) == 3
    assert (folder / "old" / "model" / "model.safetensors").exists()
    assert (
        main(["sft", "--data", "local.jsonl", "--out", "old", "--force", *FAST, "train.max_steps=1"])
        == 0
    )


def test_a_run_that_logs_seldom_still_finishes(folder: Path) -> None:
    words = ["train.max_steps=3", "train.log_steps=10"]
    assert main(["sft", "--data", "local.jsonl", "--out", "run", *FAST, *words]) == 0
    assert json.loads((folder / "run" / "manifest.json").read_text())["steps"] == 3


def test_no_model_is_made_of_no_records(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.jsonl").write_text('{"question": "q", "answer": "a", "image": "slice.png"}\n')
    (folder / "slice.png").write_bytes(b"not a picture")
    assert main(["sft", "--data", "bad.jsonl", "--out", "run", "data.max_bad=5"]) == 3
    assert "no record is left to train on" in capsys.readouterr().err
    assert not (folder / "run").exists()


def test_a_model_in_bfloat16_compute_learns_too(folder: Path) -> None:
    words = ["model.dtype=bfloat16", "train.max_steps=6", "train.schedule=constant", "train.warmup=0"]
    assert main(["sft", "--data", "local.jsonl", "--out", "run", *FAST, *words]) == 0
    assert losses(folder / "run")[-1] < losses(folder / "run")[0]
    assert all(tensor.dtype == torch.float32 for tensor in weights("run").values())


def test_a_run_goes_astray_with_a_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train.max_steps=40", "train.schedule=constant", "train.warmup=0", "train.clip=1e30"]
    assert main(["sft", "--data", "local.jsonl", "--out", "run", "train.lr=1e30", *words]) == 3
    captured = capsys.readouterr()
    assert "is no longer a number at step" in captured.err
    assert "start anew with a lower train.lr" in captured.err
    assert "Traceback" not in captured.err
