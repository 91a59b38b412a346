"""A public task from its name to its score, by the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgpt_cli.app import main
from medgpt_cli.workflows.task_files import TaskSettings, read_tasks
from tests.workflows.task_sets import lay


def test_a_public_set_is_asked_by_name_with_an_example(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = lay(tmp_path / "sets", "slake", "medxpertqa"), tmp_path / "out"
    words = ["eval", "run", "--model", "tiny", "--data", str(data), "--max-new-tokens", "4", "--json"]
    assert main([*words, "--task", "slake", "--shots", "1", "--out", str(out)]) == 0
    [scored] = json.loads(capsys.readouterr().out)["tasks"]
    settings = TaskSettings(data=data, shots=1, max_new_tokens=4)
    [task] = read_tasks(["slake"], settings)
    assert scored["protocol"].startswith(
        f"slake@1#{task.data_hash[:12]} / medgpt / shots 1#{task.shots_hash[:12]}"
    )
    assert scored["overall"]["n"] == 2
    rows = [json.loads(line) for line in (out / "samples.jsonl").read_text().splitlines()]
    assert [row["prompt_hash"] for row in rows] == [item.prompt_hash for item in task.items]
    assert all(row["facets"]["language"] == "en" for row in rows)


def test_what_is_not_here_is_said_before_a_model_is_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "run", "--model", "tiny", "--data", str(tmp_path), "--task", "medqa"]) == 3
    assert capsys.readouterr().err.startswith(
        f"error: {tmp_path}  the data of medqa are not in this folder or one below it\nput phrases_no_exclude_test"
    )
