"""One question in each of the forms in which training data are written: pair, messages, LLaVA, caption, text.

Training records are spread over the forms so that every reader is exercised; held-out ones are plain
`question` + `answer` + `image`.  Knows nothing of where pictures come from.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from string import ascii_uppercase
from typing import Any

from medgpt_cli.data.sample.material import Picture, Question
from medgpt_cli.data.sample.wordings import ANSWERS, CAPTIONS, SYSTEM, YES_NO, a_plane

Record = dict[str, Any]

TALKED_OVER = 0.8
"""Part of the pictures with several questions that are asked about in one conversation instead of one by one.

A conversation reads its picture once for all its questions.
"""


def plain(question: Question) -> Record:
    """`question` + `answer`, with `image` or `images` where there are any."""
    return {"question": question.text, "answer": question.answer, **_images(question.pictures)}


def varied(question: Question, rng: random.Random) -> Record:
    """The question in a form chosen by `rng`."""
    form = rng.choices(list(FORMS), weights=list(FORMS.values()))[0]
    record = form(question, rng)
    if question.pictures and rng.random() < WITH_SYSTEM:
        record["system"] = rng.choice(SYSTEM)
    return record


def training(questions: Sequence[Question], rng: random.Random) -> list[tuple[Record, Question]]:
    """Every question once, alone or in a conversation about its picture, with one of the record's questions."""
    by_picture: dict[str, list[Question]] = {}
    alone = []
    for question in questions:
        if len(question.pictures) == 1:
            by_picture.setdefault(question.pictures[0].name, []).append(question)
        else:
            alone.append(question)
    records = []
    for own in by_picture.values():
        if len(own) > 1 and rng.random() < TALKED_OVER:
            records.append((dialogue(rng.sample(own, len(own)), rng), own[0]))
        else:
            alone += own
    return records + [(varied(question, rng), question) for question in alone]


def source(record: Record, question: Question) -> str:
    """The kind of a record's question; a conversation has a kind of its own."""
    spoken = record.get("messages") or record.get("conversations") or ()
    answers = sum((turn.get("role") or turn.get("from")) in ("assistant", "gpt") for turn in spoken)
    return f"{question.kind.split('/')[0]}/dialogue" if answers > 1 else question.kind


def dialogue(questions: Sequence[Question], rng: random.Random) -> Record:
    """Several questions about one picture as one conversation, in messages or LLaVA form.

    Args:
        questions: All of the same single picture.
        rng: Chooses the form, and whether a system message opens it.
    """
    picture = _path(questions[0].pictures[0])
    turns = [(f"<image>\n{q.text}" if i == 0 else q.text, q.answer) for i, q in enumerate(questions)]
    if rng.random() < 0.5:
        spoken = [
            {"from": who, "value": text}
            for turn in turns
            for who, text in zip(("human", "gpt"), turn, strict=True)
        ]
        return {"conversations": spoken, "image": picture}
    messages = [
        {"role": who, "content": text}
        for turn in turns
        for who, text in zip(("user", "assistant"), turn, strict=True)
    ]
    if rng.random() < 0.5:
        messages.insert(0, {"role": "system", "content": rng.choice(SYSTEM)})
    return {"messages": messages, "images": [picture]}


def caption(picture: Picture, rng: random.Random) -> Record:
    """A slice of the head with a sentence about it."""
    return {"image": _path(picture), "caption": describe(picture, rng)}


def document(pictures: Sequence[Picture], rng: random.Random) -> Record:
    """A short text with its figures in place, for mid-training."""
    parts = [f"Figure {i}.\n<image>\n{describe(p, rng)}" for i, p in enumerate(pictures, 1)]
    return {"text": "\n\n".join(parts), "images": [_path(p) for p in pictures]}


def describe(picture: Picture, rng: random.Random) -> str:
    """A sentence that is true of a slice of the head."""
    facts = picture.facts
    if facts["level"]:
        where = f"{facts['level']} third"
    else:
        where = {"left": "left hemisphere", "right": "right hemisphere", "midline": "near the midline"}[
            facts["side"]
        ]
    wording = rng.choice(CAPTIONS)
    text = wording.format(plane=facts["plane"], a_plane=a_plane(facts["plane"]), where=where)
    return text[0].upper() + text[1:]


def can_describe(picture: Picture) -> bool:
    """Whether a picture is a whole slice of the head with a level or a side to name."""
    return "hidden" not in picture.facts and bool(picture.facts["level"] or picture.facts["side"])


def _path(picture: Picture) -> str:
    return f"images/{picture.name}"


def _images(pictures: Sequence[Picture]) -> Record:
    if not pictures:
        return {}
    if len(pictures) == 1:
        return {"image": _path(pictures[0])}
    return {"images": [_path(p) for p in pictures]}


def _pair(question: Question, _: random.Random) -> Record:
    return plain(question)


def _prompt(question: Question, _: random.Random) -> Record:
    return {"prompt": question.text, "response": question.answer, **_images(question.pictures)}


def _options(question: Question, rng: random.Random) -> Record:
    """Multiple choice by letter, where the kind has a handful of answers; else the plain pair."""
    words = [
        word
        for word in ANSWERS.get(question.kind, ())
        if word in question.text or len(ANSWERS[question.kind]) <= 3
    ]
    if question.answer not in words or set(words) <= set(YES_NO):
        return plain(question)
    rng.shuffle(words)
    options = dict(zip(ascii_uppercase, words, strict=False))
    letter = next(key for key, word in options.items() if word == question.answer)
    return {
        "question": question.text,
        "options": options,
        "answer": letter,
        **_images(question.pictures),
    }


def _messages(question: Question, rng: random.Random) -> Record:
    marks = "".join("<image>\n" for _ in question.pictures)
    content: Any = marks + question.text
    if rng.random() < 0.5:
        content = [{"type": "image"} for _ in question.pictures] + [
            {"type": "text", "text": question.text}
        ]
    messages = [{"role": "user", "content": content}, {"role": "assistant", "content": question.answer}]
    record: Record = {"messages": messages}
    if question.pictures:
        record["images"] = [_path(p) for p in question.pictures]
    return record


def _llava(question: Question, rng: random.Random) -> Record:
    """With tags, without (the picture then goes first), and under LLaVA-Med's misspelt key."""
    tagged = len(question.pictures) != 1 or rng.random() < 0.7
    marks = "".join("<image>\n" for _ in question.pictures) if tagged else ""
    spoken = [
        {"from": "human", "value": marks + question.text},
        {"from": "gpt", "value": question.answer},
    ]
    record: Record = {"conversations" if rng.random() < 0.8 else "conversatons": spoken}
    if question.pictures:
        paths = [_path(p) for p in question.pictures]
        record["image"] = paths[0] if len(paths) == 1 else paths
    return record


FORMS: dict[Callable[[Question, random.Random], Record], int] = {
    _pair: 45,
    _prompt: 10,
    _options: 5,
    _messages: 20,
    _llava: 20,
}
"""Each form with its weight."""

WITH_SYSTEM = 0.03
"""Part of the records about pictures that carry a `system` line."""
