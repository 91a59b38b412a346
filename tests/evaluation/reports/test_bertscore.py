"""Greedy matching by hand, the baseline, and blank reports."""

from __future__ import annotations

from typing import Any

import pytest

from medgpt_cli.evaluation.reports import NotComputed, score
from medgpt_cli.evaluation.reports.bertscore import rescaled

MARK, X, Y = (-1.0, -1.0), (1.0, 0.0), (0.0, 1.0)
TEXT = (MARK, X, Y, MARK)


def results(bench: Any, ours: Any, theirs: Any, **settings: Any) -> list[Any]:
    rows = [bench.tokens("ours", *ours), bench.tokens("theirs", *theirs)]
    bench.write("tokens", rows, settings=settings)
    return score(["ours"], ["theirs"], ["p"], bench.folder, ["bertscore", "bertscore_rescaled"])


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (TEXT, TEXT, 1),
        ((MARK, X, MARK), (MARK, Y, MARK), 0),
        # Precision 1; recall (1 + 0) / 2.
        ((MARK, X, MARK), TEXT, 2 * 1 * 0.5 / 1.5),
        # The marks may be met: the word that looks like a mark finds one.
        ((MARK, (-2.0, -2.0), MARK), (MARK, X, MARK), 2 * 1 * -(0.5**0.5) / (1 - 0.5**0.5)),
        # Marks alone: no words to average.
        ((MARK, MARK), TEXT, 0),
    ],
)
def test_greedy_matching(bench: Any, ours: Any, theirs: Any, expected: float) -> None:
    raw, _ = results(bench, ours, theirs)
    assert raw.value == pytest.approx(expected, abs=1e-3)


def test_rescaling_takes_the_baseline_to_0(bench: Any) -> None:
    raw, scaled = results(bench, (MARK, X, MARK), TEXT, layer=5, baseline=0.5)
    assert raw.value == pytest.approx(2 / 3)
    assert scaled.value == pytest.approx((2 / 3 - 0.5) / 0.5)
    assert rescaled(0.8473319, 0.8473319) == 0
    assert scaled.protocol == "tokens by toy (by hand, baseline 0.5, layer 5)"


@pytest.mark.parametrize("settings", [{}, {"baseline": 1.0}, {"baseline": "0.8"}, {"baseline": -0.2}])
def test_without_a_baseline_nothing_is_rescaled(bench: Any, settings: Any) -> None:
    raw, scaled = results(bench, TEXT, TEXT, **settings)
    assert raw.value == pytest.approx(1)
    assert scaled == NotComputed(
        "bertscore_rescaled",
        "tokens.jsonl names no baseline for its model and layer",
        "extract with --baseline NUMBER, as published for them, or ask for bertscore",
    )


@pytest.mark.parametrize(("ours", "theirs"), [("", "theirs"), ("theirs", " "), ("", "")])
def test_a_blank_report_is_0_raw_and_rescaled(bench: Any, ours: str, theirs: str) -> None:
    bench.write("tokens", [bench.tokens("theirs", *TEXT)], settings={"baseline": 0.8473319})
    for result in score([ours], [theirs], ["p"], bench.folder, ["bertscore", "bertscore_rescaled"]):
        assert result.value == 0
        assert result.notes == ("in 1 of 1 pairs one report is blank: 0 each",)
