import pytest
import torch
from torch.nn.functional import cross_entropy

from medgpt_cli.training import loss
from medgpt_cli.training.loss import position_losses


def given(positions=23, width=16, vocabulary=50, dtype=torch.float64):
    torch.manual_seed(0)
    hidden = torch.randn(positions, width, dtype=dtype, requires_grad=True)
    weight = torch.randn(vocabulary, width, dtype=dtype, requires_grad=True)
    return hidden, weight, torch.randint(0, vocabulary, (positions,))


@pytest.mark.parametrize("rows", [1, 5, 22, 23, 100])
def test_chunks_give_the_loss_and_the_gradients_of_the_whole(monkeypatch, rows):
    hidden, weight, targets = given()
    expected = cross_entropy(hidden @ weight.T, targets, reduction="sum")
    monkeypatch.setattr(loss, "CHUNK", rows * 50)
    got, each = position_losses(hidden, weight, None, targets)
    torch.testing.assert_close(
        each, cross_entropy(hidden @ weight.T, targets, reduction="none"), check_dtype=False
    )
    assert not each.requires_grad
    assert got.item() == pytest.approx(expected.item(), rel=1e-6)
    ours = torch.autograd.grad(got / 7, (hidden, weight))
    theirs = torch.autograd.grad(expected / 7, (hidden, weight))
    for mine, reference in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, reference, atol=1e-6, rtol=1e-6)


def test_no_supervised_position_gives_a_differentiable_zero():
    hidden, weight, targets = given(positions=0)
    total, _ = position_losses(hidden, weight, None, targets)
    total.backward()
    assert total.item() == 0
    assert weight.grad is not None
    assert weight.grad.abs().max() == 0


def test_a_frozen_head_gets_no_gradient(monkeypatch):
    hidden, weight, targets = given()
    monkeypatch.setattr(loss, "CHUNK", 200)
    position_losses(hidden, weight.detach(), None, targets)[0].backward()
    assert hidden.grad is not None


def test_a_head_with_a_bias_is_honoured():
    hidden, weight, targets = given()
    bias = torch.randn(50, dtype=torch.float64)
    expected = cross_entropy(hidden @ weight.T + bias, targets, reduction="sum")
    assert position_losses(hidden, weight, bias, targets)[0].item() == pytest.approx(
        expected.item(), rel=1e-6
    )


def test_half_precision_is_summed_in_single(monkeypatch):
    hidden, weight, targets = given(dtype=torch.bfloat16)
    monkeypatch.setattr(loss, "CHUNK", 200)
    got, _ = position_losses(hidden, weight, None, targets)
    assert got.dtype is torch.float32
    assert got.item() == pytest.approx(
        cross_entropy(hidden.float() @ weight.float().T, targets, reduction="sum").item(), rel=0.02
    )
