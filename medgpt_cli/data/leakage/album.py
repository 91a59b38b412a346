"""The pictures of the evaluation sets, to be asked whether a training picture is one of them, or cut from one.

A near print only proposes; a second look at both pictures decides.  Pictures that show nothing (black, white) are
passed over: that two are equal means nothing.  This module knows nothing of records or files.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medgpt_cli.data.duplicates.near_pictures import NEAR, PictureIndex
from medgpt_cli.data.duplicates.pictures import (
    MIRROR_LIKE,
    NEARLY_MIRROR_LIKE,
    VARIANTS,
    Grey,
    ImagePrint,
    Prints,
    crop_boxes,
    crop_prints,
    even_alone,
    lopsidedness,
    turned,
    variants,
)
from medgpt_cli.data.duplicates.registration import SAME, Box, agreement, look

LOOKED_AT = 8
"""Proposed pictures, the nearest first, that are looked at for one training picture."""


class Seen(NamedTuple):
    """A picture of the album that was met.

    Attributes:
        number: Which.
        exact: Whether pixel for pixel.
        distance: Signs of 256 that differ between the nearest prints.
        how: What was done to it: `cut`, `mirrored`, `inverted`; empty for a copy.
    """

    number: int
    exact: bool
    distance: int
    how: str


class Album:
    """Pictures by their prints, added one by one and then asked; 12 kB each."""

    def __init__(self) -> None:
        self._count = 0
        self._shown: list[int] = []
        self._pixels: dict[bytes, list[int]] = {}
        self._looks: list[Grey] = []
        self._crops: list[Prints] = []

    def add(self, picture: ImagePrint) -> int:
        """Takes in a picture and returns its number, from 0."""
        number, self._count = self._count, self._count + 1
        if not picture.flat:
            self._shown.append(number)
            self._pixels.setdefault(picture.pixels, []).append(number)
            self._looks.append(look(picture.thumbnail))
            self._crops.append(_steady(picture.thumbnail))
        return number

    @cached_property
    def _indices(self) -> tuple[PictureIndex, PictureIndex]:
        """Of whole pictures, and of whole and cut ones; made when the first question comes."""
        crops = np.stack(self._crops)
        self._crops.clear()
        return PictureIndex(crops[:, 0]), PictureIndex(crops.reshape(-1, crops.shape[2]))

    def seen(self, picture: ImagePrint) -> list[Seen]:
        """The pictures of the album that `picture` is a copy of, is cut from, or contains."""
        if picture.flat or not self._shown:
            return []
        found = {number: Seen(number, True, 0, "") for number in self._pixels.get(picture.pixels, ())}
        mine = look(picture.thumbnail)
        for proposal in self._proposed(picture)[:LOOKED_AT]:
            number = self._shown[proposal.place]
            if number not in found and self._agree(mine, proposal):
                how = [VARIANTS[proposal.variant]] if proposal.variant else []
                how += ["cut"] if proposal.box else []
                found[number] = Seen(number, False, proposal.distance, ", ".join(how))
        return list(found.values())

    def _proposed(self, picture: ImagePrint) -> list[_Proposal]:
        """One proposal a picture of the album, the nearest first."""
        boxes = len(crop_boxes())
        whole, cut = self._indices
        own = crop_prints(picture.thumbnail)
        alike = lopsidedness(picture.thumbnail) < NEARLY_MIRROR_LIKE
        best: dict[int, _Proposal] = {}
        prints, of = _in_all_ways(own[:1], alike[:1])
        for asked, entry, distance in _triples(*cut.near(prints, NEAR)):
            place, box = divmod(entry, boxes)
            _keep(best, _Proposal(distance, place, of[asked][1], box, False))
        prints, of = _in_all_ways(own[1:], alike[1:])
        for asked, place, distance in _triples(*whole.near(prints, NEAR)):
            box, variant = of[asked]
            _keep(best, _Proposal(distance, place, variant, box + 1, True))
        return sorted(best.values())

    def _agree(self, mine: Grey, proposal: _Proposal) -> bool:
        other, asked = self._looks[proposal.place], turned(mine, proposal.variant)
        box = crop_boxes()[proposal.box]
        if proposal.contains:
            return agreement(asked, other, _mirrored(box) if proposal.variant & 1 else box) >= SAME
        return agreement(other, asked, box) >= SAME


class _Proposal(NamedTuple):
    """`contains`: the training picture holds the album's picture, not the other way round."""

    distance: int
    place: int
    variant: int
    box: int
    contains: bool


def _steady(thumbnail: Grey) -> Prints:
    """The crop prints, without the signs that a copy would have otherwise."""
    prints = crop_prints(thumbnail)
    alike = lopsidedness(thumbnail) < MIRROR_LIKE
    prints[alike] = even_alone(prints[alike])
    return prints


def _in_all_ways(prints: Prints, alike: NDArray[np.bool_]) -> tuple[Prints, list[tuple[int, int]]]:
    """Prints in all variants, of mirror-like pictures also as the album keeps them; and (which, variant) of each."""
    ways = variants(prints)
    numbers = [*range(len(prints)), *np.flatnonzero(alike).tolist()]
    every = np.concatenate([ways, even_alone(ways[alike])]).reshape(-1, prints.shape[1])
    return every, [(number, variant) for number in numbers for variant in range(len(VARIANTS))]


def _triples(*columns: NDArray[np.intp]) -> list[tuple[int, int, int]]:
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _keep(best: dict[int, _Proposal], proposal: _Proposal) -> None:
    known = best.get(proposal.place)
    if known is None or proposal < known:
        best[proposal.place] = proposal


def _mirrored(box: Box) -> Box:
    left, top, right, bottom = box
    return 1.0 - right, top, 1.0 - left, bottom
