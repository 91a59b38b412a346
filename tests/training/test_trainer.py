from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import cross_entropy

from medgpt_cli.models.tiny import build as tiny_build
from medgpt_cli.training.arguments import total_steps, training_arguments
from medgpt_cli.training.trainer import IGNORED, Shuffle, StageTrainer


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


def test_each_epoch_is_a_permutation_of_its_own() -> None:
    order = Shuffle(50, seed=7)
    first = list(order)
    order.set_epoch(1)
    second = list(order)
    order.set_epoch(0)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert list(order) == first
    assert list(Shuffle(50, seed=8)) != first


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
