"""BERTScore: each word piece meets its nearest on the other side; F1 of the two mean cosines.

The marks at the beginning and end of a report may be met but are not averaged, and no weights by rarity are used: both
as the package `bert-score` does without IDF, so a report's score does not depend on which others stand in the test
set.  Rescaling takes the score of unrelated sentences (the baseline) to 0: `(F - b) / (1 - b)`.

A blank report scores 0 against anything, raw and rescaled; the package warns, sets the raw score to 0 and then rescales
it to about -5.5, by which a single empty report moves the mean of a test set.

Source: Zhang et al. 2020.  This module knows nothing of texts or models.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medgpt_cli.evaluation.reports.keys import Pair, Report
from medgpt_cli.evaluation.reports.results import Lacking, Scores, mean_of
from medgpt_cli.evaluation.reports.rows import TokenRow
from medgpt_cli.evaluation.reports.tables import Table
from medgpt_cli.evaluation.reports.vectors import unit, unpack

Vectors = NDArray[np.float32]


def greedy_f1(candidate: Vectors, reference: Vectors) -> float:
    """Raw BERTScore F1 of two reports.

    Args:
        candidate: Unit vectors of word pieces, (pieces, width), first and last the marks.
        reference: The same.
    """
    cosines = candidate @ reference.T
    inner_rows, inner_columns = cosines[1:-1].max(axis=1), cosines[:, 1:-1].max(axis=0)
    if not inner_rows.size or not inner_columns.size:
        return 0.0
    precision, recall = float(inner_rows.mean()), float(inner_columns.mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def rescaled(raw: float, baseline: float) -> float:
    """A raw score as a share of the way from unrelated text to identical text; below 0 for worse than unrelated."""
    return (raw - baseline) / (1 - baseline)


def baseline_of(table: Table[TokenRow]) -> float:
    """The baseline the extraction was told.

    Raises:
        Lacking: It was told none, or one that cannot be.
    """
    baseline = table.header.settings.get("baseline")
    if not isinstance(baseline, float) or not 0 <= baseline < 1:
        raise Lacking(
            f"{table.path.name} names no baseline for its model and layer",
            "extract with --baseline NUMBER, as published for them, or ask for bertscore",
        )
    return baseline


def scores(pairs: Sequence[Pair], table: Table[TokenRow], baseline: float | None = None) -> Scores:
    """BERTScore over all pairs, rescaled where a baseline is given."""
    values, blank = [], 0
    for pair in pairs:
        if pair.candidate.blank or pair.reference.blank:
            values.append(0.0)
            blank += 1
            continue
        names = pair.candidate.key, pair.reference.key
        if names not in table.known:
            table.known[names] = greedy_f1(*(_vectors(table, report) for report in pair))
        raw = table.known[names]
        values.append(raw if baseline is None else rescaled(raw, baseline))
    note = f"in {blank} of {len(values)} pairs one report is blank: 0 each"
    return mean_of(values, (note,) if blank else ())


def _vectors(table: Table[TokenRow], report: Report) -> Vectors:
    return unit(unpack(table[report.key].vectors, table.header.width, table.header.dtype))
