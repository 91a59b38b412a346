from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from medgpt_cli.training.meters import Meters, Progress, cut_after, duration
from medgpt_cli.training.source_losses import SourceLosses


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (9000, "2.5 h")]
)
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_steps_that_will_be_repeated_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(json.dumps({"step": step, "loss": 1.0}) + "\n" for step in (1, 2, 3, 4)))
    cut_after(path, 2)
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [1, 2]
    cut_after(tmp_path / "absent.jsonl", 2)


def test_a_line_a_step_without_any_data_in_it(tmp_path: Path) -> None:
    meters = Meters(tmp_path / "metrics.jsonl")
    meters.attach(SimpleNamespace(tokens=0))
    state = SimpleNamespace(global_step=0, max_steps=2)
    meters.on_train_begin(None, state, None)
    meters._trainer.tokens = 40
    state.global_step = 1
    meters.on_log(None, state, None, {"loss": 2.5, "learning_rate": 1e-3, "grad_norm": 0.7})
    meters.on_log(None, state, None, {"eval_loss": 2.0})
    first, second = map(json.loads, (tmp_path / "metrics.jsonl").read_text().splitlines())
    assert list(first) == ["step", "loss", "lr", "grad_norm", "tokens", "tokens_per_s", "memory"]
    assert (first["loss"], first["tokens"]) == (2.5, 40)
    assert second == {"step": 1, "validation_loss": 2.0}


def test_a_mixture_has_its_sources_on_the_line(tmp_path: Path) -> None:
    sources, files = SourceLosses(["a", "b"]), SourceLosses(["c", "d"])
    sources.add(torch.tensor([2.0, 3.0]), torch.tensor([0, 0]))
    files.add(torch.tensor([float("inf")]), torch.tensor([1]))
    meters = Meters(tmp_path / "metrics.jsonl", sources=sources, validation_sources=files)
    meters.attach(SimpleNamespace(tokens=0, accelerator=None))
    state = SimpleNamespace(global_step=1, max_steps=2)
    meters.on_log(None, state, None, {"loss": 2.5, "learning_rate": 1e-3})
    meters.on_log(None, state, None, {"eval_loss": 2.0})
    first, second = map(json.loads, (tmp_path / "metrics.jsonl").read_text().splitlines())
    assert first["sources"] == {
        "a": {"loss_sum": 5.0, "tokens": 2},
        "b": {"loss_sum": 0.0, "tokens": 0},
    }
    assert second["validation_sources"]["d"] == {"loss_sum": None, "tokens": 1}


def test_a_line_whose_steps_were_not_taken_has_no_loss(tmp_path: Path) -> None:
    meters = Meters(tmp_path / "metrics.jsonl")
    meters.attach(SimpleNamespace(tokens=0))
    state = SimpleNamespace(global_step=5, max_steps=9)
    logs = {"loss": None, "learning_rate": 1.0, "grad_norm": None, "refused": 2}
    meters.on_log(None, state, None, logs)
    line = json.loads((tmp_path / "metrics.jsonl").read_text())
    assert (line["loss"], line["grad_norm"], line["refused"]) == (None, None, 2)


def test_the_balance_of_routers_has_its_mean_on_the_line(tmp_path: Path) -> None:
    losses = SourceLosses(["router_aux"])
    losses.add(torch.tensor([2.0, 2.0, 5.0]), torch.zeros(3, dtype=torch.long))
    meters = Meters(tmp_path / "metrics.jsonl")
    meters.attach(SimpleNamespace(tokens=0, accelerator=None, router_losses=losses))
    state = SimpleNamespace(global_step=5, max_steps=9)
    meters.on_log(None, state, None, {"loss": 2.5, "learning_rate": 1.0})
    assert json.loads((tmp_path / "metrics.jsonl").read_text())["router_aux"] == 3.0


def test_progress_is_a_plain_line_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress.start(0, 2)
    progress.update(1, None, 100.0)
    progress.update(2, 1.5, 1234.0)
    progress.stop()
    captured = capsys.readouterr()
    assert captured.err == "step 2/2  loss 1.500  1,234 tokens/s  0 s left\n"
    assert captured.out == ""
