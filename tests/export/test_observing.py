"""How far two models differ."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from medgpt_cli.export.observing import Said, difference, listen

LOGITS = torch.tensor([[0.0, math.log(3.0)], [math.log(3.0), 0.0]])


def test_a_model_does_not_differ_from_itself() -> None:
    said = [Said(LOGITS, (1, 2, 3)), Said(LOGITS[:1], ())]
    found = difference(said, said)
    assert found.none
    assert (found.inputs, found.positions, found.top1, found.greedy) == (2, 3, 1.0, 1.0)


def test_numbers_worked_out_by_hand() -> None:
    one = [Said(LOGITS, (1, 2, 3, 4))]
    other = [Said(torch.tensor([[0.0, 0.0], [math.log(3.0), 0.0]]), (1, 2, 9, 4))]
    found = difference(one, other)
    # (1/4, 3/4) against (1/2, 1/2): 1/4 log 1/2 + 3/4 log 3/2
    divergence = 0.25 * math.log(0.5) + 0.75 * math.log(1.5)
    assert found.kl_max == pytest.approx(divergence)
    assert found.kl_mean == pytest.approx(divergence / 2)
    assert found.max_logit == pytest.approx(math.log(3.0))
    assert found.top1 == 0.5  # equal logits put the first token first
    assert found.greedy == 0.5  # what follows the first other token does not count
    assert not found.none


def test_an_answer_that_ends_early_is_another_one() -> None:
    found = difference([Said(LOGITS, (1, 2))], [Said(LOGITS, (1,))])
    assert found.greedy == 0.5
    assert not found.none


def test_many_positions_are_compared_in_pieces() -> None:
    torch.manual_seed(0)
    one, other = torch.randn(150, 7), torch.randn(150, 7)
    found = difference([Said(one, ())], [Said(other, ())])
    p, q = one.double().log_softmax(-1), other.double().log_softmax(-1)
    expected = torch.nn.functional.kl_div(q, p, log_target=True, reduction="none").sum(-1)
    assert found.kl_mean == pytest.approx(float(expected.mean()))
    assert found.kl_max == pytest.approx(float(expected.max()))


class Echo:
    """Says as logits what it read."""

    device = torch.device("cpu")
    dtype = torch.float64

    def __call__(self, input_ids: torch.Tensor, pixel_values: torch.Tensor) -> Any:
        assert pixel_values.dtype is self.dtype
        assert input_ids.dtype is torch.int64
        return SimpleNamespace(logits=input_ids[..., None].double() + pixel_values)

    def generate(self, input_ids: torch.Tensor, **words: Any) -> torch.Tensor:
        assert words["do_sample"] is False
        return torch.cat([input_ids, torch.tensor([[5, 6]])], -1)


def test_positions_of_images_are_left_out_and_the_prompt_is_no_answer() -> None:
    inputs = {"input_ids": torch.tensor([[7, 9, 9, 8]]), "pixel_values": torch.zeros(1)}
    (said,) = listen(Echo(), [inputs], image_token=9)
    assert said.logits.tolist() == [[7.0], [8.0]]
    assert said.logits.dtype is torch.float32
    assert said.tokens == (5, 6)
