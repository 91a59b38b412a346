"""Does the model look at the image at all, and does it read the options: the same questions with one thing changed.

    blanked     every picture is an empty one, in the colour that pads all pictures
    swapped     every picture is that of another case with as many pictures; the right answer stays
    reordered   the options stand under other letters; the right answer goes with its text (`tasks.prompts` does that)

The first two take items to items of the same ids, so that the answers can be compared one by one; items that a probe
cannot change are left out.  Examples shown before a question stay as they are.  Nothing is drawn but by the seed.
Pictures are swapped between whole cases, in a ring over the cases in a shuffled order, so no case keeps its own.  This
module knows nothing of models or pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from medgpt_cli.evaluation.items import Item
from medgpt_cli.evaluation.statistics import paired
from medgpt_cli.evaluation.statistics.paired import Better, Comparison

BLANK = str(Path(__file__).with_name("blank.png"))
"""An empty picture, 64 x 64, in the colour (122, 116, 104) of the letterbox."""

BLANKED, SWAPPED, REORDERED = "blanked", "swapped", "reordered"
PROBES = {
    BLANKED: "every picture blank",
    SWAPPED: "every picture that of another case",
    REORDERED: "options in another order",
}
"""The probes, and how they are told."""


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What a probe did to the score.

    Attributes:
        probe: Its name.
        comparison: The probed run against the plain one, over the items that the probe changed.
        flips: Share of items whose value changed at all, in either direction.
        sentence: What that says of the model.
    """

    probe: str
    comparison: Comparison
    flips: float
    sentence: str


def blanked(items: Sequence[Item], seed: int = 0) -> list[Item]:
    """The items that have pictures, with blank ones.

    Args:
        items: As asked.
        seed: Of no use here; every probe takes one.
    """
    return [_showing(item, (BLANK,) * len(_own(item))) for item in items if _own(item)]


def swapped(items: Sequence[Item], seed: int = 0) -> list[Item]:
    """The items that have pictures, with those of another case that has as many.

    Args:
        items: As asked.
        seed: Of the order of the cases.
    """
    by_count: dict[int, dict[str, list[Item]]] = {}
    for item in items:
        if _own(item):
            by_count.setdefault(len(_own(item)), {}).setdefault(item.cluster, []).append(item)
    given: dict[str, tuple[str, ...]] = {}
    for count in sorted(by_count):
        cases = by_count[count]
        names = sorted(cases)
        np.random.default_rng([seed, count]).shuffle(names)
        for place, name in enumerate(names):
            ring = [*names[place + 1 :], *names[:place]]
            for number, item in enumerate(cases[name]):
                donors = (_own(cases[other][number % len(cases[other])]) for other in ring)
                found = next((images for images in donors if not set(images) & set(_own(item))), None)
                if found:
                    given[item.id] = found
    return [_showing(item, given[item.id]) for item in items if item.id in given]


def _own(item: Item) -> tuple[str, ...]:
    """The pictures of the question itself, without those of the examples before it."""
    return tuple(item.images[index] for index in item.turns[-1].images)


def _showing(item: Item, images: tuple[str, ...]) -> Item:
    shown = list(item.images)
    for index, image in zip(item.turns[-1].images, images, strict=True):
        shown[index] = image
    return replace(item, images=tuple(shown))


def effect(
    probe: str,
    plain: Sequence[float],
    probed: Sequence[float],
    clusters: Sequence[str],
    *,
    better: Better = "higher",
    seed: int = 0,
) -> Effect:
    """What a probe did to the score.

    Args:
        probe: Its name, one of `PROBES`.
        plain: The measure of each item as asked.
        probed: The same items in the same order under the probe.
        clusters: The patient, study or image of each item.
        better: Which end of the measure is the good one.
        seed: Of the draws.
    """
    comparison = paired.compare(plain, probed, clusters, better=better, seed=seed)
    changed = [before != after for before, after in zip(plain, probed, strict=True)]
    return effect_of(probe, comparison, sum(changed) / len(changed))


def effect_of(probe: str, comparison: Comparison, flips: float) -> Effect:
    """The effect of a probe whose comparison has been made."""
    sentence = _sentence(probe, comparison)
    return Effect(probe=probe, comparison=comparison, flips=flips, sentence=sentence)


def _sentence(probe: str, found: Comparison) -> str:
    by = f"{PROBES[probe]}: the score goes from {found.first:.3f} to {found.second:.3f}"
    if found.low is not None and found.high is not None:
        by += f" (difference {found.difference:+.3f}, 95 % {found.low:+.3f} to {found.high:+.3f})"
    if found.first == found.second == 0 and found.better == "higher":
        return f"{by}; nothing was right to begin with, so this cannot tell"
    limit = f"; a change of {found.visible:.3f} would have shown" if found.visible else ""
    if probe == REORDERED:
        says = {
            "undecided": f"no sign that the order of the options matters{limit}",
            "worse": "the order of the options matters: it knew them by their place",
            "better": "the order of the options matters: theirs was against it",
        }
    else:
        says = {
            "undecided": f"no sign that the model looks at the image{limit}",
            "worse": "the model looks at the image",
            "better": "the image misleads the model: it answers better without it",
        }
    return f"{by}; {says[found.verdict]}"
