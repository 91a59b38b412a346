"""`POST /v1/chat/completions`: a body read under limits, understood, answered."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from medgpt_cli.serving.answering import Answering
from medgpt_cli.serving.asked import read_asked
from medgpt_cli.serving.bodies import Bodies
from medgpt_cli.serving.limits import Limits
from medgpt_cli.serving.run import Engine


class Completions:
    """An ASGI endpoint, so that a body counts as held until its answer is sent.

    Args:
        engine: Answers.
        bodies: Reads.
        limits: Of a dialogue.
        model: The name clients know.
    """

    def __init__(self, engine: Engine, bodies: Bodies, limits: Limits, model: str) -> None:
        self._engine = engine
        self._bodies = bodies
        self._limits = limits
        self._model = model

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request.

        Raises:
            Fault: It is refused.
            Gone: The client hung up.
        """
        async with self._bodies.read(Request(scope, receive), "application/json") as body:
            asked = read_asked(body, self._limits, self._model)
            body.clear()
            await Answering(self._engine, asked, self._model)(scope, receive, send)
