from __future__ import annotations

import math

import numpy as np

from medgpt_cli.data.filters.mismatch import mismatch, threshold
from tests.data.filters.samples import answered, shown

SCORES = {str(n): n / 10 for n in range(11)}


def score(sample) -> float:
    return SCORES[sample.turns[-1].text]


def test_the_worst_share_is_objected_to() -> None:
    samples = [shown(name) for name in SCORES]
    least = threshold(samples, score, 20)
    assert least == np.percentile(list(SCORES.values()), 20)
    reasons = [mismatch(score, least)(sample) for sample in samples]
    assert reasons == ["the text does not fit the picture"] * 2 + [""] * 9


def test_without_pictures_there_is_nothing_to_fit() -> None:
    assert threshold([answered("0")], score, 50) == -math.inf
    assert mismatch(score, 1.0)(answered("0")) == ""


def test_a_score_that_is_no_number_is_no_pass() -> None:
    assert mismatch(lambda _: math.nan, -math.inf)(shown("0")) != ""
