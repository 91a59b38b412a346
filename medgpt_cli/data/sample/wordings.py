"""Every wording of every kind of question, with the answers it can have.

A word in braces is a slot; `SLOTS` lists what may stand there, so that `every_wording` can spell all of them out for
whoever needs the text alone (the tokenizer of `tiny` is trained on it).  This module knows nothing of pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from string import Formatter

from medgpt_cli.data.sample.anatomy import LEVELS, PLANES

YES_NO = ("yes", "no")
GREY, WHITE = "grey matter", "white matter"
PHRASES = {
    "MR": "an MR image",
    "CT": "a CT image",
    "ultrasound": "an ultrasound image",
    "nuclear medicine": "a nuclear medicine image",
    "fundus photograph": "a fundus photograph",
    "histology": "a histology image",
}
"""How a modality stands in a sentence."""

SLOTS: Mapping[str, tuple[str, ...]] = {
    "plane": PLANES,
    "a_plane": ("an axial", "a coronal", "a sagittal"),
    "level": ("inferior", "middle", "superior", "posterior", "anterior"),
    "levels": tuple(f"{low}, {middle} or {high}" for low, middle, high in LEVELS.values()),
    "up": ("superior", "anterior"),
    "percent": ("30", "35", "40", "45"),
    "a_modality": tuple(PHRASES.values()),
}

WORDINGS: Mapping[str, tuple[str, ...]] = {
    "mni152/plane": (
        "In which plane is this brain slice cut?",
        "Is this slice axial, coronal or sagittal?",
        "What is the imaging plane of this slice?",
        "Name the plane of this MR slice.",
        "Which plane does this picture show?",
        "How is this slice oriented: axial, coronal or sagittal?",
    ),
    "mni152/plane-check": (
        "Is this {a_plane} slice?",
        "Was this slice cut in the {plane} plane?",
        "Does this picture show {a_plane} section of the brain?",
    ),
    "mni152/level": (
        "Which third of the brain does this {plane} slice lie in: {levels}?",
        "At what level of the brain is this {plane} slice: {levels}?",
        "Through which third of the brain does this {plane} slice pass?",
        "Name the level of this {plane} slice: {levels}.",
    ),
    "mni152/level-check": (
        "Does this {plane} slice lie in the {level} third of the brain?",
        "Is this {plane} slice from the {level} third of the brain?",
        "Is the level of this {plane} slice {level}?",
    ),
    "mni152/side": (
        "Sagittal slices are drawn as seen from their own side of the head. "
        "Is this slice left, right or near the midline?",
        "This sagittal slice is seen from its own side of the head. Is its side left, right or midline?",
        "Seen from its own side of the head: which side is this sagittal slice, left, right or midline?",
    ),
    "mni152/hemisphere": (
        "In radiological convention, with the patient's left on the right of the picture: "
        "which hemisphere is shown, left or right?",
        "Only one hemisphere is shown, in radiological convention. Is it the left or the right one?",
        "One hemisphere is blacked out. Which one is still there in radiological convention, left or right?",
    ),
    "mni152/tissue": (
        "Which tissue covers more of this slice, grey matter or white matter?",
        "Is there more grey matter or more white matter in this slice?",
        "Which has the larger area here: grey matter or white matter?",
    ),
    "mni152/white-share": (
        "Is more than {percent} percent of the grey and white matter in this {plane} slice white matter?",
        "Does white matter make up more than {percent} percent of the grey and white matter in this {plane} slice?",
    ),
    "mni152/same-plane": (
        "Are these two slices cut in the same plane?",
        "Do both pictures show the same plane?",
    ),
    "mni152/order": (
        "Which of these two {plane} slices is more {up}, the first or the second?",
        "Two {plane} slices: is the first or the second more {up}?",
    ),
    "pictures/modality": (
        "What kind of medical image is this?",
        "Which modality is this?",
        "How was this picture made: MR, CT, ultrasound, nuclear medicine, fundus photograph or histology?",
        "Name the imaging modality.",
    ),
    "pictures/modality-check": (
        "Is this {a_modality}?",
        "Does this picture show {a_modality}?",
        "Would you call this {a_modality}?",
    ),
    "pictures/region": (
        "Which part of the body is shown?",
        "What part of the body does this picture come from?",
        "Name the body part.",
    ),
}

ANSWERS: Mapping[str, tuple[str, ...]] = {
    "mni152/plane": PLANES,
    "mni152/plane-check": YES_NO,
    "mni152/level": SLOTS["level"],
    "mni152/level-check": YES_NO,
    "mni152/side": ("left", "right", "midline"),
    "mni152/hemisphere": ("left", "right"),
    "mni152/tissue": (GREY, WHITE),
    "mni152/white-share": YES_NO,
    "mni152/same-plane": YES_NO,
    "mni152/order": ("first", "second"),
    "pictures/modality": tuple(PHRASES),
    "pictures/modality-check": YES_NO,
    "pictures/region": ("brain", "head", "abdomen", "whole body", "eye", "colon"),
}
"""The answers a kind can have."""

CAPTIONS = (
    "{a_plane} T1-weighted MR slice of the brain, {where}.",
    "T1-weighted MR image of the brain in the {plane} plane: {where}.",
    "MR of the brain, {plane}, {where}.",
)
SYSTEM = (
    "You answer questions about medical images with one to three words.",
    "You are a radiology teaching assistant. Answer briefly.",
)


def a_plane(plane: str) -> str:
    """The plane with its article."""
    return SLOTS["a_plane"][PLANES.index(plane)]


def every_wording() -> Iterator[str]:
    """Each question with each of its slots filled in every way, and each answer."""
    for kind, wordings in WORDINGS.items():
        for wording in wordings:
            names = [name for _, name, _, _ in Formatter().parse(wording) if name]
            for words in product(*(SLOTS[name] for name in names)):
                yield wording.format(**dict(zip(names, words, strict=True)))
        yield from ANSWERS[kind]
    yield from SYSTEM
