"""A body of `/v1/chat/completions` as a dialogue: OpenAI's fields, told apart strictly.

What cannot be granted (sampling, tools, several answers) is refused rather than ignored: an answer must be the one
that was asked for.  Pictures come inside the request alone; a path or an address is never opened.  Messages name
fields and never repeat what was sent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from medgpt_cli.core.types import Role, Turn
from medgpt_cli.serving.faults import Fault
from medgpt_cli.serving.inline import Inline, inline_picture
from medgpt_cli.serving.limits import Limits


class _Strict(msgspec.Struct, forbid_unknown_fields=True):
    pass


class ImageUrl(_Strict):
    """A picture; `frame` and `window` are ours and say which one of a DICOM file, and how it is shown."""

    url: str
    detail: str | None = None
    frame: int | None = None
    window: tuple[float, float] | None = None


class ImagePart(_Strict, tag="image_url"):
    """Where a picture stands among the text."""

    image_url: ImageUrl


class TextPart(_Strict, tag="text"):
    """Text."""

    text: str


class Message(_Strict):
    """One message, with the empty fields that OpenAI's client sends back with an earlier answer."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart | ImagePart] | None = None
    reasoning_content: str | None = None
    name: str | None = None
    refusal: str | None = None
    annotations: list[Any] | None = None
    audio: None = None
    function_call: None = None
    tool_calls: list[Any] | None = None


class StreamOptions(_Strict):
    """What a stream brings besides."""

    include_usage: bool = False
    include_obfuscation: bool = False


class Body(_Strict):
    """All fields that are known; those that would change the answer are looked at by `_refuse_wishes`."""

    messages: list[Message]
    model: str | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logprobs: bool | None = None
    response_format: dict[str, Any] | None = None
    tools: list[Any] | None = None
    tool_choice: Any = None
    user: str | None = None
    metadata: dict[str, Any] | None = None
    store: bool | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the model.

    Attributes:
        turns: The dialogue, ending with a user's message.
        pictures: What its image parts index into.
        max_tokens: Limit of the answer; the model's default when None.
        stream: Whether the answer is sent as it is written.
        usage: Whether a stream ends with the count of tokens.
    """

    turns: tuple[Turn, ...]
    pictures: tuple[Inline, ...]
    max_tokens: int | None
    stream: bool
    usage: bool


def read_asked(body: bytes | bytearray, limits: Limits, model: str) -> Asked:
    """Understands a body.

    Args:
        body: JSON.
        limits: Of turns, pictures and text.
        model: The only one that is served.

    Raises:
        Fault: 400, or 404 for another model.
    """
    try:
        wanted = msgspec.json.decode(body, type=Body)
    except msgspec.ValidationError as error:
        raise Fault(400, "invalid_field", f"{error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Fault(400, "invalid_json", "the body is not JSON") from None
    if wanted.model not in (None, "", model):
        raise Fault(404, "model_not_found", f"the model served here is {model}", param="model")
    _refuse_wishes(wanted)
    turns, pictures = _dialogue(wanted.messages, limits)
    return Asked(
        turns=turns,
        pictures=pictures,
        max_tokens=_limit(wanted),
        stream=bool(wanted.stream),
        usage=bool(wanted.stream_options and wanted.stream_options.include_usage),
    )


def _refuse_wishes(body: Body) -> None:
    harmless: dict[str, tuple[Any, ...]] = {
        "temperature": (None, 0),
        "top_p": (None, 1),
        "n": (None, 1),
        "stop": (None, [], ""),
        "presence_penalty": (None, 0),
        "frequency_penalty": (None, 0),
        "logprobs": (None, False),
        "response_format": (None, {"type": "text"}),
        "tools": (None, []),
        "tool_choice": (None, "none", "auto"),
    }
    for name, granted in harmless.items():
        if getattr(body, name) not in granted:
            raise Fault(
                400,
                "unsupported_field",
                f"{name} cannot be granted: one greedy, deterministic answer in plain text is given; leave it out",
                param=name,
            )


def _limit(body: Body) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        if (limit := getattr(body, name)) is not None:
            if limit < 1:
                raise Fault(400, "invalid_field", f"{name} must be 1 or more", param=name)
            return int(limit)
    return None


def _dialogue(
    messages: Sequence[Message], limits: Limits
) -> tuple[tuple[Turn, ...], tuple[Inline, ...]]:
    if not messages or messages[-1].role != "user":
        raise Fault(400, "no_question", "the last message must be the user's", param="messages")
    if len(messages) > limits.turns:
        raise Fault(
            400, "too_many_messages", f"a dialogue may have {limits.turns} messages", param="messages"
        )
    pictures: list[Inline] = []
    turns = []
    characters = 0
    for index, message in enumerate(messages):
        where = f"messages[{index}]"
        _refuse_tools(message, where)
        if message.role in ("system", "developer") and index:
            raise Fault(400, "late_system", "a system message comes first", param=where)
        parts: list[str | int] = []
        for number, part in enumerate(_parts(message)):
            if isinstance(part, TextPart):
                characters += len(part.text)
                parts.append(part.text)
                continue
            place = f"{where}.content[{number}].image_url"
            if message.role != "user":
                raise Fault(400, "misplaced_image", "only the user shows pictures", param=place)
            if len(pictures) == limits.pictures:
                most = f"a dialogue may have {limits.pictures} pictures"
                raise Fault(400, "too_many_images", most, param=place)
            parts.append(len(pictures))
            pictures.append(_picture(part.image_url, place))
        if message.role != "assistant" and not any(isinstance(p, int) or p.strip() for p in parts):
            raise Fault(400, "empty_message", "a message says and shows nothing", param=where)
        turns.append(Turn(Role(message.role.replace("developer", "system")), tuple(parts)))
    if characters > limits.characters:
        most = f"a dialogue may have {limits.characters:,} characters"
        raise Fault(400, "too_long", most, param="messages")
    return tuple(turns), tuple(pictures)


def _parts(message: Message) -> Sequence[TextPart | ImagePart]:
    if isinstance(message.content, str):
        return [TextPart(message.content)]
    return message.content or []


def _refuse_tools(message: Message, where: str) -> None:
    if message.tool_calls:
        raise Fault(400, "unsupported_field", "tools are not served", param=f"{where}.tool_calls")


def _picture(shown: ImageUrl, place: str) -> Inline:
    if shown.frame is not None and shown.frame < 0:
        raise Fault(400, "invalid_field", "frame counts from 0", param=f"{place}.frame")
    if shown.window is not None and not is_window(*shown.window):
        raise Fault(
            400,
            "invalid_field",
            "window is [centre, width], the width above 0",
            param=f"{place}.window",
        )
    return inline_picture(shown.url, frame=shown.frame, window=shown.window, place=place)


def is_window(centre: float, width: float) -> bool:
    """Whether two numbers are a display window."""
    return math.isfinite(centre) and abs(centre) <= 1e6 and 0 < width <= 1e6
