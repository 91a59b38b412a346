from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import cross_entropy

from medgpt_cli.data.batches import collate
from medgpt_cli.models.attention.closed import close_documents
from medgpt_cli.models.tiny import build as tiny_build
from medgpt_cli.training.arguments import run_length, training_arguments
from medgpt_cli.training.loss import IGNORED
from medgpt_cli.training.source_losses import SourceLosses
from medgpt_cli.training.stream import Stream
from medgpt_cli.training.trainer import StageTrainer


def train_section(**changes: object) -> SimpleNamespace:
    values = {
        "seed": 0,
        "epochs": 1.0,
        "max_steps": 2,
        "batch_size": 2,
        "batch_tokens": None,
        "packing": False,
        "max_length": 2048,
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


def trainer(model, tmp_path: Path, router_aux: float = 0.0, **changes: object) -> StageTrainer:
    section = train_section(**changes)
    return StageTrainer(
        model=model,
        args=training_arguments(section, checkpoints=tmp_path, steps=2, bf16=False, cpu=True),
        train_dataset=[0, 1],
        stream=Stream(lambda number: [(0,), (1,)], 4),
        save_model_files=lambda folder: None,
        checkpoints=tmp_path,
        keep=1,
        router_aux=router_aux,
    )


def records() -> list[dict]:
    """Three records: a dialogue, one with a question alone, and one with nothing to learn."""
    generator = torch.Generator().manual_seed(3)
    ids = torch.randint(0, 4000, (3, 20), generator=generator)
    labels = ids.clone()
    labels[0, :12] = IGNORED
    labels[1, 5:] = IGNORED
    labels[2] = IGNORED
    rows = zip(ids.tolist(), labels.tolist(), strict=True)
    return [{"input_ids": row, "labels": learnt, "pixel_values": None} for row, learnt in rows]


def batch(*numbers: int, **words: int) -> dict[str, torch.Tensor]:
    return collate([records()[number] | words for number in numbers or (0, 1, 2)])


@pytest.fixture
def stock():
    return tiny_build.build(date="2026-01-01", reasoning="low")[0]


@pytest.fixture
def model(stock):
    close_documents(stock)
    return stock


def padded() -> dict[str, torch.Tensor]:
    return {key: torch.tensor([record[key] for record in records()]) for key in ("input_ids", "labels")}


def test_the_loss_is_the_stock_models_over_the_same_tokens(stock, tmp_path: Path) -> None:
    expected = stock(**padded()).loss
    close_documents(stock)
    ours = trainer(stock, tmp_path).compute_loss(stock, batch())
    torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-5)


def test_gradients_are_those_of_full_logits(stock, tmp_path: Path) -> None:
    inputs = padded()
    logits = stock(input_ids=inputs["input_ids"]).logits
    cross_entropy(
        logits[:, :-1].flatten(0, 1), inputs["labels"][:, 1:].flatten(), ignore_index=IGNORED
    ).backward()
    expected = {n: p.grad.clone() for n, p in stock.named_parameters() if p.grad is not None}
    stock.zero_grad()
    close_documents(stock)
    trainer(stock, tmp_path).compute_loss(stock, batch()).backward()
    for name, gradient in expected.items():
        got = dict(stock.named_parameters())[name].grad
        torch.testing.assert_close(got, gradient, rtol=1e-3, atol=1e-5, msg=name)


def test_a_batch_without_an_image_reaches_the_tower_with_a_gradient_of_zero(
    model, tmp_path: Path
) -> None:
    close_documents(model)
    trainer(model, tmp_path).compute_loss(model, batch()).backward()
    projector = [p for n, p in model.named_parameters() if "multi_modal_projector" in n]
    assert projector
    assert all(p.grad is not None and p.grad.abs().max() == 0 for p in projector)


def test_an_attention_that_lets_documents_see_each_other_is_refused(stock, tmp_path: Path) -> None:
    stock.model.language_model.config._attn_implementation = "sdpa"
    with pytest.raises(ValueError, match="does not keep the documents of a row apart"):
        trainer(stock, tmp_path)


def test_half_precision_compute_over_single_precision_weights_stays_close(model, tmp_path: Path) -> None:
    exact = trainer(model, tmp_path).compute_loss(model, batch())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = trainer(model, tmp_path).compute_loss(model, batch())
    half.backward()
    assert half.item() == pytest.approx(exact.item(), rel=0.02)
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in model.parameters())


def test_the_loss_is_divided_by_the_tokens_of_the_whole_step(model, tmp_path: Path) -> None:
    one = trainer(model, tmp_path)
    mean = one.compute_loss(model, batch())
    supervised = (padded()["labels"][:, 1:] != IGNORED).sum()
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


def test_the_loss_of_each_source_is_that_of_its_records_alone(model, tmp_path: Path) -> None:
    one = trainer(model, tmp_path)
    alone = [one.compute_loss(model, batch(row)) for row in range(2)]
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
    assert run_length(train_section(**changes), records)[1] == steps


def test_weights_that_were_not_loaded_strictly_are_never_resumed(model, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="not loaded from the checkpoint"):
        trainer(model, tmp_path)._load_from_checkpoint(str(tmp_path / "step-3"))


def test_the_balance_of_routers_is_a_mean_over_the_supervised_tokens_of_the_step(
    model, tmp_path: Path
) -> None:
    plain = trainer(model, tmp_path)
    model.eval()
    sums = [plain._losses(model, batch(row)) for row in range(3)]
    model.train()
    one = trainer(model, tmp_path, router_aux=0.5)
    balances = []
    for row in range(3):
        with one._balance.listening() as logits:
            model(**batch(row))
        balances.append(one._balance.loss(logits).item())
    assert balances[0] != pytest.approx(balances[1], rel=1e-4)
    tokens = sum(len(each) for _, each in sums)
    expected = sum(
        total.item() + 0.5 * len(each) * balance
        for (total, each), balance in zip(sums, balances, strict=True)
    )
    losses = [one.compute_loss(model, batch(row), num_items_in_batch=tokens) for row in range(3)]
    assert sum(loss.item() for loss in losses) == pytest.approx(expected / tokens, rel=1e-5)
    taken = one.router_losses.take()["router_aux"]
    assert taken["tokens"] == tokens
    assert taken["loss_sum"] == pytest.approx(
        sum(len(each) * balance for (_, each), balance in zip(sums, balances, strict=True)), rel=1e-5
    )
