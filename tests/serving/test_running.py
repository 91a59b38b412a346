"""How the server begins and ends."""

from __future__ import annotations

import os
import signal
import socket
import threading

import httpx
import pytest

from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.offline import is_loopback
from medgpt_cli.data.images.received import open_received
from medgpt_cli.serving import running
from medgpt_cli.serving.app import Served, Server
from medgpt_cli.serving.limits import Limits
from tests.serving.serving import Model, said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_the_answer_under_way(number: signal.Signals) -> None:
    model = Model()
    bound = running.listen("localhost", 0)
    port = bound.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    answers: list[str] = []
    limits = Limits()
    served = Served("m", model.generate, model.shelf, open_received, "", None, is_loopback, limits)
    model.before = lambda: os.kill(os.getpid(), number)

    def ask() -> None:
        reply = httpx.post(f"{address}/v1/chat/completions", json=said("x", model="m"), timeout=20)
        answers.append(reply.json()["choices"][0]["message"]["content"])

    asking = threading.Thread(target=ask)
    running.Listening(Server(served), bound, limits, asking.start).serve()
    asking.join(20)
    assert answers == ["Axial."]
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)


def test_a_taken_port_and_a_foreign_address_are_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} is taken"):
            running.listen("127.0.0.1", port)
    with pytest.raises(UsageError, match="cannot be listened on"):
        running.listen("192.0.2.1", 0)
