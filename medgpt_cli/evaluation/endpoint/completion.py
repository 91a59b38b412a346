"""An endpoint's answer, from its bytes to a `Reply`; what is no chat completion is refused, never guessed at.

This module knows nothing of HTTP.
"""

from __future__ import annotations

import msgspec

from medgpt_cli.core.types import Reply, Request
from medgpt_cli.evaluation.endpoint import likelihoods
from medgpt_cli.evaluation.endpoint.channels import part
from medgpt_cli.evaluation.endpoint.faults import Failed, Fault, error_code

FINISHED = {
    "stop": True,
    "eos": True,
    "eos_token": True,
    "stop_sequence": True,
    "length": False,
    "max_tokens": False,
}
"""Whether the model had ended, by the reason a server gives."""


class _Message(msgspec.Struct, frozen=True):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Logprobs(msgspec.Struct, frozen=True):
    content: tuple[likelihoods.Position, ...] | None = None


class _Choice(msgspec.Struct, frozen=True):
    message: _Message
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completion(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...]
    model: str | None = None
    usage: _Usage | None = None


def read(data: bytes, request: Request) -> tuple[Reply, str]:
    """Reads an answer.

    Args:
        data: The body.
        request: What was asked.

    Returns:
        The reply without its times, and the name under which the server says it answered (empty for none).

    Raises:
        Failed: `GARBAGE`, `FILTERED`, or `FAILED` where an error came as an answer.
    """
    try:
        completion = msgspec.json.decode(data, type=_Completion)
    except (ValueError, RecursionError):
        code = error_code(data)
        if code:
            raise Failed(Fault.FAILED, code) from None
        html = data.lstrip()[:1] == b"<"
        raise Failed(Fault.GARBAGE, "a web page" if html else "no chat completion") from None
    if len(completion.choices) != 1:
        raise Failed(Fault.GARBAGE, f"{len(completion.choices)} answers where one belongs")
    [choice] = completion.choices
    if choice.finish_reason == "content_filter":
        raise Failed(Fault.FILTERED)
    finished = FINISHED.get(choice.finish_reason or "")
    if finished is None:
        raise Failed(Fault.GARBAGE, "an answer that does not say why it ended")
    usage = completion.usage or _Usage()
    reply = Reply("", prompt_tokens=max(0, usage.prompt_tokens), tokens=max(0, usage.completion_tokens))
    said, reasoned = (
        choice.message.content or "",
        choice.message.reasoning_content or choice.message.reasoning,
    )
    parted = part(said)
    places = choice.logprobs.content if choice.logprobs else None
    # The first token is the answer's own only where nothing stands before the answer.
    if places and likelihoods.are_letters(request.choices) and not reasoned and parted.text == said:
        reply = msgspec.structs.replace(
            reply, likelihoods=likelihoods.of_letters(request.choices, places[0])
        )
    if request.generate:
        reply = msgspec.structs.replace(
            reply,
            text=parted.text,
            thinking=parted.thinking or (reasoned or "").strip(),
            finished=finished and parted.whole,
        )
    return reply, completion.model or ""
