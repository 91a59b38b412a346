"""Which models are read straight into the shards of ZeRO-3, and which must be whole for a while."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.core.recipe import read_recipe
from medgpt_cli.models import embedded
from medgpt_cli.workflows.sharded import goes_into_shards, reading_in_shards

SHARDED = ["engine.deepspeed=true"]


@pytest.mark.parametrize(
    ("words", "processes", "expected"),
    [
        (SHARDED, 2, True),
        (SHARDED, 1, False),
        ([], 2, False),
        ([*SHARDED, "engine.zero=2"], 2, False),
        ([*SHARDED, "lora.r=4"], 2, False),
        ([*SHARDED, "model.llm=a", "model.vision=b"], 2, False),
        ([*SHARDED, "model.yarn.factor=2"], 2, False),
        ([*SHARDED, "model.adapter=a"], 2, False),
    ],
)
def test_what_is_changed_after_it_is_read_is_read_whole(
    words: list[str], processes: int, expected: bool
) -> None:
    recipe = read_recipe("sft", stage="sft", overrides=words).recipe
    assert goes_into_shards(recipe, processes) is expected


def test_every_process_sees_a_misfit_before_one_of_them_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second process reads no weights itself, and would wait for the first for ever."""
    folder = Path(shutil.copytree(embedded.folder("tiny-untrained"), tmp_path / "model"))
    [file] = folder.glob("*.safetensors")
    save_file({**load_file(file), "more": torch.zeros(1)}, file, metadata={"format": "pt"})
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    recipe = read_recipe("sft", stage="sft", overrides=[*SHARDED, f"model.base={folder}"]).recipe
    with pytest.raises(BadCheckpoint, match="1 unexpected"), reading_in_shards(recipe, None):
        pytest.fail("it went on to read")


def test_a_finished_run_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    (tmp_path / "trainer_state.json").write_text(json.dumps({"global_step": 4, "max_steps": 4}))
    recipe = read_recipe("sft", stage="sft", overrides=SHARDED).recipe
    with reading_in_shards(recipe, tmp_path):  # nothing in it that could be read into shards
        pass
