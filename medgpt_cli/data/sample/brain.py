"""Pictures of the MNI152 head with their truth: plain, jittered (training alone), and with one hemisphere hidden.

Knows nothing of questions.
"""

from __future__ import annotations

import random
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgpt_cli.data.sample.anatomy import AXES
from medgpt_cli.data.sample.material import HELD_OUT, TRAIN, Picture
from medgpt_cli.data.sample.slices import Slice, slices_of
from medgpt_cli.data.sample.split import split_of, thin
from medgpt_cli.data.sample.volumes import Volume, draw, seen_from

LICENCE = "MNI-ICBM152"
SECOND_LOOK = 0.6
"""Part of the training slices that are drawn a second time, jittered."""

HALVES = {TRAIN: 48, HELD_OUT: 24}
"""Pictures with one hemisphere hidden."""

LEAST = {TRAIN: 4, HELD_OUT: 2}
"""Slices of a plane that even the smallest set has."""


def brain_pictures(volume: Volume, rng: random.Random, share: float) -> list[Picture]:
    """Draws the slices of both splits; slices in the gaps between them are not drawn.

    Args:
        volume: The head.
        rng: Source of the jitter.
        share: Part of the slices to take, above 0 and at most 1.
    """
    every = slices_of(volume)
    pictures = []
    for split in (TRAIN, HELD_OUT):
        chosen: list[Slice] = []
        for plane in AXES:
            own = [s for s in every if s.plane == plane and split_of(plane, s.mm) == split]
            chosen += thin(own, share, LEAST[split])
        pictures += [_plain(volume, piece, split) for piece in chosen]
        if split == TRAIN:
            again = rng.sample(chosen, round(SECOND_LOOK * len(chosen)))
            pictures += [_jittered(volume, piece, rng) for piece in again]
        halved = [s for s in chosen if s.plane != "sagittal"]
        halved = rng.sample(halved, min(len(halved), max(2, round(HALVES[split] * share))))
        pictures += [
            _half(volume, piece, split, "left" if i % 2 else "right") for i, piece in enumerate(halved)
        ]
    return pictures


def _plain(volume: Volume, piece: Slice, split: str) -> Picture:
    return _picture(piece, split, draw(volume, piece.plane, piece.index), "")


def _jittered(volume: Volume, piece: Slice, rng: random.Random) -> Picture:
    shift = (rng.randint(-7, 7), rng.randint(-7, 7))
    gain, gamma = round(rng.uniform(0.85, 1.1), 3), round(rng.uniform(0.8, 1.25), 3)
    pixels = _tone(draw(volume, piece.plane, piece.index, shift=shift), gain, gamma)
    return _picture(
        piece, TRAIN, pixels, "-jittered", jitter={"shift_mm": shift, "gain": gain, "gamma": gamma}
    )


def _half(volume: Volume, piece: Slice, split: str, hidden: str) -> Picture:
    pixels = draw(volume, piece.plane, piece.index, hidden=hidden)
    return _picture(piece, split, pixels, f"-without-{hidden}", hidden=hidden)


def _tone(pixels: NDArray[np.uint8], gain: float, gamma: float) -> NDArray[np.uint8]:
    """Changes contrast and brightness: `255 * gain * (v / 255) ** gamma`, clipped; black stays black."""
    tones = 255 * gain * (np.arange(256) / 255) ** gamma
    table: NDArray[np.uint8] = np.clip(np.rint(tones), 0, 255).astype(np.uint8)
    return table[pixels]


def _picture(piece: Slice, split: str, pixels: NDArray[np.uint8], suffix: str, **more: Any) -> Picture:
    sign = "m" if piece.mm < 0 else "p"
    facts = {
        **asdict(piece),
        "grey": round(piece.grey, 1),
        "white": round(piece.white, 1),
        "white_share": round(piece.white_share, 4),
        "seen_from": seen_from(piece.plane, piece.mm),
        "modality": "MR",
        "region": "brain",
        **more,
    }
    name = f"mni152-{piece.plane}-{sign}{abs(piece.mm):03.0f}{suffix}.png"
    return Picture(name, split, "mni152", LICENCE, pixels, facts)
