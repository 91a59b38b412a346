from __future__ import annotations

import pytest

from medgpt_cli.core.nearest import did_you_mean, nearest


@pytest.mark.parametrize(
    ("word", "found"),
    [("stf", "sft"), ("algin", "align"), ("midtrian", "midtrain"), ("xyz", None), ("", None)],
)
def test_nearest(word: str, found: str | None) -> None:
    assert nearest(word, ["align", "midtrain", "sft"]) == found


def test_as_a_question() -> None:
    assert did_you_mean("stf", ["sft"]) == "did you mean sft?"
    assert did_you_mean("xyz", ["sft"]) == ""
