"""The rule of rounding in training, broken and just kept."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.recipe.test_rules import broken

QAT = {"train": {"qat": "mxfp4"}}
ALONE = {"parts": {"experts": {"train": False}}}
ADAPTED = {"lora": {"r": 4, "targets": ["attention"], "experts": True}}


@pytest.mark.parametrize(
    "tree",
    [
        QAT,
        {"train": {"qat_share": 0.25}},
        {"train": {"qat": "mxfp4", "qat_share": 1.0}},
        QAT | ADAPTED,
        QAT | {"parts": {"llm": {"train": False}, "experts": {"train": True}}},
        QAT | {"engine": {"deepspeed": True, "zero": 3}},
    ],
)
def test_experts_that_learn_are_rounded(tree: dict[str, Any]) -> None:
    assert broken(tree) == []


@pytest.mark.parametrize(
    ("tree", "place", "told"),
    [
        (QAT | ALONE, "qat", "rounds experts, which do not learn"),
        (QAT | {"parts": {"llm": {"train": False}}}, "qat", "rounds experts, which do not learn"),
        (
            QAT | {"lora": {"r": 4, "targets": ["attention"], "experts": False}},
            "qat",
            "rounds experts, which carry no adapters",
        ),
        ({"train": {"qat_share": 0.5}}, "qat_share", "is of nothing without train.qat"),
    ],
)
def test_rounding_that_would_do_nothing_or_harm(tree: dict[str, Any], place: str, told: str) -> None:
    [(where, what, repair)] = broken(tree)
    assert (where, what) == (("train", place), told)
    assert repair
