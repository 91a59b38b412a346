"""A question and its answer, with options or without, and an image and its caption.

This module knows nothing of files.
"""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

from medgpt_cli.core.types import Role, Turn
from medgpt_cli.data.complaints import kind, text_of, unfit
from medgpt_cli.data.marks import MARK, Parts, refuse_uneven, split_turn
from medgpt_cli.data.turns import system_turn

CAPTION_PROMPT = "Describe this image."
"""What the user says before a caption: one fixed line, the same in every run."""

_USER, _ASSISTANT = Role.USER, Role.ASSISTANT

Options = tuple[tuple[str, str], ...]


def pair(
    record: dict[str, Any], images: int, question_key: str, answer_key: str
) -> tuple[tuple[Turn, ...], Options, str]:
    """A question and its answer as (turns, options, answer as written).

    With options the user reads the question and one line "A. text" for each; the assistant answers with the letter.
    """
    question = text_of(record[question_key], question_key)
    answer = text_of(record[answer_key], answer_key)
    options: Options = ()
    said = answer
    if "options" in record:
        options = options_of(record["options"])
        said = letter_of(answer, options, answer_key)
        question = "\n".join([question, *(f"{letter}. {text}" for letter, text in options)])
    return _two_turns(record, _asked(question, images, question_key), said, answer_key), options, answer


def caption(record: dict[str, Any], images: int) -> tuple[Turn, ...]:
    """An image and its caption, asked for with `CAPTION_PROMPT`."""
    said = text_of(record["caption"], "caption")
    if not images:
        raise unfit("caption", "has no image", "add image: path, or write the text form")
    return _two_turns(record, _asked(CAPTION_PROMPT, images, "caption"), said, "caption")


def _asked(question: str, images: int, field: str) -> Parts:
    """The user's parts; images without a single tag come first."""
    if MARK not in question:
        return (*range(images), question)
    refuse_uneven(question.count(MARK), images, field)
    return split_turn(question, 0)


def _two_turns(record: dict[str, Any], asked: Parts, said: str, field: str) -> tuple[Turn, ...]:
    if MARK in said:
        raise unfit(field, f"shows an image ({MARK})", "images stand in what the user says")
    thinking = text_of(record["thinking"], "thinking") if "thinking" in record else ""
    turns = (Turn(_USER, asked), Turn(_ASSISTANT, (said,), thinking))
    return (system_turn(record), *turns) if "system" in record else turns


def options_of(value: Any) -> Options:
    """Options as (letter, text): a list is lettered from A on, an object brings its own letters."""
    if type(value) is list:
        if len(value) > len(ascii_uppercase):
            raise unfit(
                "options", f"has {len(value)} options", f"at most {len(ascii_uppercase)} have a letter"
            )
        options = tuple(
            (letter, text_of(text, f"options[{index}]"))
            for index, (letter, text) in enumerate(zip(ascii_uppercase, value, strict=False))
        )
    elif type(value) is dict:
        for letter in value:
            if len(letter) != 1 or letter.upper() not in ascii_uppercase:
                raise unfit(
                    "options", "has a key that is not one letter from A to Z", "write {letter: text}"
                )
        options = tuple(
            (letter.upper(), text_of(text, f"options.{letter}")) for letter, text in value.items()
        )
        letters = [letter for letter, _ in options]
        for letter in letters:
            if letters.count(letter) > 1:
                raise unfit(
                    "options", f"has the letter {letter} twice", "give each option its own letter"
                )
    else:
        raise unfit(
            "options", f"is {kind(value)} where a list or an object belongs", "write [text, text, …]"
        )
    if len(options) < 2:
        raise unfit(
            "options",
            f"has {len(options)} option{'' if len(options) == 1 else 's'}",
            "a choice has at least 2",
        )
    return options


def letter_of(answer: str, options: Options, field: str) -> str:
    """The letter an answer means, written as a letter or as the text of an option.

    Raises:
        Unfit: It is none of the options, or it is the letter of one and the text of another.
    """
    plain = answer.strip().casefold()
    meant = {letter for letter, text in options if plain in (letter.casefold(), text.strip().casefold())}
    if len(meant) == 1:
        return meant.pop()
    if meant:
        raise unfit(
            field,
            f"may mean option {' or '.join(sorted(meant))}",
            "write options as {letter: text} with letters that are no option's text, or make the texts differ",
        )
    raise unfit(field, "is none of the options", "write the letter or the text of one of them")
