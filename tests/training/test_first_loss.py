from __future__ import annotations

import math

import pytest

from medgpt_cli.training.first_loss import judge

GUESS = math.log(1000)


@pytest.mark.parametrize(
    ("share", "start", "said"),
    [
        (1.0, "fresh", ""),
        (1.25, "fresh", "worse than guessing"),
        (0.7, "fresh", "better than weights from nothing can be"),
        (0.4, "composed", ""),
        (0.8, "composed", "hardly better than guessing"),
        (0.001, "composed", "the answers may stand in the prompt"),
        (1.0, "continued", ""),
        (0.4, "continued", ""),
        (1.25, "continued", "worse than guessing"),
        (0.001, "continued", "the answers may stand in the prompt"),
    ],
)
def test_a_first_loss_is_compared_with_guessing(share: float, start: str, said: str) -> None:
    found = judge(share * GUESS * 20, 20, vocabulary=1000, start=start)
    assert found.loss == pytest.approx(share * GUESS)
    assert (said in found.warning) if said else found.warning == ""


def test_the_sentence_names_the_numbers() -> None:
    assert judge(200.0, 20, vocabulary=1000, start="fresh").warning == (
        "the first loss is 10.00 nats a token, and 5.53 to 8.29 was expected: worse than guessing; "
        "is the template or tokenizer another model's?"
    )


def test_a_batch_in_which_nothing_is_learnt_is_told() -> None:
    found = judge(0.0, 0, vocabulary=1000, start="fresh")
    assert found.loss is None
    assert "no token that is learnt" in found.warning


def test_a_loss_that_is_no_number_is_told() -> None:
    found = judge(float("nan"), 3, vocabulary=1000, start="fresh")
    assert found.loss is None
    assert "is not a number" in found.warning
