"""Verifying: one changed byte anywhere is found, by `verify` and by everything that loads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from medgpt_cli.app import main
from medgpt_cli.core.errors import HashMismatch
from medgpt_cli.core.manifest import model_hash
from medgpt_cli.models import checkpoint
from tests.exporting import evaluation, flip, seal

FILES = (
    "README.md",
    "SHA256SUMS",
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "manifest.json",
    "model.safetensors",
    "processor_config.json",
    "sbom.cdx.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "verify.json",
)


@pytest.fixture
def copied(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run, its records and its export, to be changed; without checkpoints, of which verifying asks nothing."""
    shutil.copytree(exported, tmp_path / "all", ignore=shutil.ignore_patterns("checkpoints"))
    monkeypatch.chdir(tmp_path / "all")
    return tmp_path / "all"


@pytest.fixture(scope="module")
def lent(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the export alone, which every test leaves as it was."""
    folder = tmp_path_factory.mktemp("lent") / "exp"
    shutil.copytree(exported / "exp", folder)
    yield folder
    assert main(["verify", str(folder), "--hashes-only"]) == 0


def test_an_untouched_export_holds(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "exp"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "same      files    exp",
        "same      model    run",
        "same      run      run",
        "same      data     a.jsonl",
        "same      base     tiny-untrained",
        "same      answers  largest difference of a logit 0, same words 100%, 6 prompts",
    ]


def test_the_files_of_an_export_are_the_ones_tried_here(exported: Path) -> None:
    assert tuple(sorted(item.name for item in (exported / "exp").iterdir())) == FILES


@pytest.mark.parametrize("at", [0, -3])
@pytest.mark.parametrize("name", FILES)
def test_one_flipped_bit_in_any_file_is_found(lent: Path, name: str, at: int) -> None:
    """At either end of a file; `test_flipped_bytes` tries the middle with every command."""
    flip(lent / name, at)
    try:
        assert main(["verify", str(lent), "--hashes-only"]) == 4
        with pytest.raises(HashMismatch):
            checkpoint.load(lent)
    finally:
        flip(lent / name, at)


def test_a_missing_file_is_named(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copied / "exp/processor_config.json").unlink()
    assert main(["verify", "exp", "--hashes-only"]) == 4
    told = capsys.readouterr()
    assert "changed   files    exp" in told.out
    assert "processor_config.json is missing or not the file" in told.err


def test_a_changed_record_file_breaks_the_chain(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.jsonl").write_text(Path("a.jsonl").read_text() + "\n")
    for folder in ("exp", "run"):
        assert main(["verify", folder, "--hashes-only"]) == 4
        told = capsys.readouterr()
        assert "changed   data     a.jsonl" in told.out
        assert told.err.splitlines()[1:] == [
            f"error: {folder} does not hold: 1 thing changed",
            "restore it from its source; what has changed is not used",
        ]


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("run/model/model.safetensors", "model    run"),
        ("run/manifest.json", "run      run"),
    ],
)
def test_a_changed_original_breaks_the_chain(
    copied: Path, file: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    flip(copied / file, 900)
    assert main(["verify", "exp"]) == 4
    assert f"changed   {what}" in capsys.readouterr().out


@pytest.mark.parametrize("file", ["run/model/config.json", "run/recipe.json", "run/model/manifest.json"])
def test_a_changed_run_is_found(copied: Path, file: str) -> None:
    assert main(["verify", "run"]) == 0
    flip(copied / file, -20)
    assert main(["verify", "run"]) == 4


def test_a_run_whose_model_was_swapped_with_its_manifest_is_found(copied: Path) -> None:
    shutil.rmtree("run/model")
    shutil.copytree("exp", "run/model")
    (copied / "run/model/SHA256SUMS").unlink()
    assert main(["verify", "run"]) == 4


def test_what_is_gone_is_told_and_no_fault(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree("run")
    Path("a.jsonl").unlink()
    assert main(["verify", "exp", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    states = {link["name"]: link["state"] for link in told["links"]}
    assert states == {"exp": "same", "run": "not here", "a.jsonl": "not here", "tiny-untrained": "same"}
    assert told["comparison"] is None
    assert told["holds"] is True


def test_from_another_folder_and_with_the_original_elsewhere(
    copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert main(["verify", "../exp", "--hashes-only", "--json"]) == 0
    links = json.loads(capsys.readouterr().out)["links"]
    assert {link["state"] for link in links} == {"same"}  # found beside the export
    shutil.move("../run", "moved")
    assert main(["verify", "../exp", "--against", "moved", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["comparison"]["max_logit"] == 0.0
    assert main(["verify", "../exp", "--against", "tiny"]) == 4
    assert "tiny is not the model that ../exp was exported from" in capsys.readouterr().err


def test_weights_changed_with_all_their_hashes_still_answer_otherwise(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copied / "exp/model.safetensors"
    tensors = load_file(path)
    tensors["language_model.lm_head.weight"] = tensors["language_model.lm_head.weight"].roll(1, 0)
    save_file(tensors, path, metadata={"format": "pt"})
    seal(copied / "exp")
    assert main(["verify", "exp", "--hashes-only"]) == 0  # hashes alone cannot know
    assert main(["verify", "exp"]) == 4
    assert "does not answer as the original does" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["nowhere"], 3, "there is no folder nowhere"),
        (["bare"], 3, "bare carries no hashes"),
        (["run", "--against", "tiny"], 3, "run is no export"),
    ],
)
def test_what_cannot_be_verified(
    copied: Path, words: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bare").mkdir()
    assert main(["verify", *words]) == code
    assert told in capsys.readouterr().err


def test_an_unfinished_run_is_none(copied: Path) -> None:
    Path("run/state.json").write_text('{"state": "running", "kind": "sft"}')
    assert main(["verify", "run"]) == 3


def test_an_evaluation_and_the_model_it_scored(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluation(Path("scored"), model_hash(copied / "run/model"))
    assert main(["verify", "scored"]) == 0
    lines = ["same      files    scored", "same      model    run"]
    assert capsys.readouterr().out.splitlines() == lines
    flip(copied / "run/model/tokenizer.json")
    assert main(["verify", "scored"]) == 4
    assert "changed   model    run" in capsys.readouterr().out


def test_a_prepared_set(copied: Path) -> None:
    Path("own.jsonl").write_text('{"question": "Which plane?", "answer": "axial"}\n')
    assert main(["data", "prep", "own.jsonl", "--out", "prep"]) == 0
    assert main(["verify", "prep"]) == 0
    (shard,) = Path("prep/data").iterdir()
    flip(shard, 40)
    assert main(["verify", "prep"]) == 4


def test_only_what_transformers_loads_is_asked(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copied / "exp/manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"to": "gguf"}))
    seal(copied / "exp")
    assert main(["verify", "exp", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["comparison"] is None
