from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from medgpt_cli.training.meters import Meters, cut_after
from medgpt_cli.training.source_losses import SourceLosses


def test_steps_that_will_be_repeated_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(json.dumps({"step": step, "loss": 1.0}) + "\n" for step in (1, 2, 3, 4)))
    cut_after(path, 2)
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [1, 2]
    cut_after(tmp_path / "absent.jsonl", 2)


def test_a_line_a_step_without_any_data_in_it(tmp_path: Path) -> None:
    meters = Meters(tmp_path / "metrics.jsonl")
    meters.attach(SimpleNamespace(tokens=0, learnt=0))
    state = SimpleNamespace(global_step=0, max_steps=2)
    meters.on_train_begin(None, state, None)
    meters._trainer.tokens, meters._trainer.learnt = 40, 10
    state.global_step = 1
    meters.on_log(None, state, None, {"loss": 2.5, "learning_rate": 1e-3, "grad_norm": 0.7})
    meters.on_log(None, state, None, {"eval_loss": 2.0})
    first, second = map(json.loads, (tmp_path / "metrics.jsonl").read_text().splitlines())
    assert list(first) == [
        "step",
        "loss",
        "lr",
        "grad_norm",
        "tokens",
        "tokens_per_s",
        "supervised",
        "supervised_per_s",
        "memory",
    ]
    assert (first["loss"], first["tokens"], first["supervised"]) == (2.5, 40, 10)
    assert first["supervised_per_s"] == pytest.approx(first["tokens_per_s"] / 4, rel=0.01)
    assert second == {"step": 1, "validation_loss": 2.0}


def test_a_mixture_has_its_sources_on_the_line(tmp_path: Path) -> None:
    sources, files = SourceLosses(["a", "b"]), SourceLosses(["c", "d"])
    sources.add(torch.tensor([2.0, 3.0]), torch.tensor([0, 0]))
    files.add(torch.tensor([float("inf")]), torch.tensor([1]))
    meters = Meters(tmp_path / "metrics.jsonl", sources=sources, validation_sources=files)
    meters.attach(SimpleNamespace(tokens=0, learnt=0, accelerator=None))
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
    meters.attach(SimpleNamespace(tokens=0, learnt=0))
    state = SimpleNamespace(global_step=5, max_steps=9)
    logs = {"loss": None, "learning_rate": 1.0, "grad_norm": None, "refused": 2}
    meters.on_log(None, state, None, logs)
    line = json.loads((tmp_path / "metrics.jsonl").read_text())
    assert (line["loss"], line["grad_norm"], line["refused"]) == (None, None, 2)


def test_the_balance_of_routers_has_its_mean_on_the_line(tmp_path: Path) -> None:
    losses = SourceLosses(["router_aux"])
    losses.add(torch.tensor([2.0, 2.0, 5.0]), torch.zeros(3, dtype=torch.long))
    meters = Meters(tmp_path / "metrics.jsonl")
    meters.attach(SimpleNamespace(tokens=0, learnt=0, accelerator=None, router_losses=losses))
    state = SimpleNamespace(global_step=5, max_steps=9)
    meters.on_log(None, state, None, {"loss": 2.5, "learning_rate": 1.0})
    assert json.loads((tmp_path / "metrics.jsonl").read_text())["router_aux"] == 3.0


def test_how_full_packed_rows_are(tmp_path: Path) -> None:
    meters = Meters(tmp_path / "metrics.jsonl", row_tokens=10)
    meters.attach(SimpleNamespace(tokens=0, learnt=0, rows_until=lambda step: min(2 * step, 5)))
    state = SimpleNamespace(global_step=1, max_steps=3)
    meters.on_train_begin(None, state, None)
    for state.global_step, meters._trainer.tokens in ((2, 19), (3, 29)):
        meters.on_log(None, state, None, {"loss": 2.5, "learning_rate": 1.0})
    lines = map(json.loads, (tmp_path / "metrics.jsonl").read_text().splitlines())
    assert [line["fill"] for line in lines] == [0.95, 1.0]  # the last step of the run has one row
