"""The addresses of the server and what answers at each.

GET  /                       the chat page
GET  /page/…                 its files
POST /page/picture           a picture's file, shown as PNG
POST /v1/chat/completions    OpenAI's API
GET  /v1/models
GET  /health  /metrics
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from medgpt_cli.core.types import Generate
from medgpt_cli.serving.bodies import Bodies
from medgpt_cli.serving.completions import Completions
from medgpt_cli.serving.doors import Doors
from medgpt_cli.serving.faults import Fault
from medgpt_cli.serving.front import Front
from medgpt_cli.serving.inline import OpenPicture, Shelf
from medgpt_cli.serving.limits import Limits
from medgpt_cli.serving.line import Line
from medgpt_cli.serving.metrics import Metrics
from medgpt_cli.serving.page import page_routes
from medgpt_cli.serving.preview import Preview
from medgpt_cli.serving.run import Engine

PATHS = ("/", "/page/picture", "/v1/chat/completions", "/v1/models", "/health", "/metrics")
"""Counted by name; the page's files are counted with the others."""


@dataclass(frozen=True, slots=True)
class Served:
    """What the server is made of.

    Attributes:
        model: The name clients know it by.
        generate: The model; asked by `at_once` threads.
        shelf: Where it finds the pictures of a question.
        decode: Opens pictures for the page.
        notice: What the page always shows.
        token: What clients must show, or None.
        is_here: Whether a host's name or number is this machine.
        limits: Of requests.
        at_once: Questions that it answers at a time.
        is_ready: Whether it can be asked now.
        cut: Ends what it is at where it does not ask whether to stop.
    """

    model: str
    generate: Generate
    shelf: Shelf
    decode: OpenPicture
    notice: str
    token: str | None
    is_here: Callable[[str], bool]
    limits: Limits
    at_once: int = 1
    is_ready: Callable[[], bool] = lambda: True
    cut: Callable[[], None] = lambda: None


class Server:
    """The application, and the threads behind it.

    Args:
        served: What it is made of.
    """

    def __init__(self, served: Served) -> None:
        limits = served.limits
        self._served = served
        self._bodies = Bodies(limits)
        self._line = Line("answers", limits.waiting, served.at_once)
        self._pictures = Line("pictures", limits.pictures_waiting)
        self._created = int(time.time())
        gauges = {
            ("medgpt_inside", "Questions that wait or are answered."): lambda: self._line.inside,
            ("medgpt_held_bytes", "Bytes of requests that are held."): lambda: self._bodies.held,
        }
        self._metrics = Metrics(PATHS, gauges)
        engine = Engine(served.generate, served.shelf, self._line, self._metrics, limits.answer_seconds)
        completions = Completions(engine, self._bodies, limits, served.model)
        routes = [
            Route("/health", self._health),
            Route("/metrics", self._metrics_page),
            Route("/v1/models", self._models),
            Route("/v1/models/{name:path}", self._model),
            Route("/v1/chat/completions", completions, methods=["POST"]),
            Route(
                "/page/picture", Preview(served.decode, self._bodies, self._pictures), methods=["POST"]
            ),
            *page_routes(served.notice, served.model),
        ]
        inside = Starlette(
            routes=routes, exception_handlers={Fault: _refuse, HTTPException: _refuse_address}
        )
        self.app = Front(inside, Doors(served.token, served.is_here), self._metrics)

    def end(self, *, wait: bool = True) -> None:
        """Stops answers under way after the token they are at, and returns when they have ended."""
        self._line.close(wait=False)
        self._served.cut()
        self._line.close(wait=wait)
        self._pictures.close(wait=wait)

    async def _models(self, _: Request) -> Response:
        return JSONResponse({"object": "list", "data": [self._card()]})

    async def _model(self, request: Request) -> Response:
        if request.path_params["name"] != self._served.model:
            raise Fault(404, "model_not_found", f"the model served here is {self._served.model}")
        return JSONResponse(self._card())

    def _card(self) -> dict[str, Any]:
        return {
            "id": self._served.model,
            "object": "model",
            "created": self._created,
            "owned_by": "medgpt",
        }

    async def _health(self, _: Request) -> Response:
        if self._line.closing.is_set():
            return JSONResponse({"status": "ending"}, 503)
        ready = self._served.is_ready()
        return JSONResponse({"status": "ok" if ready else "engine away"}, 200 if ready else 503)

    async def _metrics_page(self, _: Request) -> Response:
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4")


async def _refuse(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, Fault)
    return fault.response()


async def _refuse_address(_: Request, error: Exception) -> Response:
    """An address that is not ours, or one that is asked for in a wrong way."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return Fault(405, "wrong_method", "this address is asked for in another way").response()
    return Fault(error.status_code, "no_such_address", "there is nothing at this address").response()
