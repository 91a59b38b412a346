"""Few of each cluster."""

from __future__ import annotations

import numpy as np

from medgpt_cli.data.duplicates.capping import Duplication, within_cap

LABELS = np.array([0, 1, 0, 0, 4, 0, 1], np.int32)


def test_the_first_of_each_cluster_stay() -> None:
    kept, found = within_cap(LABELS, 2)
    assert kept.tolist() == [True, True, True, False, True, False, True]
    assert found == Duplication(records=7, clusters=2, in_clusters=6, largest=4, beyond=2)


def test_by_default_twenty_stay_and_without_a_cap_all() -> None:
    assert within_cap(np.zeros(50, np.int32))[0].sum() == 20
    kept, found = within_cap(LABELS, None)
    assert (kept.all(), found.beyond, found.largest) == (True, 0, 4)
    assert within_cap(np.empty(0, np.int32))[1].as_dict() == dict.fromkeys(
        ("records", "clusters", "in_clusters", "largest", "beyond"), 0
    )
