"""`--rehearse` through the front door: the recipe, the data and the code are the real ones, the model is small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from safetensors.torch import save_file
from torch import ones

from medgpt_cli.app import main
from medgpt_cli.core.errors import RehearsalFailed
from medgpt_cli.core.recipe import read_recipe
from medgpt_cli.workflows import training_files
from medgpt_cli.workflows.rehearsal.one_stage import _same, stronger_words


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with records and nothing else."""
    Image.radial_gradient("L").resize((140, 90)).save(tmp_path / "slice.png")
    (tmp_path / "local.jsonl").write_text(
        '{"question": "Which plane?", "answer": "axial", "image": "slice.png"}\n'
        + "".join(f'{{"text": "{word} is a sign."}}\n' for word in ("Dullness", "Fremitus"))
    )
    (tmp_path / "heldout.jsonl").write_text(
        '{"question": "Is it bright?", "answer": "yes", "image": "slice.png"}\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_adapter_is_rehearsed_to_its_merge_and_nothing_is_left(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.rglob("*"))
    words = ["lora.experts=true", "train.accumulate=9", "train.max_steps=5000"]
    assert main(["adapt", "--data", "local.jsonl", "--rehearse", *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "shrunk, llm: hidden_size 128 to 64, head_dim 32 to 16"
    assert lines[1].startswith("shrunk, vision: num_hidden_layers 6 to 4, ")
    assert lines[2].startswith("adapt: 3 records, ")
    assert lines[3:5] == [
        "  cut off after step 1 and resumed, it ends in the same weights",
        "  model/ is read again, every tensor by its name",
    ]
    assert lines[5].startswith("  merged, it is the base with its adapter (largest difference ")
    assert lines[6:] == [
        "export: written as hf, answers as the model does, verified",
        "rehearsed; nothing was kept",
    ]
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["sft", "--data", "gone.jsonl"], 3, "there is no data file gone.jsonl"),
        (["sft", "--data", "local.jsonl", "--model", "a/b/c"], 3, "there is no model folder a/b/c"),
        (["sft", "--data", "local.jsonl", "train.max_length=16"], 3, "longer than train.max_length=16"),
        (["sft"], 3, "no training data was named"),
    ],
)
def test_what_would_fail_later_fails_now(
    folder: Path, words: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--rehearse"]) == code
    assert says in capsys.readouterr().err


def test_words_that_a_rehearsal_overrules_give_way() -> None:
    recipe = read_recipe("medgpt-oss-20b/2-midtrain", stage="midtrain").recipe
    words = stronger_words(recipe, ["train.max_steps=9", "train.lr=1e-5"], whole=True)
    assert words[0] == "train.lr=1e-5"
    assert words.count("train.max_steps=2") == 1
    assert "train.max_steps=9" not in words
    small = read_recipe("medgpt-oss-20b/2-midtrain", stage="midtrain", overrides=words).recipe
    assert (small.train.max_length, small.train.packing, small.data.limit) == (131072, True, 16)
    assert (small.engine.deepspeed, small.engine.sequence_parallel) == (False, 1)


def test_another_end_is_no_success(tmp_path: Path) -> None:
    for name, value in (("one", 1.0), ("other", 1.0)):
        (tmp_path / name / "model").mkdir(parents=True)
        save_file({"w": ones(3) * value}, tmp_path / name / "model" / "model.safetensors")
    assert _same(tmp_path / "one", tmp_path / "other")
    save_file({"w": ones(3) * 2}, tmp_path / "other" / "model" / "model.safetensors")
    with pytest.raises(RehearsalFailed, match=r"the run ended in another model/model\.safetensors"):
        _same(tmp_path / "one", tmp_path / "other")


def test_one_process_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(["sft", "--data", "local.jsonl", "--rehearse"]) == 2
    assert "a rehearsal is one process" in capsys.readouterr().err


@pytest.mark.slow
def test_a_family_is_rehearsed_as_a_whole(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = folder / "mine"
    mine.mkdir()
    (mine / "0-data.yaml").write_text(
        "stage: data\ndata: {sources: [{path: local.jsonl}]}\nsplits: {train: 1, validation: 0, test: 0}\n"
    )
    (mine / "1-align.yaml").write_text("stage: align\n")
    (mine / "2-adapt.yaml").write_text("stage: adapt\n")
    (mine / "3-eval.yaml").write_text("stage: eval\neval: {tasks: [heldout.jsonl]}\n")
    (mine / "4-export.yaml").write_text("stage: export\n")
    assert main(["run", "mine", "--rehearse", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in told["rehearsed"]] == ["1-align", "2-adapt"]
    assert all(len(each["losses"]) == 2 and each["supervised"] > 0 for each in told["rehearsed"])
    assert told["scored"] == 2
    assert told["exported"] == ["4-export: written as hf, answers as the model does, verified"]
    assert not (folder / "runs").exists()


def test_the_limit_is_of_records_in_front(folder: Path) -> None:
    (folder / "local.jsonl").write_text((folder / "local.jsonl").read_text() + '{"text": "more"}\n')
    records, complaints = training_files.read_split(
        Path("local.jsonl"), "train", image_root=None, limit=2
    )
    assert [sample.place.line for sample in records.samples] == [1, 2]
    assert not complaints
