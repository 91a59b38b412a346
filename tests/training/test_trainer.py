from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import cross_entropy

from medgpt_cli.models.tiny import build as tiny_build
from medgpt_cli.training.arguments import total_steps, training_arguments
from medgpt_cli.training.source_losses import SourceLosses
from medgpt_cli.training.trainer import IGNORED, Passes, StageTrainer


def train_section(**changes: object) -> SimpleNamespace:
    values = {
        "seed": 0,
        "epochs": 1.0,
        "max_steps": 2,
        "batch_size": 2,
        "accumulate": 1,
        "lr": 1e-3,
        "schedule": "constant",
        "warmup": 0.0,
        "weight_decay": 0.0,
        "clip": 0.0,
        "save_steps": 100,
        "eval_steps": None,
        "log_steps": 1,
    }
    return SimpleNamespace(**{**values, **changes})


def trainer(model, tmp_path: Path, **changes: object) -> StageTrainer:
    section = train_section(**changes)
    return StageTrainer(
        model=model,
        args=training_arguments(section, checkpoints=tmp_path, steps=2, bf16=False, cpu=True),
        train_dataset=[0, 1],
        order=lambda number: [0, 1],
        pass_size=2,
        save_model_files=lambda folder: None,
        checkpoints=tmp_path,
        keep=1,
    )


def batch() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    ids = torch.randint(0, 4000, (3, 20), generator=generator)
    labels = ids.clone()
    labels[0, :12] = IGNORED
    labels[1, 5:] = IGNORED
    labels[2] = IGNORED
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}


@pytest.fixture(scope="module")
def model():
    return tiny_build.build(date="2026-01-01", reasoning="low")[0]


def test_the_loss_is_the_stock_models_over_the_same_tokens(model, tmp_path: Path) -> None:
    expected = model(**batch()).loss
    ours = trainer(model, tmp_path).compute_loss(model, batch())
    torch.testing.assert_close(ours, expected, rtol=1e-6, atol=1e-6)


def test_gradients_are_those_of_full_logits(model, tmp_path: Path) -> None:
    inputs = batch()
    logits = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
    cross_entropy(
        logits[:, :-1].flatten(0, 1), inputs["labels"][:, 1:].flatten(), ignore_index=IGNORED
    ).backward()
    expected = model.lm_head.weight.grad.clone()
    model.zero_grad()
    trainer(model, tmp_path).compute_loss(model, batch()).backward()
    torch.testing.assert_close(model.lm_head.weight.grad, expected, rtol=1e-5, atol=1e-7)
    model.zero_grad()


def test_the_loss_is_divided_by_the_tokens_of_the_whole_step(model, tmp_path: Path) -> None:
    one = trainer(model, tmp_path)
    mean = one.compute_loss(model, batch())
    supervised = (batch()["labels"][:, 1:] != IGNORED).sum()
    half = one.compute_loss(model, batch(), num_items_in_batch=supervised * 2)
    torch.testing.assert_close(half, mean / 2)


def test_a_batch_without_supervised_tokens_is_a_differentiable_zero(model, tmp_path: Path) -> None:
    inputs = batch()
    inputs["labels"].fill_(IGNORED)
    loss = trainer(model, tmp_path).compute_loss(model, inputs)
    assert loss.item() == 0.0
    loss.backward()
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in model.parameters())
    model.zero_grad()


def test_each_pass_has_the_order_of_its_number() -> None:
    passes = Passes(3, lambda number: torch.tensor([number, number + 1, number + 2]).numpy())
    assert (len(passes), list(passes)) == (3, [0, 1, 2])
    passes.set_epoch(4)
    assert list(passes) == [4, 5, 6]
    assert all(type(number) is int for number in passes)


def test_the_loss_of_each_source_is_that_of_its_records_alone(model, tmp_path: Path) -> None:
    one = trainer(model, tmp_path)
    alone = [
        one.compute_loss(model, {k: v[row : row + 1] for k, v in batch().items()}) for row in range(2)
    ]
    together = one.compute_loss(model, batch())
    model.train()
    one.sources = SourceLosses(["a", "b", "c"])
    inputs = batch() | {"sources": torch.tensor([0, 1, 2])}
    torch.testing.assert_close(one.compute_loss(model, inputs), together)
    model.eval()
    taken = one.sources.take()
    assert {name: each["tokens"] for name, each in taken.items()} == {"a": 8, "b": 4, "c": 0}
    for name, loss in zip("ab", alone, strict=True):
        assert taken[name]["loss_sum"] / taken[name]["tokens"] == pytest.approx(loss.item(), rel=1e-5)
    assert taken["c"]["loss_sum"] == 0
    assert one.sources.take()["a"]["tokens"] == 0


@pytest.mark.parametrize(
    ("changes", "records", "steps"),
    [
        ({"max_steps": 7}, 100, 7),
        ({"max_steps": None, "batch_size": 8}, 17, 3),
        ({"max_steps": None, "batch_size": 8, "accumulate": 2}, 17, 2),
        ({"max_steps": None, "batch_size": 8, "epochs": 2.5}, 16, 5),
        ({"max_steps": None, "batch_size": 8, "epochs": 0.01}, 16, 1),
    ],
)
def test_steps_are_counted_from_records(changes: dict, records: int, steps: int) -> None:
    assert total_steps(train_section(**changes), records) == steps


def test_weights_that_were_not_loaded_strictly_are_never_resumed(model, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="not loaded from the checkpoint"):
        trainer(model, tmp_path)._load_from_checkpoint(str(tmp_path / "step-3"))
