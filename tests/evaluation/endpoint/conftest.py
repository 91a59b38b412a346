"""Questions, an endpoint with short patience, and where its replies go."""

from __future__ import annotations

from typing import Any

import pytest

from medgpt_cli.core.types import Reply, Request, Role, Turn
from medgpt_cli.evaluation.endpoint.client import Endpoint
from medgpt_cli.evaluation.endpoint.limits import Limits
from tests.chat_server import MODEL

SHORT = {"connect": 5.0, "write": 5.0, "read": 5.0, "question": 20.0, "backoff": 0.01, "attempts": 2}


class Asking:
    """Makes an endpoint, asks it, and keeps the replies by number."""

    def __init__(self) -> None:
        self.replies: dict[int, Reply] = {}

    def question(self, text: str = "Which plane?", **fields: Any) -> Request:
        return Request((Turn(Role.USER, (text,)),), **fields)

    def endpoint(
        self, url: str, model: str | None = MODEL, *, picture: Any = None, **words: Any
    ) -> Endpoint:
        own = {
            name: words.pop(name) for name in ("key", "concurrency", "max_new_tokens") if name in words
        }
        limits = Limits(**{**SHORT, **words})
        return Endpoint(
            url, model, picture or (lambda path: b"PNG " + path.encode()), limits=limits, **own
        )

    def ask(self, endpoint: Endpoint, requests: list[Request]) -> list[Reply]:
        def keep(number: int, reply: Reply) -> None:
            assert number not in self.replies, "each once"
            self.replies[number] = reply

        self.replies = {}
        endpoint(requests, keep)
        return [self.replies[number] for number in range(len(requests))]


@pytest.fixture
def asking() -> Asking:
    return Asking()
