"""How a question is put: templates that are filled from an item, pictures kept where they stand.

A template may hold

    {question}   the question as the set has it, its pictures in place
    {options}    the options, one by one as `option` writes them
    {letters}    `A, B, C or D`; {first} and {last} are the first and the last letter
    {context} {stem}   what stands before the question's last blank line, and what stands after it
    {given}      what the task gives beside the question, such as the findings of a report
    {facet.NAME} a facet of the record, underscores as blanks

and nothing else.  What is filled in is never read as a template again.  This module knows nothing of which
task uses which prompt.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import msgspec

from medgpt_cli.core.types import Role, Turn
from medgpt_cli.evaluation.items import MARK, Item
from medgpt_cli.evaluation.tasks.task import ChoicesBy, LikelihoodOf

_FIELD = re.compile(r"\{([^{}]*)\}")
_FACET = "facet."
FIELDS = ("question", "options", "letters", "first", "last", "context", "stem", "given")
_PICTURE = re.compile("\0(\\d+)\0")
"""A picture while the text is put together; no record may hold this character."""


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another wording for some of the items.

    Attributes:
        when: Facets and their values that call for it; `kind` is the item's kind, `yes_no` is `yes` where the right
            answer is yes or no (which tells the model something, and is here only because public harnesses do it).
        ask: The template.
    """

    when: dict[str, str]
    ask: str


class Prompt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way to ask.

    Attributes:
        ask: The template of the user's turn.
        system: The template of the system turn; the record's own, if any, when empty.
        option: How an option is written, from {letter} and {text}.
        between: What stands between two options.
        variants: Other wordings; the first that applies is taken.
        shuffle: Seed by which options are put into another order, the same for an item in every run; None leaves it.
        max_new_tokens: Tokens an answer may take; the task's limit when None.
        choices_by: How an option is chosen; as the task says when None.
        likelihood_of: What the likelihood is taken of where options are chosen by it.
    """

    ask: str
    system: str = ""
    option: str = "{letter}. {text}"
    between: str = "\n"
    variants: tuple[Variant, ...] = ()
    shuffle: int | None = None
    max_new_tokens: int | None = None
    choices_by: ChoicesBy | None = None
    likelihood_of: LikelihoodOf = "letter"


def faults(prompt: Prompt) -> list[str]:
    """What a prompt says that no item can fill."""
    templates = [prompt.ask, prompt.system, *(variant.ask for variant in prompt.variants)]
    found = [
        f"{{{name}}} is no field of a prompt; known: {', '.join(FIELDS)}, {_FACET}NAME"
        for template in templates
        for name in _FIELD.findall(template)
        if name not in FIELDS and not name.startswith(_FACET)
    ]
    found += [
        f"{{{name}}} is no part of an option; known: letter, text"
        for name in _FIELD.findall(prompt.option)
        if name not in ("letter", "text")
    ]
    return list(dict.fromkeys(found))


def prompted(item: Item, prompt: Prompt, given: str = "") -> Item:
    """The item as it is asked under a prompt.

    Args:
        item: As made of its record.
        prompt: The wording.
        given: What the task gives beside the question.
    """
    *before, asked = item.turns
    text = "".join(part if isinstance(part, str) else f"\0{part}\0" for part in asked.parts)
    question, texts = _taken_apart(text, item.options)
    if prompt.shuffle is not None and texts:
        item, texts = _shuffled(item, texts, prompt.shuffle)
    context, _, stem = question.rpartition("\n\n")
    letters = [letter for letter, _ in item.options]
    words = {
        "question": question,
        "options": prompt.between.join(
            _filled(prompt.option, {"letter": letter, "text": text})
            for letter, text in zip(letters, texts, strict=False)
        ),
        "letters": _listed(letters),
        "first": letters[0] if letters else "",
        "last": letters[-1] if letters else "",
        "context": context,
        "stem": stem,
        "given": given,
    } | {f"{_FACET}{name}": value.replace("_", " ") for name, value in item.facets}
    system = _filled(prompt.system, words)
    turns = [Turn(Role.SYSTEM, (system,))] if system else list(before)
    shown: list[int] = []
    turns.append(Turn(Role.USER, _parts(_filled(_wording(item, prompt), words), shown)))
    return replace(item, turns=tuple(turns), images=tuple(item.images[index] for index in shown))


def _wording(item: Item, prompt: Prompt) -> str:
    known = dict(item.facets) | {"kind": item.kind.value}
    known["yes_no"] = "yes" if item.gold.strip().lower() in ("yes", "no") else "no"
    for variant in prompt.variants:
        if all(
            known.get(name, "").casefold() == value.casefold() for name, value in variant.when.items()
        ):
            return variant.ask
    return prompt.ask


def _filled(template: str, words: dict[str, str]) -> str:
    return _FIELD.sub(lambda match: words.get(match[1], ""), template)


def _listed(letters: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(letters[:-1]), *letters[-1:])))


def _taken_apart(text: str, options: tuple[tuple[str, str], ...]) -> tuple[str, list[str]]:
    """The question, and the options' texts; no texts where they do not stand behind the question as we write them."""
    block = "".join(f"\n{letter}. {option}" for letter, option in options)
    found = re.search(f"{_pattern(block)}\\Z", text) if block else None
    if not found:
        return text, []
    pictures = iter(found.groups())
    texts = [re.sub(MARK, lambda _: f"\0{next(pictures)}\0", option) for _, option in options]
    return text[: found.start()], texts


def _pattern(block: str) -> str:
    """What finds the options again: when a record is read, a newline beside a picture goes with its mark."""
    *before, last = [piece.removeprefix("\n") for piece in block.split(MARK)]
    pieces = [piece.removesuffix("\n") for piece in before]
    return "\n?" + "\n?\0(\\d+)\0\n?".join(map(re.escape, (*pieces, last)))


def _shuffled(item: Item, texts: list[str], seed: int) -> tuple[Item, list[str]]:
    """Texts under other letters; the right letters go with their texts."""

    def rank(index: int) -> bytes:
        return hashlib.sha256(f"{seed}\0{item.id}\0{index}".encode()).digest()

    order = sorted(range(len(texts)), key=rank)
    letters = [letter for letter, _ in item.options]
    options = tuple(
        (letter, item.options[index][1]) for letter, index in zip(letters, order, strict=True)
    )
    right = tuple(
        letter
        for letter, index in zip(letters, order, strict=True)
        if item.options[index][0] in item.letters
    )
    moved = replace(item, options=options, letters=right, gold=right[0], golds=right)
    return moved, [texts[index] for index in order]


def _parts(text: str, shown: list[int]) -> tuple[str | int, ...]:
    """A text with its pictures as parts, numbered anew in the order they are shown."""
    parts: list[str | int] = []
    for number, piece in enumerate(_PICTURE.split(text)):
        if number % 2:
            parts.append(len(shown))
            shown.append(int(piece))
        elif piece:
            parts.append(piece)
    return tuple(parts)
