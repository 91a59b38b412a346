"""RadCliQ-v1: errors a radiologist would count, guessed by a line through three scores.  Lower is better.

The score is linear, so the mean over reports equals the score of the mean components: any published row can be checked
by its own columns.  An identical report scores -1.4407, one with nothing in common 2.4501.  Leaderboards print the
reciprocal of the mean, which has its pole at 0, between bad and perfect: an identical report gets -0.694, less than
0.408 for nothing in common.  So the raw score is the metric, and the reciprocal is handed out under its own name only
well away from the pole.

The constants are those of the published linear model (`radcliq-v1.pkl` of rajpurkarlab/CXR-Report-Metric, decoded
without unpickling; fitted on 160 reports; equal to those in jbdel/RadEval to eight digits).  The weight of BLEU-2 came
out as 4.3e-12: it moves no score by more than 2e-11.  Source: Yu et al. 2023.

Components: the entity and relation mean of RadGraph's original model, BERTScore of distilroberta-base at layer 5
rescaled by its baseline without IDF, and the cosine of CheXbert's vectors.  This module knows nothing of texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medgpt_cli.evaluation.reports.results import Lacking, Scores, mean_of
from medgpt_cli.evaluation.reports.rows import Header


class Term(NamedTuple):
    """One component's place in the line."""

    mean: float
    scale: float
    weight: float


RADGRAPH = Term(0.5379231241, 0.3028258411, -0.3770836826)
BERTSCORE = Term(0.6175725628, 0.2243093846, -0.3703000997)
CHEXBERT = Term(0.7647942121, 0.2539439110, -0.2526162179)
BLEU2 = Term(0.4473833540, 0.2989271671, 4.3e-12)
INTERCEPT = 2.5e-10

RADGRAPH_MODEL = "radgraph"
BASELINE = 0.8473319
"""Of distilroberta-base, layer 5."""
NEAR_POLE = 0.1
"""The reciprocal is refused where the raw mean, or the lower end of its interval, is below this."""


def radcliq_v1(radgraph: float, bertscore: float, chexbert: float, bleu2: float = 0.0) -> float:
    """The raw score of one report, or of the means of many."""
    terms = zip(
        (RADGRAPH, BERTSCORE, CHEXBERT, BLEU2), (radgraph, bertscore, chexbert, bleu2), strict=True
    )
    return sum(term.weight * (value - term.mean) / term.scale for term, value in terms) + INTERCEPT


def check_components(graphs: Header, tokens: Header) -> None:
    """Refuses components that the line was not fitted to.

    Raises:
        Lacking: Another RadGraph, another layer or another baseline.
    """
    if graphs.model != RADGRAPH_MODEL:
        raise Lacking(
            "its graphs must come from the original model, called radgraph",
            "extract graphs with model_type radgraph, or ask for the RadGraph-F1 alone",
        )
    if tokens.settings.get("layer") != 5 or tokens.settings.get("baseline") != BASELINE:
        raise Lacking(
            "its BERTScore must be that of distilroberta-base, layer 5, with its baseline",
            "extract bertscore with --weights on a folder of distilroberta-base",
        )


def scores(radgraph: Scores, bertscore: Scores, chexbert: Scores) -> Scores:
    """The raw score over all pairs, from its components."""
    parts = [part.per_report for part in (radgraph, bertscore, chexbert)]
    values = [radcliq_v1(*(float(value) for value in row)) for row in zip(*_present(parts), strict=True)]
    return mean_of(values, (*radgraph.notes, *bertscore.notes))


def inverse(raw: Scores, clusters: Sequence[str]) -> Scores:
    """1 / mean, as ReXrank prints it; never a mean of reciprocals.

    Raises:
        Lacking: The mean or its interval is near the pole or beyond, where the reciprocal says nothing.
    """
    from medgpt_cli.evaluation.statistics.clustered import (
        bootstrap_mean,
    )  # loads scipy, which no other metric needs

    (values,) = _present([raw.per_report])
    mean = float(values.mean())
    interval = bootstrap_mean(values.tolist(), clusters)
    low = min(mean, interval.low) if interval else mean
    if low < NEAR_POLE:
        raise Lacking(
            f"the raw score is {mean:.3f} with its interval from {low:.3f}, and the reciprocal breaks at 0",
            "read radcliq_v1, where lower is better",
        )

    def over(chosen: Sequence[int] | NDArray[np.int64]) -> float:
        drawn = raw.over(chosen)
        return 1 / drawn if drawn >= NEAR_POLE else float("nan")

    return Scores(over, None, raw.notes)


def _present(parts: Sequence[NDArray[np.float64] | None]) -> list[NDArray[np.float64]]:
    return [part for part in parts if part is not None]
