from __future__ import annotations

import os
from pathlib import Path

import pytest

from medgpt_cli.core.errors import Missing
from medgpt_cli.training import trackers

WORDS = ("TENSORBOARD_LOGGING_DIR", "MLFLOW_TRACKING_URI", "WANDB_DIR", "WANDB_PROJECT", "WANDB_MODE")


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for word in WORDS:
        monkeypatch.setenv(word, "")
        monkeypatch.delenv(word)


def test_what_is_not_installed_is_named_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"tensorboard": None, "mlflow": object(), "wandb": None}
    monkeypatch.setattr(trackers, "find_spec", there.get)
    trackers.require_trackers(())
    trackers.require_trackers(["mlflow"])
    with pytest.raises(Missing) as found:
        trackers.require_trackers(["tensorboard", "mlflow", "wandb"])
    assert str(found.value) == (
        "engine.report_to  tensorboard and wandb are not installed\npip install tensorboard wandb"
    )


def test_they_write_into_the_run_folder_and_stay_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "file:///elsewhere")
    trackers.keep_trackers_in(tmp_path, online=False)
    assert os.environ["TENSORBOARD_LOGGING_DIR"] == str(tmp_path / "trackers" / "tensorboard")
    assert os.environ["MLFLOW_TRACKING_URI"] == "file:///elsewhere"
    assert os.environ["WANDB_MODE"] == "offline"


def test_online_they_may_send(tmp_path: Path) -> None:
    trackers.keep_trackers_in(tmp_path, online=True)
    assert "WANDB_MODE" not in os.environ
