"""Finding near prints, beside comparing all with all."""

from __future__ import annotations

import numpy as np
import pytest

from medgpt_cli.data.duplicates.near_pictures import NEAR, PictureIndex, cluster_pictures

DRAW = np.random.default_rng(3)
STORED = DRAW.integers(0, 256, (4000, 32), dtype=np.uint8)


def bent(prints: np.ndarray, signs: int) -> np.ndarray:
    """The prints with so many signs changed."""
    bits = np.unpackbits(prints, axis=1)
    for row in bits:
        row[DRAW.choice(256, signs, replace=False)] ^= 1
    return np.packbits(bits, axis=1)


def all_pairs(asked: np.ndarray, stored: np.ndarray, radius: int) -> set[tuple[int, int, int]]:
    apart = np.unpackbits(asked[:, None] ^ stored[None], axis=2).sum(axis=2)
    one, other = np.nonzero(apart <= radius)
    return {(int(a), int(b), int(apart[a, b])) for a, b in zip(one, other, strict=True)}


@pytest.mark.parametrize("radius", [0, 16, 31])
def test_within_31_signs_everything_is_found(radius: int) -> None:
    asked = np.concatenate(
        [bent(STORED[:150], radius), bent(STORED[150:200], max(0, radius - 9)), STORED[-3:]]
    )
    found = PictureIndex(STORED).near(asked, radius)
    assert set(zip(*(column.tolist() for column in found), strict=True)) == all_pairs(
        asked, STORED, radius
    )


def test_nearly_everything_is_found_up_to_the_limit() -> None:
    asked = bent(STORED[:1000], NEAR)
    one, other, _ = PictureIndex(STORED).near(asked)
    assert ((one == other) & (one < 1000)).sum() >= 970


def test_an_empty_index_finds_nothing() -> None:
    assert [len(column) for column in PictureIndex(STORED[:0]).near(STORED[:2])] == [0, 0, 0]
    assert [len(column) for column in PictureIndex(STORED).near(STORED[:0])] == [0, 0, 0]


def test_copies_share_a_cluster_and_nothing_else_does() -> None:
    prints = np.concatenate([STORED[:1500], bent(STORED[:500], 12), bent(STORED[:500], 4)])
    labels = cluster_pictures(prints, np.zeros(len(prints), bool))
    assert (labels[1500:2000] == np.arange(500)).mean() > 0.99
    assert (labels[2000:] == np.arange(500)).mean() > 0.99
    assert (labels[:1500] == np.arange(1500)).all()


def test_pictures_that_show_nothing_stay_alone() -> None:
    prints = np.repeat(STORED[:1], 5, axis=0)
    flat = np.array([False, True, False, True, True])
    assert cluster_pictures(prints, flat).tolist() == [0, 1, 0, 3, 4]
