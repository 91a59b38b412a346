"""Finding near prints, beside comparing all with all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from medgpt_cli.data.duplicates.near_pictures import NEAR, PictureIndex, cluster_pictures
from medgpt_cli.data.duplicates.pictures import EVEN, even_alone, image_print
from tests.pictures import film, symmetric
from tests.planted import saved

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
    labels = cluster_pictures(prints, np.zeros(len(prints), bool), np.ones(len(prints), np.float32))
    assert (labels[1500:2000] == np.arange(500)).mean() > 0.99
    assert (labels[2000:] == np.arange(500)).mean() > 0.99
    assert (labels[:1500] == np.arange(1500)).all()


def test_pictures_that_show_nothing_stay_alone() -> None:
    prints = np.repeat(STORED[:1], 5, axis=0)
    flat = np.array([False, True, False, True, True])
    assert cluster_pictures(prints, flat, np.zeros(5, np.float32)).tolist() == [0, 1, 0, 3, 4]


@pytest.mark.parametrize(
    "change",
    [
        lambda image: saved(image, "JPEG", 75),
        lambda image: saved(image, "WEBP", 60),
        lambda image: saved(image.resize((224, 224)), "JPEG", 90),
        lambda image: image.point([int(255 * (v / 255) ** 0.8) for v in range(256)] * 3),
    ],
)
def test_copies_of_a_picture_that_is_its_own_mirror_image_share_a_cluster(change: Any) -> None:
    both = [symmetric(seed, 250) for seed in range(20, 24)]
    lopsided = [film(seed).convert("RGB") for seed in range(20, 24)]
    labels = clusters([*both, *lopsided, *map(change, both)])
    assert labels == [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3]


def test_pictures_that_only_share_what_mirroring_does_not_change_stay_apart() -> None:
    # Two that are lopsided, with one even half: that one is compared by all of its signs.
    prints = [image_print(film(seed)) for seed in (20, 21)]
    phashes = np.stack([np.frombuffer(each.phash, np.uint8) for each in prints])
    phashes[1] = even_alone(phashes[:1])[0] | phashes[1] & ~np.packbits(EVEN)
    flat = np.zeros(2, bool)
    assert cluster_pictures(phashes, flat, np.full(2, 0.001, np.float32)).tolist() == [0, 1]
    assert cluster_pictures(phashes, flat, np.full(2, 0.0001, np.float32)).tolist() == [0, 0]
    assert cluster_pictures(phashes, flat, np.array([0.0001, 0.01], np.float32)).tolist() == [0, 1]


def clusters(images: list[Image.Image]) -> list[int]:
    prints = [image_print(image) for image in images]
    phashes = np.stack([np.frombuffer(each.phash, np.uint8) for each in prints])
    lopsided = np.array([each.lopsided for each in prints], np.float32)
    return cluster_pictures(phashes, np.zeros(len(prints), bool), lopsided).tolist()
