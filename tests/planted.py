"""Leaks as they happen, made on purpose: pictures saved, resized, cut, re-windowed and turned; questions reworded.

Each kind is one function of an original and a seeded draw, so that a benchmark and a test plant the same.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps

Change = Callable[[Image.Image, random.Random], Image.Image]
Options = list[str]


def saved(image: Image.Image, kind: str, quality: int = 0) -> Image.Image:
    """The picture as it comes back from a file of that kind."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"quality": quality} if quality else {}))
    return Image.open(buffer).convert("RGB")


def jpeg(image: Image.Image, draw: random.Random) -> Image.Image:
    return saved(image, "JPEG", draw.randint(50, 95))


def resized(image: Image.Image, draw: random.Random) -> Image.Image:
    """To a share of its size, or to the square that a model reads."""
    if draw.random() < 0.5:
        side = draw.choice((224, 256, 336, 512))
        return image.resize((side, side), Image.Resampling.BICUBIC)
    share = draw.uniform(0.4, 1.5)
    return image.resize((max(1, int(image.width * share)), max(1, int(image.height * share))))


def window(image: Image.Image, draw: random.Random) -> Image.Image:
    """Another window and gamma, as another viewer would have exported it; clips up to 2 % at either end."""
    grey = np.asarray(image.convert("L"), dtype=np.float64)
    low, high = np.percentile(grey, [draw.uniform(0, 2), draw.uniform(98, 100)])
    scaled = np.clip((grey - low) / max(1.0, high - low), 0, 1) ** draw.uniform(0.75, 1.3)
    return Image.fromarray((scaled * 255).astype(np.uint8)).convert("RGB")


def _cut(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    width, height = image.size
    return image.crop(
        (
            round(width * left),
            round(height * top),
            round(width * (1 - right)),
            round(height * (1 - bottom)),
        )
    )


def cut_each(image: Image.Image, draw: random.Random) -> Image.Image:
    """Up to 5 % at each edge."""
    return jpeg(_cut(image, *(draw.uniform(0, 0.05) for _ in range(4))), draw)


def cut_side(image: Image.Image, draw: random.Random) -> Image.Image:
    """5 % of each side, wherever it is taken."""
    across, down = draw.random() * 0.05, draw.random() * 0.05
    return jpeg(_cut(image, across, down, 0.05 - across, 0.05 - down), draw)


def cut_edge(image: Image.Image, draw: random.Random) -> Image.Image:
    """5 % at one edge."""
    edges = [0.0] * 4
    edges[draw.randrange(4)] = 0.05
    return jpeg(_cut(image, *edges), draw)


PICTURES: dict[str, Change] = {
    "PNG": lambda image, draw: saved(image, "PNG"),
    "JPEG 50-95": jpeg,
    "WebP 50-95": lambda image, draw: saved(image, "WEBP", draw.randint(50, 95)),
    "recompressed": lambda image, draw: jpeg(saved(image, "WEBP", draw.randint(60, 90)), draw),
    "resized": resized,
    "resized and JPEG": lambda image, draw: jpeg(resized(image, draw), draw),
    "re-windowed": lambda image, draw: jpeg(window(image, draw), draw),
    "cut 0-5 % at each edge": cut_each,
    "cut 5 % of each side": cut_side,
    "cut 5 % at one edge": cut_edge,
    "mirrored": lambda image, draw: jpeg(ImageOps.mirror(image), draw),
    "inverted": lambda image, draw: jpeg(ImageOps.invert(image), draw),
    "mirrored and cut": lambda image, draw: cut_side(ImageOps.mirror(image), draw),
}
RE_ENCODED = tuple(PICTURES)[:6]
"""Kinds for which recall of 0.99 is the aim."""

_NUMBERS = {
    "2": "two",
    "3": "three",
    "5": "five",
    "7": "seven",
    "12": "twelve",
    "20": "twenty",
    "45": "forty-five",
}
_COMPLAINTS = (
    "chest pain", "shortness of breath", "a dry cough", "swelling of both legs", "pain in the right flank", "a rash",
    "blurred vision", "night sweats", "numb fingers", "a painful knee", "difficulty swallowing", "recurrent headache",
)  # fmt: skip
_FINDINGS = (
    "a pulse of 110", "a fever of 39.2", "a systolic murmur", "crackles at both bases", "a palpable spleen",
    "a raised creatinine", "low sodium", "an enlarged thyroid", "a white count of 15,000", "protein in the urine",
)  # fmt: skip
_ASKED = (
    ("What is the most likely diagnosis?", "Identify the most likely diagnosis."),
    ("Which of the following is the best next step?", "Name the best next step."),
    ("What is the first choice of treatment?", "State first choice of treatment:"),
    ("Which drug should be avoided?", "Select the drug that should be avoided"),
)
_DISEASES = ("nephritis", "myocarditis", "arthritis", "thyroiditis", "embolism", "anaemia")
_COURSES = ("acute", "chronic", "viral", "septic", "benign", "primary")
_ANSWERS = tuple(f"{course} {disease}" for course in _COURSES for disease in _DISEASES)


def question(draw: random.Random) -> dict[str, object]:
    """A vignette with four options, as examinations have them; no two draws are alike by more than chance."""
    asked = draw.randrange(len(_ASKED))
    stem = (
        f"A {draw.choice(list(_NUMBERS))}-year-old {draw.choice(('man', 'woman', 'child'))} has had "
        f"{draw.choice(_COMPLAINTS)} for {draw.choice(list(_NUMBERS))} days and {draw.choice(_COMPLAINTS)}. "
        f"Examination shows {' and '.join(draw.sample(_FINDINGS, 2))}. {_ASKED[asked][0]}"
    )
    options = draw.sample(_ANSWERS, 4)
    return {"question": stem, "options": options, "answer": draw.choice(options)}


def reordered(record: dict[str, object], draw: random.Random) -> dict[str, object]:
    """The options in another order."""
    options = list(record["options"])  # type: ignore[call-overload]
    draw.shuffle(options)
    return record | {"options": options}


def reworded(record: dict[str, object], draw: random.Random) -> dict[str, object]:
    """Case, punctuation, articles, number words and the way of asking, each with its chance."""
    stem = str(record["question"])
    for asked, other in _ASKED:
        if draw.random() < 0.7:
            stem = stem.replace(asked, other)
    if draw.random() < 0.5:
        stem = " ".join(_NUMBERS.get(word, word) for word in stem.replace("-", " ").split())
    if draw.random() < 0.5:
        stem = " ".join(word for word in stem.split() if word.lower() not in ("a", "an", "the"))
    if draw.random() < 0.5:
        stem = stem.replace(". ", "; ").replace("?", " ?")
    return record | {"question": draw.choice((str.upper, str.lower, str))(stem)}


QUESTIONS: dict[str, Callable[[dict[str, object], random.Random], dict[str, object]]] = {
    "options reordered": reordered,
    "reworded by rule": reworded,
    "both": lambda record, draw: reordered(reworded(record, draw), draw),
}


def edited(text: str, draw: random.Random) -> str:
    """A near-copy of a report: one word in fifty replaced, at least one."""
    said = text.split()
    for place in draw.sample(range(len(said)), max(1, len(said) // 50)):
        said[place] = f"word{draw.randrange(1000)}"
    return " ".join(said)
