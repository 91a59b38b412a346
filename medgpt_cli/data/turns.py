"""Dialogues: the messages form and LLaVA's conversations, into turns.

A dialogue may open with one system turn; then user and assistant alternate, and the assistant ends it, since its
words are what is learnt.  Special tokens typed inside a text are left as they are: the template neutralises them.
This module knows nothing of files.
"""

from __future__ import annotations

from typing import Any

from medgpt_cli.core.types import Role, Turn
from medgpt_cli.data.complaints import key_name, kind, text_of, unfit
from medgpt_cli.data.marks import MARK, Parts, refuse_uneven, says_something, split_turn

_ROLES = {role.value: role for role in Role}
_SPEAKERS = {"human": Role.USER, "gpt": Role.ASSISTANT, "system": Role.SYSTEM}


def messages(record: dict[str, Any], images: int) -> tuple[Turn, ...]:
    """The turns of a record in the messages form."""
    turns = _turns(record["messages"], "messages", ("role", "content"), _ROLES)
    refuse_uneven(sum(len(turn.images) for turn in turns), images, "messages")
    return _checked(turns, record, "messages")


def conversations(record: dict[str, Any], images: int, field: str) -> tuple[Turn, ...]:
    """The turns of a record in LLaVA's form; images without a single tag come first."""
    turns = _turns(record[field], field, ("from", "value"), _SPEAKERS)
    marks = sum(len(turn.images) for turn in turns)
    if images and not marks:
        turns = _images_first(turns, images)
    else:
        refuse_uneven(marks, images, field)
    return _checked(turns, record, field)


def _turns(value: Any, field: str, keys: tuple[str, str], roles: dict[str, Role]) -> list[Turn]:
    if type(value) is not list:
        raise unfit(field, f"is {kind(value)} where a list of messages belongs")
    if not value:
        raise unfit(
            field, "is an empty dialogue", "add a question and an answer, or leave the record out"
        )
    turns: list[Turn] = []
    shown = 0
    for index, message in enumerate(value):
        turn = _turn(message, f"{field}[{index}]", keys, roles, shown)
        shown += len(turn.images)
        turns.append(turn)
    return turns


def _turn(message: Any, field: str, keys: tuple[str, str], roles: dict[str, Role], shown: int) -> Turn:
    who, what = keys
    if type(message) is not dict:
        raise unfit(
            field,
            f"is {kind(message)} where a message belongs",
            f"write an object with {who} and {what}",
        )
    for key, value in message.items():
        if key not in (who, what, "thinking") and value is not None:
            raise unfit(
                f"{field}.{key_name(key)}",
                "is no key of a message",
                f"a message has {who}, {what} and thinking",
            )
    for key in keys:
        if message.get(key) is None:
            raise unfit(f"{field}.{key}", "is missing", f"a message has {who} and {what}")
    role = roles.get(message[who]) if type(message[who]) is str else None
    if role is None:
        raise unfit(f"{field}.{who}", "is an unknown role", f"write one of {', '.join(roles)}")
    content = f"{field}.{what}"
    parts = _content(message[what], content, shown)
    if role is not Role.USER and any(isinstance(part, int) for part in parts):
        raise unfit(
            content, f"is not a user's and shows an image ({MARK})", "images stand in what the user says"
        )
    if not says_something(parts):
        raise unfit(content, "is empty", "fill it in, or leave the record out")
    thinking = message.get("thinking")
    if thinking is not None and role is not Role.ASSISTANT:
        raise unfit(f"{field}.thinking", "belongs to the assistant", "move it to the answer")
    return Turn(role, parts, "" if thinking is None else text_of(thinking, f"{field}.thinking"))


def _content(value: Any, field: str, shown: int) -> Parts:
    """A content as a string with marks, or as a list of parts."""
    if type(value) is str:
        return split_turn(value, shown)
    if type(value) is not list:
        raise unfit(
            field, f"is {kind(value)} where a text or a list of parts belongs", "write it in quotes"
        )
    parts: list[str | int] = []
    for index, part in enumerate(value):
        where = f"{field}[{index}]"
        match part:
            case {"type": "image", **rest} if not rest:
                parts.append(shown)
                shown += 1
            case {"type": "text", "text": str(text), **rest} if not rest:
                if MARK in text:
                    raise unfit(
                        where, f"holds an {MARK} tag inside a text part", 'write {"type": "image"}'
                    )
                parts += [text] if text else []
            case _:
                raise unfit(
                    where,
                    "is no part of a content",
                    'write {"type": "text", "text": …} or {"type": "image"}, and the paths in images',
                )
    return tuple(parts)


def _images_first(turns: list[Turn], images: int) -> list[Turn]:
    """All images before the text of the first user turn."""
    for index, turn in enumerate(turns):
        if turn.role is Role.USER:
            turns[index] = Turn(turn.role, (*range(images), *turn.parts))
            break
    return turns


def _checked(turns: list[Turn], record: dict[str, Any], field: str) -> tuple[Turn, ...]:
    """The turns in an order that can be learnt, with the record's own `system` and `thinking` put in."""
    first = 1 if turns[0].role is Role.SYSTEM else 0
    for index, turn in enumerate(turns[first:]):
        expected = (Role.USER, Role.ASSISTANT)[index % 2]
        if turn.role is not expected:
            raise unfit(
                f"{field}[{first + index}]",
                f"is {_article(turn.role)} turn where {_article(expected)} turn belongs",
                "a system turn may come first; then user and assistant alternate, and the user begins",
            )
    if len(turns) == first or turns[-1].role is not Role.ASSISTANT:
        raise unfit(
            field, "has no assistant answer at the end", "add the answer, or leave the last question out"
        )
    if "thinking" in record:
        if turns[-1].thinking:
            raise unfit(
                "thinking", "stands beside the last answer's own thinking", "keep one of the two"
            )
        turns[-1] = Turn(Role.ASSISTANT, turns[-1].parts, text_of(record["thinking"], "thinking"))
    if "system" in record:
        if first:
            raise unfit("system", f"stands beside a system turn in {field}", "keep one of the two")
        turns.insert(0, system_turn(record))
    return tuple(turns)


def _article(role: Role) -> str:
    return f"{'an' if role is Role.ASSISTANT else 'a'} {role}"


def system_turn(record: dict[str, Any]) -> Turn:
    """The turn made of a record's `system` field."""
    text = text_of(record["system"], "system")
    if MARK in text:
        raise unfit("system", f"shows an image ({MARK})", "images stand in what the user says")
    return Turn(Role.SYSTEM, (text,))
