"""CheXbert's sixteen F1 against scikit-learn and by hand, and the cosine."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from medgpt_cli.evaluation.reports import NotComputed, score
from medgpt_cli.evaluation.reports.chexbert import FIVE, VARIANTS, f1
from medgpt_cli.evaluation.reports.rows import CONDITIONS

NONE = [0] * 14


def labels(**marks: int) -> list[int]:
    row = list(NONE)
    for name, mark in marks.items():
        row[CONDITIONS.index(name.replace("_", " "))] = mark
    return row


@pytest.mark.parametrize("mean", ["micro", "macro", "weighted", "example"])
@pytest.mark.parametrize("width", [5, 14])
def test_f1_is_that_of_scikit_learn(mean: str, width: int) -> None:
    rng = np.random.default_rng(4)
    for density in (0.02, 0.3, 0.8):
        ours, theirs = rng.random((2, 40, width)) < density
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            name = "samples" if mean == "example" else mean
            expected = f1_score(theirs, ours, average=name, zero_division=0)
        assert f1(ours, theirs, mean) == pytest.approx(expected)


def test_sixteen_names() -> None:
    assert len({variant.name for variant in VARIANTS}) == 16
    assert {"chexbert_micro_14_u1", "chexbert_example_5_u0"} <= {variant.name for variant in VARIANTS}
    assert set(FIVE) < set(CONDITIONS)


def scored(bench: Any, rows: dict[str, list[int]], *metrics: str) -> list[Any]:
    """Pairs are (a, A), (b, B) …"""
    bench.write("labels", [bench.labels(name, row) for name, row in rows.items()])
    ours = [name for name in rows if name.islower()]
    return score(ours, [name.upper() for name in ours], ours, bench.folder, metrics)


def test_by_hand(bench: Any) -> None:
    rows = {
        "a": labels(Edema=1),
        "A": labels(Edema=1, Fracture=1),
        "b": labels(Pneumonia=1),
        "B": labels(Edema=1),
    }
    results = scored(
        bench,
        rows,
        "chexbert_micro_14_u1",
        "chexbert_macro_14_u1",
        "chexbert_weighted_14_u1",
        "chexbert_example_14_u1",
        "chexbert_micro_5_u1",
    )
    # 1 shared of 2 and 3: 2/5. Edema 2/3, Fracture 0, Pneumonia 0. Weighted: Edema has 2 of 3 positives.
    expected = [2 / 5, 2 / 3 / 14, 2 / 3 * 2 / 3, (2 / 3 + 0) / 2, 2 / 3]
    assert [result.value for result in results] == pytest.approx(expected)
    assert [bool(result.per_report) for result in results] == [False, False, False, True, False]
    # Where labels count alike, no draw of a bootstrap may lose one that a reference has.
    assert [result.held is None for result in results] == [True, False, True, True, True]
    edema, fracture = CONDITIONS.index("Edema"), CONDITIONS.index("Fracture")
    assert {(0, edema), (0, fracture), (1, edema)} == set(zip(*np.nonzero(results[1].held), strict=True))
    assert (
        results[1]
        .notes[0]
        .startswith(
            "labels that no report on either side has, 0 each in the mean: Enlarged Cardiomediastinum, "
        )
    )
    assert results[0].over([0, 0]) == pytest.approx(2 / 3)


def test_uncertain_counts_by_name(bench: Any) -> None:
    rows = {"a": labels(Edema=3), "A": labels(Edema=1)}
    positive, negative = scored(bench, rows, "chexbert_micro_5_u1", "chexbert_micro_5_u0")
    assert (positive.value, negative.value) == (1, 0)


def test_negative_is_not_positive(bench: Any) -> None:
    (result,) = scored(bench, {"a": labels(Edema=2), "A": labels(Edema=1)}, "chexbert_micro_14_u1")
    assert result.value == 0


def test_nothing_to_find_is_no_score(bench: Any) -> None:
    (result,) = scored(bench, {"a": labels(Edema=1), "A": NONE}, "chexbert_micro_14_u1")
    assert result == NotComputed(
        "chexbert_micro_14_u1",
        "no reference asserts any of the labels",
        "score reports with findings",
    )


def test_cosine(bench: Any) -> None:
    bench.write(
        "labels",
        [
            bench.labels("a", NONE, (2, 0)),
            bench.labels("A", NONE, (1, 1)),
            bench.labels("b", NONE, (0, 3)),
            bench.labels("B", NONE, (0, -1)),
            bench.labels("C", NONE, (1, 0)),
        ],
    )
    (result,) = score(
        ["a", "b", ""], ["A", "B", "C"], ["p", "q", "r"], bench.folder, ["chexbert_cosine"]
    )
    assert result.per_report == pytest.approx((np.sqrt(0.5), -1, 0), abs=1e-6)
