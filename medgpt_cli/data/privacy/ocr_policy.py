"""Which pictures are read for burned-in text: all of the kinds that often bear it, a sample of the others.

This module knows nothing of how they are read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from enum import StrEnum
from typing import TypeVar

from medgpt_cli.data.privacy.burned_in import ALWAYS, SHARE

Key = TypeVar("Key", bound=Hashable)


class OcrMode(StrEnum):
    """How many pictures are read."""

    AUTO = "auto"
    """Ultrasound, fluoroscopy, angiography, captures and the like all; 2 % of the others, all if one bears text."""
    ALL = "all"
    OFF = "off"


def to_read(
    modalities: Mapping[Key, str],
    mode: OcrMode,
    *,
    order: Callable[[Key], str],
    bears_text: Callable[[Key], bool],
) -> set[Key]:
    """The pictures that are to be read.

    Args:
        modalities: DICOM's code for each picture, an empty string where nothing says.
        mode: How many.
        order: Decides the sample: pictures are drawn in the order of this, the same in every process.
        bears_text: Reads one picture; asked about the sample alone.
    """
    if mode is OcrMode.OFF:
        return set()
    if mode is OcrMode.ALL:
        return set(modalities)
    chosen: set[Key] = set()
    groups: dict[str, list[Key]] = {}
    for key, modality in modalities.items():
        groups.setdefault(modality.upper(), []).append(key)
    for modality, keys in groups.items():
        if modality in ALWAYS:
            chosen.update(keys)
            continue
        sample = sorted(keys, key=order)[: math.ceil(SHARE * len(keys))]
        chosen.update(keys if any(bears_text(key) for key in sample) else sample)
    return chosen
