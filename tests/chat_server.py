"""A chat endpoint on this machine that answers as it is told, well or badly, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "med-20b"


def completion(text: str | None = "Axial.", **message: Any) -> dict[str, Any]:
    """A good answer."""
    return {
        "model": MODEL,
        "choices": [
            {"message": {"role": "assistant", "content": text, **message}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3},
    }


class Call:
    """One exchange, seen from the server."""

    def __init__(
        self, handler: BaseHTTPRequestHandler, body: Any, number: int, closing: threading.Event
    ) -> None:
        self.handler, self.body, self.number, self.closing = handler, body, number, closing
        self.headers = dict(handler.headers)

    @property
    def question(self) -> str:
        """The text of the last message."""
        content = self.body["messages"][-1]["content"]
        if isinstance(content, str):
            return content
        return "".join(part.get("text", "") for part in content)

    def say(self, document: Any, status: int = 200, **headers: str) -> None:
        """Answers with a document, or with bytes as they are."""
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.handler.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()
        self.handler.wfile.write(data)

    def raw(self, data: bytes) -> None:
        """Writes bytes that need be no HTTP, and hangs up."""
        self.handler.wfile.write(data)
        self.hang_up()

    def hang_up(self) -> None:
        """Ends the connection without another byte."""
        self.handler.wfile.flush()
        self.handler.connection.shutdown(socket.SHUT_RDWR)
        self.handler.close_connection = True

    def hang(self) -> None:
        """Says nothing until the server closes."""
        self.closing.wait(30)
        self.handler.close_connection = True


class Server:
    """What `serving` yields: the address, the calls so far, and what is done with the next one (`answer`)."""

    def __init__(self, answer: Callable[[Call], None], models: Any) -> None:
        self.answer = answer
        self.calls: list[Call] = []
        self.at_once = self.most_at_once = 0
        closing, lock = threading.Event(), threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                call = Call(self, None, 0, closing)
                models(call) if callable(models) else call.say(models)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    call = Call(self, body, len(server.calls), closing)
                    server.calls.append(call)
                    server.at_once += 1
                    server.most_at_once = max(server.most_at_once, server.at_once)
                try:
                    server.answer(call)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
                finally:
                    with lock:
                        server.at_once -= 1

        class Threads(ThreadingHTTPServer):
            request_queue_size = 64
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                pass

        self.closing = closing
        self.http = Threads(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.http.server_port}"
        self.url = f"{self.origin}/v1"

    @property
    def questions(self) -> list[str]:
        """What was asked, in the order of arrival."""
        return [call.question for call in self.calls]


@contextmanager
def serving(
    answer: Callable[[Call], None] = lambda call: call.say(completion()), models: Any = None
) -> Iterator[Server]:
    """A running endpoint.

    Args:
        answer: What is done with a call to `/v1/chat/completions`.
        models: What `/v1/models` says, or what is done with a call to it.
    """
    listed = {"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "tests"}]}
    server = Server(answer, listed if models is None else models)
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.http.shutdown()
        thread.join()
        server.http.server_close()
