"""What the sample set is made of: a `Picture` whose truth is known, and a `Question` with its exact answer.

Nothing here knows where a picture came from or in which form a question is written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 112
"""Width and height of every picture, in pixels."""

TRAIN, HELD_OUT, GAP = "train", "heldout", "gap"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture as it is written to disk.

    Attributes:
        name: File name under `images/`.
        split: `train` or `heldout`.
        source: The package that carries the original, such as `mni152`.
        licence: Short name of the terms the original is under; `LICENCES.md` has them in full.
        pixels: `(SIDE, SIDE)` grey or `(SIDE, SIDE, 3)` RGB, 8 bit.
        facts: What is true of it and what was done to it; written to `truth.json`.
    """

    name: str
    split: str
    source: str
    licence: str
    pixels: NDArray[np.uint8]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """One question, told apart from how it is later written down.

    Attributes:
        kind: What is asked, such as `mni152/plane`; scores are grouped by it.
        text: The question as a person reads it.
        answer: The exact answer, one to three words (longer only where no picture is asked about).
        pictures: The pictures in the order they are shown; empty for text alone.
        licence: Terms of the text, where there is no picture to take them from.
        stratum: Answers are balanced within a kind and a stratum, so that the wording gives nothing away.
    """

    kind: str
    text: str
    answer: str
    pictures: tuple[Picture, ...] = ()
    licence: str = ""
    stratum: str = ""
