from __future__ import annotations

import math

import numpy as np

from medgpt_cli.data.filters.mismatch import misfits


def test_the_worst_share_is_objected_to() -> None:
    scores = np.array([0.5, 0.1, 0.9, 0.2, 0.7])
    assert misfits(scores, 40).tolist() == [False, True, False, True, False]


def test_without_pictures_there_is_nothing_to_fit_and_a_score_that_is_no_number_is_no_pass() -> None:
    scores = np.array([math.nan, -math.inf, 0.5, 0.6])
    assert misfits(scores, 1).tolist() == [False, True, True, False]
    assert misfits(np.array([math.nan, -math.inf]), 50).tolist() == [False, True]
    assert misfits(np.empty(0), 50).tolist() == []
