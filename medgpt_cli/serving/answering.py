"""The answer to a chat completion: one document, or a stream of events as it is written.

Nothing is sent before the model has read everything, so a refusal always has its own HTTP status.  In a stream the
reasoning comes as a whole behind the answer, apart from it as in the document.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from medgpt_cli.core.types import Reply
from medgpt_cli.serving.asked import Asked
from medgpt_cli.serving.faults import Fault, Gone
from medgpt_cli.serving.run import Ended, Engine, Event, Run, Wrote

QUIET_SECONDS = 10.0
"""After so long without a word a stream sends a comment, lest a proxy takes it for dead."""


class Answering:
    """A response in Starlette's sense: called with a connection, it waits for the model and sends.

    Args:
        engine: The model.
        asked: The question.
        model: Its name.
    """

    def __init__(self, engine: Engine, asked: Asked, model: str) -> None:
        self._engine = engine
        self._asked = asked
        self._identity = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": model,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers.

        Raises:
            Fault: Nothing was sent yet, and there will be no answer.
            Gone: The client hung up.
        """
        run = Run(self._engine, self._asked)
        leaving = asyncio.ensure_future(_leaves(receive))
        try:
            first = await _next(run, leaving)
            if isinstance(first, Fault):
                raise first
            if self._asked.stream:
                await self._stream(run, leaving, send, first)
            else:
                await self._document(await _end(run, leaving, first))(scope, receive, send)
        finally:
            leaving.cancel()
            run.leave()

    def _document(self, reply: Reply) -> JSONResponse:
        message = {"role": "assistant", "content": reply.text}
        if reply.thinking:
            message["reasoning_content"] = reply.thinking
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _reason(reply)}
        return JSONResponse(
            {**self._identity, "object": "chat.completion", "choices": [choice], "usage": _usage(reply)}
        )

    async def _stream(
        self, run: Run, leaving: asyncio.Future[None], send: Send, event: Event | None
    ) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

        async def say(text: str, more: bool = True) -> None:
            body = text.encode()
            await send({"type": "http.response.body", "body": body, "more_body": more})

        await say(self._chunk({"role": "assistant", "content": ""}))
        while True:
            if event is None:
                await say(": the model is thinking\n\n")
            elif isinstance(event, Wrote):
                await say(self._chunk({"content": event.text}))
            elif isinstance(event, Fault):
                await say(f"data: {_json(event.document())}\n\n", more=False)
                return
            elif isinstance(event, Ended):
                break
            event = await _next(run, leaving, QUIET_SECONDS)
        if event.reply.thinking:
            await say(self._chunk({"reasoning_content": event.reply.thinking}))
        await say(self._chunk({}, _reason(event.reply)))
        if self._asked.usage:
            await say(self._event(choices=[], usage=_usage(event.reply)))
        await say("data: [DONE]\n\n", more=False)

    def _chunk(self, delta: dict[str, str], reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return self._event(choices=[choice])

    def _event(self, **fields: Any) -> str:
        return f"data: {_json({**self._identity, 'object': 'chat.completion.chunk', **fields})}\n\n"


async def _leaves(receive: Receive) -> None:
    """Returns when the client hangs up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _next(run: Run, leaving: asyncio.Future[None], seconds: float | None = None) -> Event | None:
    coming = asyncio.ensure_future(run.next(seconds))
    await asyncio.wait((coming, leaving), return_when=asyncio.FIRST_COMPLETED)
    if coming.done():
        return coming.result()
    coming.cancel()
    raise Gone


async def _end(run: Run, leaving: asyncio.Future[None], event: Event | None) -> Reply:
    while not isinstance(event, Ended):
        if isinstance(event, Fault):
            raise event
        event = await _next(run, leaving)
    return event.reply


def _reason(reply: Reply) -> str:
    return "stop" if reply.finished else "length"


def _usage(reply: Reply) -> dict[str, int]:
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.tokens,
        "total_tokens": reply.prompt_tokens + reply.tokens,
    }


def _json(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))
