"""Questions about pictures, each with the exact answer that the picture's facts give.

Knows nothing of files or of how a question is written down.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from statistics import median

from medgpt_cli.data.sample.anatomy import LEVELS, PLANES, TISSUE_MARGIN
from medgpt_cli.data.sample.balance import balanced
from medgpt_cli.data.sample.material import HELD_OUT, TRAIN, Picture, Question
from medgpt_cli.data.sample.wordings import GREY, PHRASES, WHITE, WORDINGS, a_plane

PAIRS = 60
"""Two-picture questions of each kind, in training."""

MODALITY_SLICES = {TRAIN: 14, HELD_OUT: 4}
"""Brain slices that are also asked for their modality and region, beside the single images."""


def brain_questions(pictures: Sequence[Picture], rng: random.Random) -> list[Question]:
    """Every question about one slice of the head, balanced.

    Args:
        pictures: Slices of one split.
        rng: Chooses wordings, and what is dropped for balance.
    """
    whole = [p for p in pictures if "hidden" not in p.facts]
    asked = [
        *_planes(whole, rng),
        *_levels(whole, rng),
        *_tissues(whole, rng),
        *(_ask("mni152/side", p.facts["side"], (p,), rng) for p in whole if p.facts["side"]),
        *(
            _ask("mni152/hemisphere", "left" if p.facts["hidden"] == "right" else "right", (p,), rng)
            for p in pictures
            if "hidden" in p.facts
        ),
    ]
    return balanced(asked, rng)


def _ask(
    kind: str,
    answer: str,
    pictures: tuple[Picture, ...],
    rng: random.Random,
    stratum: str = "",
    **slots: str,
) -> Question:
    text = rng.choice(WORDINGS[kind]).format(**slots)
    return Question(kind, text, answer, pictures, stratum=stratum)


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def _named(truth: str, words: Sequence[str], rng: random.Random) -> str:
    """The word a yes/no question names: the truth half of the time, else another."""
    return truth if rng.random() < 0.5 else rng.choice([word for word in words if word != truth])


def _planes(pictures: Sequence[Picture], rng: random.Random) -> Iterator[Question]:
    for picture in pictures:
        plane = picture.facts["plane"]
        yield _ask("mni152/plane", plane, (picture,), rng)
        named = _named(plane, PLANES, rng)
        slots = {"plane": named, "a_plane": a_plane(named)}
        yield _ask("mni152/plane-check", _yes(named == plane), (picture,), rng, named, **slots)


def _levels(pictures: Sequence[Picture], rng: random.Random) -> Iterator[Question]:
    levelled = [p for p in pictures if p.facts["level"]]
    for picture in levelled:
        plane, level = picture.facts["plane"], picture.facts["level"]
        low, middle, high = LEVELS[plane]
        slots = {"plane": plane, "levels": f"{low}, {middle} or {high}"}
        yield _ask("mni152/level", level, (picture,), rng, plane, **slots)
        named = _named(level, LEVELS[plane], rng)
        stratum = f"{plane} {named}"
        yield _ask(
            "mni152/level-check",
            _yes(named == level),
            (picture,),
            rng,
            stratum,
            plane=plane,
            level=named,
        )


def _tissues(pictures: Sequence[Picture], rng: random.Random) -> Iterator[Question]:
    """Which tissue covers more, and whether white matter passes a percentage near the plane's usual one."""
    for plane in PLANES:
        own = [p for p in pictures if p.facts["plane"] == plane]
        percent = 5 * round(20 * median(p.facts["white_share"] for p in own)) if own else 0
        for picture in own:
            share = picture.facts["white_share"]
            if abs(share - 0.5) >= TISSUE_MARGIN:
                yield _ask("mni152/tissue", WHITE if share > 0.5 else GREY, (picture,), rng, plane)
            if abs(share - percent / 100) >= TISSUE_MARGIN:
                slots = {"plane": plane, "percent": str(percent)}
                yield _ask(
                    "mni152/white-share", _yes(share > percent / 100), (picture,), rng, plane, **slots
                )


def pair_questions(pictures: Sequence[Picture], rng: random.Random, share: float) -> list[Question]:
    """Questions about two slices of the head at once: the same plane or not, and which lies further up or forward.

    Args:
        pictures: Slices of one split.
        rng: Chooses the pairs and the wordings.
        share: Part of the pairs to make, above 0 and at most 1.
    """
    whole = [p for p in pictures if "hidden" not in p.facts]
    count = max(2, round(PAIRS * share))
    asked = []
    for number in range(count):
        first = rng.choice(whole)
        second = rng.choice(
            [p for p in whole if (p.facts["plane"] == first.facts["plane"]) == bool(number % 2)]
        )
        asked.append(_ask("mni152/same-plane", _yes(bool(number % 2)), (first, second), rng))
        plane = rng.choice(("axial", "coronal"))
        low, high = sorted(rng.sample([p for p in whole if p.facts["plane"] == plane], 2), key=_position)
        if _position(high) - _position(low) >= 10:  # millimetres; closer slices are hard to put in order
            shown = (high, low) if number % 4 < 2 else (low, high)
            answer = "first" if shown[0] is high else "second"
            asked.append(_ask("mni152/order", answer, shown, rng, plane=plane, up=LEVELS[plane][2]))
    return balanced(asked, rng)


def _position(picture: Picture) -> float:
    return float(picture.facts["mm"])


def single_questions(
    pictures: Sequence[Picture], brain: Sequence[Picture], rng: random.Random
) -> list[Question]:
    """What kind of image it is, and of which part of the body.

    Args:
        pictures: Crops of single images, of one split.
        brain: Slices of the head of the same split; a few are asked about too.
        rng: Chooses the slices and the wordings.
    """
    plain = [p for p in brain if "hidden" not in p.facts]
    if pictures:
        few = min(len(plain), MODALITY_SLICES[pictures[0].split])
        pictures = [*pictures, *rng.sample(plain, few)]
    asked = []
    for picture in pictures:
        modality = picture.facts["modality"]
        asked.append(_ask("pictures/modality", modality, (picture,), rng))
        named = _named(modality, tuple(PHRASES), rng)
        slots = {"a_modality": PHRASES[named]}
        asked.append(
            _ask("pictures/modality-check", _yes(named == modality), (picture,), rng, named, **slots)
        )
        if picture.facts["region"]:
            asked.append(_ask("pictures/region", picture.facts["region"], (picture,), rng))
    return balanced(asked, rng)
