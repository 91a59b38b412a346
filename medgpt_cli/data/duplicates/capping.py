"""How many records of one cluster are kept: equal reports of different patients are real, and twenty are enough.

Nothing is deleted here: what is beyond the cap is marked, counted and left to whoever writes the set.  This module
knows nothing of how clusters were found.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgpt_cli.data.duplicates.unions import Ints

MAX_PER_CLUSTER = 20


@dataclass(frozen=True, slots=True)
class Duplication:
    """What was found and what a cap leaves.

    Attributes:
        records: All of them.
        clusters: Clusters of at least two.
        in_clusters: Records that stand in one.
        largest: Records in the largest.
        beyond: Records over the cap.
    """

    records: int
    clusters: int
    in_clusters: int
    largest: int
    beyond: int

    def as_dict(self) -> dict[str, int]:
        """For a manifest."""
        return asdict(self)


def within_cap(
    labels: Ints, most: int | None = MAX_PER_CLUSTER, rank: NDArray[Any] | None = None
) -> tuple[NDArray[np.bool_], Duplication]:
    """Which records stay when each cluster keeps its first few.

    Args:
        labels: The cluster of each record.
        most: Records a cluster keeps, those that come first; None keeps all.
        rank: Of each record: those of a lower rank come first, and in the order they stand among equals.

    Returns:
        A mask of the records, and the counts.
    """
    order = np.argsort(labels, kind="stable") if rank is None else np.lexsort((rank, labels))
    ordered = labels[order]
    starts = (
        np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(labels) else np.empty(0, int)
    )
    sizes = np.diff(np.append(starts, len(labels)))
    place = np.arange(len(labels)) - np.repeat(starts, sizes)
    kept = np.ones(len(labels), dtype=bool)
    if most is not None:
        kept[order[place >= most]] = False
    several = sizes[sizes > 1]
    return kept, Duplication(
        len(labels), len(several), int(several.sum()), int(sizes.max(initial=0)), int((~kept).sum())
    )
