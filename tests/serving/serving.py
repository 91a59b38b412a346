"""A server of ours on a free port, in a thread of this process, before a model that does as it is told."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from medgpt_cli.core.offline import is_loopback
from medgpt_cli.core.types import Reply, Turn
from medgpt_cli.data.images.received import open_received
from medgpt_cli.serving import running
from medgpt_cli.serving.app import Served, Server
from medgpt_cli.serving.inline import Shelf
from medgpt_cli.serving.limits import Limits

MODEL = "med-20b"
NOTICE = "Research software & <no> device."


class Model:
    """Answers word by word and remembers what it was asked.

    Args:
        words: Of its answer.
        thinking: Its reasoning.
    """

    def __init__(self, *words: str, thinking: str = "") -> None:
        self.words, self.thinking = words or ("Axial", "."), thinking
        self.asked: list[tuple[list[Turn], int | None]] = []
        self.seen: list[Any] = []
        self.shelf = Shelf(open_received)
        self.before: Callable[[], None] = lambda: None
        self.between: Callable[[], None] = lambda: None
        self.stopped = threading.Event()

    def generate(
        self,
        turns: Sequence[Turn],
        images: Sequence[str],
        *,
        max_new_tokens: int | None = None,
        on_text: Callable[[str], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Reply:
        self.asked.append((list(turns), max_new_tokens))
        self.before()
        self.seen = [self.shelf.open(images[i]) for turn in turns for i in turn.images]
        assert on_text
        assert stop
        written = []
        for word in self.words[:max_new_tokens]:
            self.between()
            if stop():
                self.stopped.set()
                break
            on_text(word)
            written.append(word)
        whole = len(written) == len(self.words)
        return Reply("".join(written), self.thinking, whole, 12, len(written), 0.5, 0.1)


class Here:
    """The running server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.address, timeout=30, trust_env=False, verify=False)

    def ask(self, document: Any, **options: Any) -> httpx.Response:
        """A chat completion."""
        return self.client.post("/v1/chat/completions", json=document, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Any page."""
        return self.client.get(path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """Anything, as it is."""
        return self.client.post(path, **options)

    def raw(self) -> socket.socket:
        """A connection on which anything can be said."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


@contextmanager
def serving(model: Model, token: str | None = None, **limits: Any) -> Iterator[Here]:
    """Serves a model until the block is left; the server must end in good order."""
    bound = running.listen("127.0.0.1", 0)
    set_limits = Limits(**{"grace_seconds": 1, **limits})
    server = Server(
        Served(
            model=MODEL,
            generate=model.generate,
            shelf=model.shelf,
            decode=open_received,
            notice=NOTICE,
            token=token,
            is_here=is_loopback,
            limits=set_limits,
        )
    )
    port = bound.getsockname()[1]
    ready = threading.Event()
    listening = running.Listening(server, bound, set_limits, ready.set)
    thread = threading.Thread(target=listening.serve)
    thread.start()
    try:
        assert ready.wait(20)
        here = Here(port)
        with here.client:
            yield here
    finally:
        listening.end()
        thread.join(30)
        assert not thread.is_alive()


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Waits for something that happens in another thread."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def said(text: str, **fields: Any) -> dict[str, Any]:
    """A body with one message."""
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **fields}
