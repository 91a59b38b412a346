"""`medgpt plan` through its front door."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from medgpt_cli.app import main

BIG = ["midtrain", "--model", "gpt-oss-20b", "--gpus", "8", "--gpu-memory", "180GB"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with records of several forms."""
    Image.radial_gradient("L").resize((140, 90)).save(tmp_path / "slice.png")
    pair = {"question": "Which plane is this?", "answer": "It is axial.", "image": "slice.png"}
    text = {"text": "Dullness is a sign of fluid. " * 8}
    (tmp_path / "local.jsonl").write_text("".join(json.dumps(each) + "\n" for each in [pair, text] * 6))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planned(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    assert main(["plan", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_20b_model_on_eight_devices(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", *BIG]) == 0
    out, err = capsys.readouterr()
    lines = [line.rstrip() for line in out.splitlines()]
    assert err == ""
    assert lines[0] == "midtrain of gpt-oss-20b with CLIP ViT-L/14 at 336 pixels, on 8 GPUs of 180GB"
    assert lines[1] == "does not fit as written; the cheapest change that makes it fit:"
    assert "engine.deepspeed=true" in lines[2]
    for row in ("parameters", "optimiser state", "gradients", "full attention", "sliding attention"):
        assert any(line.startswith(row) for line in lines), row
    for row in ("experts", "vision", "logits and loss", "at the worst moment", "hours", "kWh"):
        assert any(line.startswith(row) for line in lines), row
    assert any("36 GiB a device" in line and "axolotl" in line for line in lines)
    assert any("44 GiB a device, not estimated: LoRA" in line for line in lines)


def test_the_document_has_both_ways_and_every_assumption(capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned(capsys, *BIG)
    assert plan["fits"] is False
    assert plan["as_written"]["memory_bytes"]["total"] > plan["machine"]["usable_bytes"]
    change = plan["change"]
    assert change["memory_bytes"]["total"] <= plan["machine"]["usable_bytes"] == 0.95 * 180e9
    held = change["memory_bytes"]
    assert sum(held["parts"].values()) == pytest.approx(held["total"])
    assert all(held["highest"][part] >= size for part, size in held["parts"].items())
    assert change["tokens_per_step"] == plan["as_written"]["tokens_per_step"]
    assert plan["expert_layer_parameters"] > 0.79e9
    parameters = sum(count["total"] for count in plan["parameters"].values())
    assert plan["as_written"]["main_memory_to_read_bytes"] == 8 * 4 * parameters
    adapting = planned(capsys, "adapt", *BIG[1:3], "--gpus", "1", "--gpu-memory", "80GB")
    total = sum(count["total"] for count in adapting["parameters"].values())
    assert adapting["as_written"]["main_memory_to_read_bytes"] == pytest.approx(2 * total, rel=0.02)
    sharded = planned(capsys, *BIG, "engine.deepspeed=true", "engine.zero=3")["as_written"]
    assert sharded["main_memory_to_read_bytes"] is None  # read straight into shards
    assert plan["rows"]["basis"].startswith("no data named: 1,000,000,000 tokens are assumed")
    power = change["seconds"] * 8 * plan["machine"]["watts_per_device_assumed"] / 3.6e6
    assert change["kwh"] == pytest.approx(power)


def test_the_change_makes_it_fit_when_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    change = planned(capsys, *BIG)["change"]
    again = planned(capsys, *BIG, *change["words"])
    assert again["fits"] is True
    assert again["change"] is None
    assert again["as_written"]["memory_bytes"] == change["memory_bytes"]


def test_this_machine_and_data_of_ones_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sft", "--data", "local.jsonl", "train.max_length=512", "train.epochs=2"]
    plain = planned(capsys, *words)
    assert plain["machine"]["name"].startswith("this machine (")
    assert plain["machine"]["operations_from"] == "measured here at the model's shapes"
    assert plain["rows"]["records"] == plain["rows"]["rows_per_pass"] == 12
    assert plain["as_written"]["steps"] == 2  # 24 rows, 16 a step
    packed = planned(capsys, *words, "train.packing=true", "train.batch_size=1")
    assert packed["rows"]["rows_per_pass"] < 12
    assert packed["rows"]["tokens_per_pass"] == plain["rows"]["tokens_per_pass"]
    filled = packed["rows"]["tokens_per_pass"] / (512 * packed["rows"]["rows_per_pass"])
    assert packed["rows"]["fill"] == pytest.approx(filled)
    assert packed["as_written"]["steps"] == 2 * packed["rows"]["rows_per_pass"]


def test_tokens_are_those_that_training_counts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sft", "--data", "local.jsonl", "--dry-run", "--json"]) == 0
    dry = json.loads(capsys.readouterr().out)
    plan = planned(capsys, "sft", "--data", "local.jsonl")
    way = plan["as_written"]
    assert way["steps"] == dry["steps"]
    assert way["tokens_per_step"] == pytest.approx(dry["tokens_per_step"], rel=0.01)
    trained = {part: count["trained"] for part, count in plan["parameters"].items()}
    assert trained == {part: count["trained"] for part, count in dry["parameters"].items()}


def test_a_shape_without_a_tokenizer_counts_characters(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = planned(capsys, *BIG, "--data", "local.jsonl")
    assert "4 characters a token and 64 tokens of frame a record are assumed" in plan["rows"]["basis"]
    pair, text = round((20 + 12) / 4) + 64 + 576, round(8 * 29 / 4) + 1
    assert plan["rows"]["tokens_per_pass"] == 6 * (pair + text)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (
            ["midtrain", "--gpus", "8"],
            2,
            "error: a described machine needs the memory of one GPU\ngive it, such as --gpu-memory 80GB\n",
        ),
        (
            ["midtrain", "--gpus", "8", "--gpu-memory", "much"],
            2,
            "error: much is no size of memory\nwrite it as 180GB or 80GiB\n",
        ),
        (
            ["data"],
            2,
            "error: data prepares data and trains nothing\nmedgpt data prep has --dry-run\n",
        ),
        (
            ["sft", "--model", "pmc-llama-7b", "--gpu-memory", "80GB", "train.max_length=4096"],
            3,
            "error: train.max_length  4,096 tokens are more than the model holds, 2,048\n"
            "set train.max_length=2048 or less\n",
        ),
        (
            ["sft", "--data", "no.jsonl"],
            3,
            "error: there is no data file no.jsonl\nname a JSONL file with --data\n",
        ),
        (
            ["sft", "--data", "local.jsonl", "train.max_length=32"],
            3,
            None,
        ),
    ],
    ids=str,
)
def test_what_cannot_be_planned(
    words: list[str], code: int, says: str | None, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", *words]) == code
    out, err = capsys.readouterr()
    assert out == ""
    if says is None:
        assert "12 records are longer than train.max_length=32" in err
        assert "Dullness" not in err
    else:
        assert err == says


def test_parts_named_by_their_folders(
    tiny: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = json.loads((tiny / "config.json").read_text())
    for name, key in (("llm", "text_config"), ("vision", "vision_config")):
        (folder / name).mkdir()
        (folder / name / "config.json").write_text(json.dumps(config[key]))
    joined = planned(capsys, "sft", "model.llm=llm", "model.vision=vision", "--gpu-memory", "8GB")
    assert joined["parameters"] == planned(capsys, "sft", "--gpu-memory", "8GB")["parameters"]
    half = planned(capsys, "sft", "model.llm=tiny", "model.vision=vision", "--gpu-memory", "8GB")
    assert half["parameters"] == joined["parameters"]
    (folder / "llm" / "config.json").write_text("{")
    assert main(["plan", "sft", "model.llm=llm", "model.vision=vision", "--gpu-memory", "8GB"]) == 3
    assert "error: llm  there is no config.json that can be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("recipe", "gpus", "memory", "fits"),
    [
        ("medgpt-oss-20b/1-align", 8, "80GB", True),
        ("medgpt-oss-20b/1-align", 8, "180GB", True),
        ("medgpt-oss-20b/2-midtrain", 8, "80GB", True),
        ("medgpt-oss-20b/2-midtrain", 8, "180GB", True),
        ("medgpt-oss-20b/3-sft", 8, "80GB", True),
        ("medgpt-oss-20b/3-sft", 8, "180GB", True),
        ("medgpt-oss-20b/4-adapt", 8, "80GB", True),
        ("medgpt-oss-20b/4-adapt", 8, "180GB", True),
        ("medgpt-oss-20b/4-adapt", 1, "80GB", True),
        ("medgpt-oss-20b/4-adapt", 1, "24GB", False),
        ("openmedq/1-midtrain", 2, "80GB", True),
    ],
)
def test_the_families_for_real_models(
    recipe: str,
    gpus: int,
    memory: str,
    fits: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)  # neither their models nor their data are here
    words = ["plan", recipe, "--gpus", str(gpus), "--gpu-memory", memory, "--json"]
    assert main(words) == 0
    out, err = capsys.readouterr()
    plan = json.loads(out)
    assert plan["fits"] is fits
    assert (plan["change"] is None) is fits
    assert plan["rows"]["basis"].startswith("no data named: 1,000,000,000 tokens are assumed")
    assert "the model is not here; planned for the shape of " in err
    assert "not here, so rows are assumed: " in err


@pytest.mark.parametrize(
    ("recipe", "memory"),
    [
        ("4-adapt", "24GB"),
        ("1-align", "24GB"),
        ("3-sft", "80GB"),
        ("3-sft", "24GB"),
    ],
)
def test_on_one_gpu_the_change_that_is_named_makes_the_20b_recipes_fit(
    recipe: str,
    memory: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [f"medgpt-oss-20b/{recipe}", "--gpus", "1", "--gpu-memory", memory]
    plan = planned(capsys, *words)
    assert plan["fits"] is False
    again = planned(capsys, *words, *plan["change"]["words"])
    assert again["fits"] is True
    assert again["as_written"]["memory_bytes"] == plan["change"]["memory_bytes"]


def test_a_base_in_four_bits_is_the_cheapest_change_on_one_gpu_of_24_gb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = planned(capsys, "medgpt-oss-20b/4-adapt", "--gpus", "1", "--gpu-memory", "24GB")
    assert plan["change"]["words"] == ["lora.quantise_base=mxfp4"]
    parts = plan["change"]["memory_bytes"]["highest"]
    experts = 24 * 32 * (2880 * 5760 + 2880 * 2880)  # layers, experts, and their two matrices
    assert parts["parameters in 4 bits"] == experts * 4.25 / 8
    assert parts["one matrix unpacked"] == 2 * 32 * 2880 * 5760
    assert "experts with adapters added, or rounded" not in parts
    assert plan["change"]["seconds_unpacking"] > 0 == plan["as_written"]["seconds_unpacking"]
    assert main(["plan", "medgpt-oss-20b/4-adapt", "--gpus", "1", "--gpu-memory", "24GB"]) == 0
    assert "a base that was not published in that format is rounded to it" in capsys.readouterr().out


def test_a_dense_model_is_offered_nf4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [
        "adapt",
        "--model",
        "pmc-llama-7b",
        "--gpus",
        "1",
        "--gpu-memory",
        "16GB",
        "train.batch_size=1",
    ]
    plan = planned(capsys, *words)
    assert plan["change"]["words"] == ["lora.quantise_base=nf4", "engine.checkpointing=on"]
    layers = 32 * (4 * 4096**2 + 3 * 4096 * 11008)
    packed = plan["change"]["memory_bytes"]["highest"]["parameters in 4 bits"]
    assert packed == pytest.approx(layers * 4.127 / 8, rel=1e-3)


def test_a_row_that_several_devices_share_is_not_planned_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["plan", "medgpt-oss-20b/2-midtrain", "--gpus", "1", "--gpu-memory", "80GB"]) == 3
    assert capsys.readouterr().err.endswith(
        "error: engine.sequence_parallel  8 devices share a row, and the plan is for 1 device, which cannot be parted "
        "into such groups\nplan with --gpus 8, or set engine.sequence_parallel=1\n"
    )
    words = ["plan", "medgpt-oss-20b/2-midtrain", "--gpus", "12", "--gpu-memory", "80GB"]
    assert main(words) == 3
    said = capsys.readouterr().err
    assert "8 devices share a row, and the plan is for 12 devices, which" in said
    assert said.endswith("plan with --gpus 16, or set engine.sequence_parallel=4\n")
    assert main([*words, "engine.sequence_parallel=4"]) == 0


def test_what_a_person_names_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["plan", "medgpt-oss-20b/4-adapt", "--data", "gone.jsonl", "--gpu-memory", "80GB"]) == 3
    assert "there is no data file gone.jsonl" in capsys.readouterr().err
    assert main(["plan", "medgpt-oss-20b/3-sft", "--model", "a/b/c", "--gpu-memory", "80GB"]) == 3
    assert "there is no model folder a/b/c" in capsys.readouterr().err


def test_adapters_are_counted_as_training_counts_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["lora.r=4", "lora.experts=true", "train.max_steps=1", "train.batch_size=2"]
    plan = planned(capsys, "adapt", "--data", "local.jsonl", *words)
    assert main(["adapt", "--data", "local.jsonl", "--out", "run", *words]) == 0
    capsys.readouterr()
    trained = json.loads((folder / "run" / "manifest.json").read_text())["parameters"]
    for part, count in plan["parameters"].items():
        assert (count["total"], count["trained"]) == (trained[part]["total"], trained[part]["trained"])
    assert plan["parameters"]["experts"]["adapters"] > 0
