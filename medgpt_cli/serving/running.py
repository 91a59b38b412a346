"""From an application to a listening server, and to its end by Ctrl-C or SIGTERM.

The socket is bound by number before anything costly is done, so no name is looked up and a taken port is told at
once.  uvicorn logs nothing here: its lines would hold addresses and, after a bug, values.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn

from medgpt_cli.core.errors import UsageError
from medgpt_cli.serving.app import Server
from medgpt_cli.serving.limits import Limits
from medgpt_cli.serving.protocol import timed

TELLING_SECONDS = 5
"""For answers that were cut short to say so to their clients."""


def listen(host: str, port: int) -> socket.socket:
    """Binds the address.

    Args:
        host: By number, or `localhost`.
        port: 0 for any that is free.

    Raises:
        UsageError: It is taken, not allowed, or not of this machine.
    """
    number = "127.0.0.1" if host == "localhost" else host
    bound = socket.socket(socket.AF_INET6 if ":" in number else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((number, port))
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"port {port} is taken", repair="name another with --port") from None
        raise UsageError(
            f"{host}:{port} cannot be listened on: {error.strerror or 'not an address'}",
            repair="name an address of this machine with --host, and a port from 1024 on with --port",
        ) from None
    return bound


class Listening:
    """A server on its socket.

    Args:
        server: The application.
        bound: Where it listens; closed at the end.
        limits: Of connections and of time.
        on_ready: Called when clients can connect.
    """

    def __init__(
        self,
        server: Server,
        bound: socket.socket,
        limits: Limits,
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._server = server
        self._bound = bound
        config = uvicorn.Config(
            server.app,
            http=timed(limits),
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=limits.connections,
            timeout_keep_alive=int(limits.head_seconds),
            timeout_graceful_shutdown=int(limits.grace_seconds + TELLING_SECONDS),
        )
        self._uvicorn = _Uvicorn(config, on_ready, lambda: server.end(wait=False), limits.grace_seconds)

    def serve(self) -> None:
        """Answers until a signal or `end`; a second Ctrl-C ends it at once."""
        try:
            self._uvicorn.run(sockets=[self._bound])
        finally:
            self._server.end()
            self._bound.close()

    def end(self) -> None:
        """Asks the server to end, from another thread."""
        self._uvicorn.should_exit = True


class _Uvicorn(uvicorn.Server):
    """uvicorn's server, which says when it is ready, cuts answers short at its end, and returns on a signal."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_ready: Callable[[], None] | None,
        cut: Callable[[], None],
        grace: float,
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._cut = cut
        self._grace = grace

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._on_ready:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        cutting = asyncio.get_running_loop().call_later(self._grace, self._cut)
        await super().shutdown(sockets)
        cutting.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {each: signal.signal(each, self.handle_exit) for each in signals}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
