"""Samples written by hand for the filters' tests."""

from __future__ import annotations

from medgpt_cli.core.types import Place, Role, Sample, Turn

HERE = Place("local.jsonl", 1)


def answered(answer: str, question: str = "What is seen?", **words: object) -> Sample:
    """A question and its answer."""
    turns = (Turn(Role.USER, (question,)), Turn(Role.ASSISTANT, (answer,)))
    return Sample(HERE, turns, **words)


def shown(answer: str, *images: str) -> Sample:
    """A picture and what is said of it."""
    return answered(answer, images=images or ("a.png",))


def document(text: str) -> Sample:
    """A plain text."""
    return Sample(HERE, document=(text,))


def choice(question: str, answer: str, *options: str) -> Sample:
    """A multiple choice as the records' reader writes it: options below the question, the letter as answer."""
    lettered = tuple(zip("ABCDEFG", options, strict=False))
    asked = "\n".join([question, *(f"{letter}. {text}" for letter, text in lettered)])
    return answered(answer, asked, options=lettered)
