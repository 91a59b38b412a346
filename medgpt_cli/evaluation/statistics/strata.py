"""Which cases are drawn among one another, so that no draw loses a class.

A measure such as macro-F1 counts a class that a draw happens to miss as 0, so drawing from all cases at once would pull
even a perfect answer down.  Here cases are put into strata and each stratum gives as many cases to a draw as it has.
Every class is held by all cases of at least one stratum, hence by every draw; where each case holds one class the
strata are the classes, and where every case holds all of them there is one stratum, which is drawing from all at once.
This module knows nothing of measures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Strata = NDArray[np.intp]
"""The stratum of each case, counted from 0."""


def strata_of(held: NDArray[np.bool_]) -> Strata:
    """Parts cases into as few strata as keep every class, at most two for each class.

    Args:
        held: Whether a case holds a class, (cases, classes).  A class without a case can be in no draw.
    """
    strata: Strata = np.full(len(held), -1)
    count = 0
    for number in np.argsort(held.sum(axis=0), kind="stable"):  # the rarest first
        has = held[:, number]
        if not has.any() or any(has[strata == each].all() for each in range(count)):
            continue
        taken = has & (strata == -1)
        if not taken.any():  # all its cases serve rarer classes: part the stratum that has most of them
            taken = has & (strata == np.bincount(strata[has]).argmax())
        strata[taken] = count
        count += 1
    strata[strata == -1] = count
    return strata


def independent(strata: Strata) -> int:
    """How many independent cases an interval rests on: all, less one for each stratum after the first."""
    return len(strata) - len(np.unique(strata)) + 1
