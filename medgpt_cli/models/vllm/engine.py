"""vLLM as an engine: a child program that answers on a socket file only this user can reach, kept alive while we are.

A key alone would not do: vLLM asks for it at a part of its addresses only, and a port of this machine is open to all
its users.  Where the program ends it is started again; where that keeps happening, or a start fails, it is given up.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from medgpt_cli.core.errors import BadCheckpoint, EngineAway, MedGPTError, OutOfResources
from medgpt_cli.core.types import Reply, Turn
from medgpt_cli.models.chat_api import transport
from medgpt_cli.models.chat_api.address import at_socket
from medgpt_cli.models.chat_api.client import ChatApi, Dialect
from medgpt_cli.models.vllm.command import NAME, command_line, environment
from medgpt_cli.models.vllm.process import Process

AT_ONCE = 16
"""Questions handed to vLLM at a time; it answers them together."""

SOCKET = "vllm.sock"
RESTARTS, WITHIN = 3, 3600.0
"""Ends after which it is given up, and the seconds in which they count."""


class Vllm:
    """A model that vLLM runs; see `core.types.Generate`.

    Args:
        program: vLLM's.
        folder: The model's.
        dialect: How the model is spoken to.
        pictures: Squares that a dialogue may show the tower.
        overrides: JSON laid over the model's `config.json`.
        log: Where the program's words go until it is ready.
        tell: Told what a person should know.

    Raises:
        BadCheckpoint: vLLM does not load the model.
    """

    def __init__(
        self,
        program: str,
        folder: Path,
        dialect: Dialect,
        *,
        pictures: int,
        overrides: str | None,
        log: Path,
        tell: Callable[[str], None],
    ) -> None:
        self._folder, self._log, self._tell = folder, log, tell
        self._room = Path(tempfile.mkdtemp(prefix="medgpt-"))
        weakref.finalize(self, shutil.rmtree, self._room, ignore_errors=True)
        self._address = at_socket(self._room / SOCKET, "vLLM")
        self._key = secrets.token_hex(32)
        self._words = command_line(
            program, folder, self._room / SOCKET, pictures=pictures, overrides=overrides
        )
        self._dialect = dialect
        self._ending, self._ends = threading.Event(), deque[float](maxlen=RESTARTS)
        self.failure: MedGPTError | None = None
        self.on_failure: Callable[[], None] = lambda: None
        self._chat: ChatApi | None = None
        self._process: Process | None = None
        try:
            self._process = self._started()
        except BaseException:
            self.end()
            raise
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    @property
    def ready(self) -> bool:
        """Whether it can be asked now."""
        return self._chat is not None

    def __call__(
        self,
        turns: Sequence[Turn],
        images: Sequence[str],
        *,
        max_new_tokens: int | None = None,
        on_text: Callable[[str], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Reply:
        """Answers the dialogue.

        Raises:
            EngineAway: vLLM has ended, and is starting again or given up.
            UsageError, InputError: As `ChatApi` says.
        """
        chat = self._chat
        if chat is None:
            raise EngineAway("vLLM is starting again", repair="ask again in a few minutes")
        return chat(turns, images, max_new_tokens=max_new_tokens, on_text=on_text, stop=stop)

    def cut(self) -> None:
        """Ends the answers under way, and lets no other begin."""
        if self._chat is not None:
            self._chat.cut()

    def end(self) -> None:
        """Ends the program; safe to call again."""
        self._ending.set()
        self.cut()
        if self._process is not None:
            self._process.end()

    def _started(self) -> Process:
        (self._room / SOCKET).unlink(missing_ok=True)  # of one that was killed
        process = Process(self._words, environment(self._key), self._log)
        self._process = process  # so that whoever ends us meanwhile ends it
        if not process.wait_until(lambda: self._ending.is_set() or transport.healthy(self._address)):
            raise BadCheckpoint(
                f"vLLM does not load the model (exit code {process.code})",
                where=str(self._folder),
                repair=f"the end of {self._log} says why",
            )
        if not self._ending.is_set():
            model = transport.served(self._address, self._key, NAME)
            process.hush()
            self._chat = ChatApi(
                self._address,
                self._dialect,
                model=model.name,
                key=self._key,
                positions=model.positions,
            )
        return process

    def _watch(self) -> None:
        """Starts it again whenever it ends, until it is given up or ended by us."""
        while self._process is not None:
            code = self._process.wait()
            if self._ending.is_set():
                return
            self._chat = None
            self._ends.append(time.monotonic())
            try:
                if len(self._ends) == RESTARTS and self._ends[-1] - self._ends[0] < WITHIN:
                    raise OutOfResources(
                        f"vLLM ended {RESTARTS} times within an hour, last with exit code {code}",
                        repair="look for its end in the system's log: memory of the machine or of the GPU is the usual "
                        "reason",
                    )
                self._tell(
                    f"vLLM ended (exit code {code}) and is started again; clients are told to wait"
                )
                self._process.end()
                self._started()
                self._tell("vLLM answers again")
            except MedGPTError as error:
                if not self._ending.is_set():
                    self.failure = error
                    self.on_failure()
                return
