"""What a model was trained on is followed through its runs, and what is not at hand is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.files import sha256_file
from medgpt_cli.core.manifest import model_hash
from medgpt_cli.workflows.eval_training import history

Run = Callable[..., str]


def write(path: str, *records: dict[str, Any]) -> str:
    Path(path).write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Makes run folders as the training stages leave them, without weights that load."""
    monkeypatch.chdir(tmp_path)

    def make(name: str, data: str, base: str | None = None, **words: Any) -> str:
        folder = Path(name)
        (folder / "model").mkdir(parents=True)
        (folder / "model/weights").write_text(name)
        against = words.get("against", [])
        hashes = {path: sha256_file(Path(path)) for path in [data, *against]}
        based = {base: model_hash(Path(base) / "model")} if base and Path(base).is_dir() else {}
        recipe = {
            "model": {"base": base, "llm": words.get("llm"), "vision": words.get("vision")},
            "data": {"mix": [{"path": data}], "against": against, "image_root": None},
        }
        (folder / "recipe.json").write_text(json.dumps(recipe))
        (folder / "manifest.json").write_text(json.dumps({"data": hashes, "base_hash": based}))
        (folder / "state.json").write_text('{"state": "done", "kind": "sft"}')
        return name

    return make


def test_tiny_has_learnt_nothing() -> None:
    found = history("tiny-untrained")
    assert (found.files, found.missing, found.start, found.runs) == ([], [], "", 0)


def test_a_chain_of_runs_back_to_nothing(run: Run) -> None:
    first = run("first", write("a.jsonl", {"text": "one"}), "tiny-untrained")
    second = run("second", write("b.jsonl", {"text": "two"}, {"text": "three"}), first)
    found = history(second)
    assert [str(each.path) for each in found.files] == ["b.jsonl", "a.jsonl"]
    assert [len(list(each.samples())) for each in found.files] == [2, 1]
    assert (found.missing, found.start, found.runs) == ([], "", 2)
    for inside in ("second/model", "second"):
        assert len(history(inside).files) == 2
    assert history("first").runs == 1


def test_a_checkpoint_is_of_its_run(run: Run) -> None:
    run("first", write("a.jsonl", {"text": "one"}), "tiny-untrained")
    Path("first/checkpoints/step-2").mkdir(parents=True)
    assert [str(each.path) for each in history("first/checkpoints/step-2").files] == ["a.jsonl"]


def test_a_run_that_keeps_an_adapter_alone_is_a_run(run: Run) -> None:
    first = run("first", write("a.jsonl", {"text": "one"}), "tiny-untrained")
    second = run("second", write("b.jsonl", {"text": "two"}), first)
    Path("second/model").rename("second/adapter")
    for name in (second, "second/adapter"):
        found = history(name)
        assert [str(each.path) for each in found.files] == ["b.jsonl", "a.jsonl"]
        assert found.missing == []


def test_what_somebody_else_trained_is_named(run: Run) -> None:
    Path("upstream").mkdir()
    Path("upstream/config.json").write_text("{}")
    found = history("upstream")
    assert (found.missing, found.start) == (["no training data is recorded for upstream"], "upstream")
    composed = run("c", write("a.jsonl", {"text": "one"}), llm="org/llm", vision="org/tower")
    found = history(composed)
    assert (found.missing, found.start, len(found.files)) == ([], "org/llm + org/tower", 1)


def test_data_that_changed_or_went_is_named_and_not_read(run: Run) -> None:
    first = run("first", write("a.jsonl", {"text": "one"}), "tiny-untrained")
    second = run("second", write("b.jsonl", {"text": "two"}), first)
    write("b.jsonl", {"text": "another"})
    found = history(second)
    assert [str(each.path) for each in found.files] == ["a.jsonl"]
    assert found.missing == ["b.jsonl is not the file it was trained on"]
    Path("a.jsonl").unlink()
    assert history(second).missing == [
        "b.jsonl is not the file it was trained on",
        "a.jsonl is not at hand",
    ]


def test_a_base_that_is_another_now_ends_the_chain(run: Run) -> None:
    first = run("first", write("a.jsonl", {"text": "one"}), "tiny-untrained")
    second = run("second", write("b.jsonl", {"text": "two"}), first)
    Path("first/model/weights").write_text("trained again")
    found = history(second)
    assert [str(each.path) for each in found.files] == ["b.jsonl"]
    assert found.missing == ["first, which it started from, is no longer there as it was"]


def test_sets_that_were_kept_out_are_remembered_or_missed(run: Run) -> None:
    held = write("held.jsonl", {"question": "q", "answer": "a"})
    first = run("first", write("a.jsonl", {"text": "one"}), "tiny-untrained", against=[held])
    [trained] = history(first).files
    assert trained.against == ((Path(held), sha256_file(Path(held))),)
    Path(held).unlink()
    found = history(first)
    assert found.files[0].against == ()
    assert found.missing == ["evaluation sets whose records were kept out of training are not at hand"]


def test_a_circle_ends(run: Run) -> None:
    first = run("first", write("a.jsonl", {"text": "one"}), "tiny-untrained")
    recipe = json.loads(Path("first/recipe.json").read_text())
    recipe["model"]["base"] = first
    Path("first/recipe.json").write_text(json.dumps(recipe))
    hashed = {"data": {"a.jsonl": sha256_file(Path("a.jsonl"))}}
    based = {"base_hash": {"first": model_hash(Path("first/model"))}}
    Path("first/manifest.json").write_text(json.dumps(hashed | based))
    found = history(first)
    assert found.runs == 32
    assert found.start == "first"


def test_what_tiny_was_trained_on_is_read_from_the_lineage_it_carries() -> None:
    found = history("tiny")
    assert (found.missing, found.start, found.runs) == (["sample/local.jsonl is not at hand"], "tiny", 0)
