"""CheXbert: F1 of 14 findings, and the cosine of two reports' vectors.

Papers call sixteen numbers "CheXbert F1".  Here each has its own name, `chexbert_<mean>_<labels>_<uncertain>`:

| part | words |
|---|---|
| mean | `micro` (pooled), `macro` (over labels), `weighted` (by positives in references), `example` (over reports) |
| labels | `14`, or `5`: cardiomegaly, edema, consolidation, atelectasis, pleural effusion |
| uncertain | `u1` counts uncertain as positive (the package f1chexbert), `u0` as negative |

As in scikit-learn with `zero_division=0`, an F1 without a positive on either side is 0: a label nobody has pulls the
macro mean down, and a note says which.  A blank report mentions nothing and has no vector (cosine 0).

Source: Smit et al. 2020 (CheXbert); Yu et al. 2023 (the cosine).  This module knows nothing of texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgpt_cli.evaluation.reports.keys import Pair, Report
from medgpt_cli.evaluation.reports.results import Lacking, Scores, mean_of
from medgpt_cli.evaluation.reports.rows import CONDITIONS, LabelRow
from medgpt_cli.evaluation.reports.tables import Table
from medgpt_cli.evaluation.reports.vectors import unpack

FIVE = ("Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Pleural Effusion")
MEANS = ("micro", "macro", "weighted", "example")
POSITIVE = {"u1": (1, 3), "u0": (1,)}
"""Classes that count as positive, by what becomes of uncertain ones."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the sixteen."""

    mean: str
    labels: int
    uncertain: str

    @property
    def name(self) -> str:
        """As tables print it."""
        return f"chexbert_{self.mean}_{self.labels}_{self.uncertain}"

    @property
    def conditions(self) -> tuple[str, ...]:
        """The labels it is taken over."""
        return FIVE if self.labels == 5 else CONDITIONS


VARIANTS = tuple(
    Variant(mean, labels, uncertain) for uncertain in POSITIVE for labels in (14, 5) for mean in MEANS
)


def f1(candidates: Flags, references: Flags, mean: str) -> float:
    """F1 of label arrays.

    Args:
        candidates: What the candidates assert, (reports, labels).
        references: What the references assert.
        mean: One of `MEANS`.
    """
    axis = 1 if mean == "example" else 0
    shared = (candidates & references).sum(axis)
    both = candidates.sum(axis) + references.sum(axis)
    if mean == "micro":
        return float(2 * shared.sum() / both.sum()) if both.sum() else 0.0
    each = np.divide(2 * shared, both, out=np.zeros(len(both)), where=both > 0)
    if mean == "weighted":
        support = references.sum(0)
        return float((each * support).sum() / support.sum()) if support.sum() else 0.0
    return float(each.mean())


def f1_scores(variant: Variant, pairs: Sequence[Pair], table: Table[LabelRow]) -> Scores:
    """One F1 over all pairs.

    Raises:
        Lacking: No reference asserts any of the labels, so there is nothing to find.
    """
    columns = [CONDITIONS.index(name) for name in variant.conditions]
    classes = POSITIVE[variant.uncertain]
    candidates, references = (
        np.array([_asserted(table, pair[side], classes) for pair in pairs])[:, columns]
        for side in (0, 1)
    )
    if not references.any():
        raise Lacking("no reference asserts any of the labels", "score reports with findings")
    notes = []
    if variant.mean == "macro" and (unseen := ~(references | candidates).any(0)).any():
        names = ", ".join(name for name, gone in zip(variant.conditions, unseen, strict=True) if gone)
        notes.append(f"labels that no report on either side has, 0 each in the mean: {names}")

    def over(chosen: Sequence[int] | NDArray[np.int64]) -> float:
        index = np.asarray(chosen, dtype=np.int64)
        return f1(candidates[index], references[index], variant.mean)

    per_report = None
    if variant.mean == "example":
        per_report = np.array([over([index]) for index in range(len(pairs))])
    held = references if variant.mean == "macro" else None
    return Scores(over, per_report, tuple(notes), held=held)


def cosine_scores(pairs: Sequence[Pair], table: Table[LabelRow]) -> Scores:
    """The cosine of the two reports' vectors, averaged over pairs."""
    return mean_of([_cosine(*(_vector(table, report) for report in pair)) for pair in pairs])


def _asserted(table: Table[LabelRow], report: Report, classes: Sequence[int]) -> list[bool]:
    if report.blank:
        return [False] * len(CONDITIONS)
    return [label in classes for label in table[report.key].labels]


def _vector(table: Table[LabelRow], report: Report) -> NDArray[np.float32] | None:
    return (
        None
        if report.blank
        else unpack(table[report.key].vector, table.header.width, table.header.dtype)[0]
    )


def _cosine(one: NDArray[np.float32] | None, other: NDArray[np.float32] | None) -> float:
    if one is None or other is None:
        return 0.0
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / lengths if lengths else 0.0
