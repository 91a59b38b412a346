"""llama.cpp as an engine: what chat and server receive as their `Generate` for a GGUF export.

It runs inside this process (the package xllamacpp) and listens on nothing but a socket file in a folder that only
this user may enter.  Its slot keeps the dialogue, so a turn reads what is new.  This module knows nothing of commands;
it is handed what opens pictures.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from medgpt_cli.core import machine
from medgpt_cli.core.errors import BadCheckpoint, Missing, OutOfResources, UsageError
from medgpt_cli.core.types import Reply, Turn
from medgpt_cli.models.chat_api.hearing import Hearing
from medgpt_cli.models.chat_api.messages import data_url, messages_of, neutraliser
from medgpt_cli.models.llama_cpp.facts import MMPROJ, MODEL, facts_of

CONTEXT = 8192
"""Positions that are held where the model has more; each takes memory from the start."""

INSTALL = "pip install 'medgpt[llamacpp]'"


class LlamaCpp:
    """A GGUF model that answers dialogues; see `core.types.Generate`.

    Args:
        folder: Holds `model.gguf` and `mmproj.gguf`.
        square: A picture's reference and a side to an RGB picture (Pillow) of that side.
        max_new_tokens: Limit of a reply when the caller names none.

    Raises:
        Missing: xllamacpp is not installed.
        BadCheckpoint: llama.cpp does not load the files.
    """

    def __init__(self, folder: Path, square: Callable[[str, int], Any], *, max_new_tokens: int) -> None:
        try:
            import xllamacpp
        except ImportError:
            raise Missing("llama.cpp is not installed", repair=INSTALL) from None
        self._facts = facts_of(folder)
        self._square = square
        self._limit = max_new_tokens
        self.context = min(self._facts.positions, CONTEXT)
        self._neutral = neutraliser(self._facts.specials)
        door = Path(tempfile.mkdtemp(prefix="medgpt-"))
        weakref.finalize(self, shutil.rmtree, door, ignore_errors=True)
        self._engine = _start(xllamacpp, folder, self.context, door / "llama.sock")

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
            UsageError: Prompt and reply exceed what is held.
            OutOfResources: The engine could not go on.
        """
        limit = max_new_tokens or self._limit
        asked = {
            "messages": messages_of(turns, images, neutral=self._neutral, urls_of=self._urls),
            "max_tokens": limit,
            "temperature": 0,
            "top_k": 1,
            "cache_prompt": True,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        hearing = Hearing(self._facts.harmony, on_text, stop)
        self._engine.handle_chat_completions(asked, hearing)
        if hearing.error:
            raise self._refusal(hearing.error, limit)
        return hearing.reply()

    def _urls(self, reference: str) -> list[str]:
        return [data_url(self._square(reference, self._facts.picture))]

    def _refusal(self, error: Mapping[str, Any], limit: int) -> UsageError | OutOfResources:
        if error.get("type") == "exceed_context_size_error":
            return UsageError(
                f"the dialogue takes {error.get('n_prompt_tokens', 0):,} tokens and the answer up to {limit:,}; "
                f"llama.cpp holds {self.context:,}",
                repair="shorten the message, /clear the history, or lower --max-new-tokens",
            )
        return OutOfResources(
            f"llama.cpp could not go on ({error.get('type', 'no reason given')})",
            repair="ask again with a shorter dialogue, or use --engine transformers with the model before export",
        )


def _start(xllamacpp: Any, folder: Path, context: int, door: Path) -> Any:
    """The engine, loaded."""
    os.environ.setdefault("LLAMA_MEDIA_MARKER", f"<__media_{secrets.token_hex(8)}__>")
    asked = xllamacpp.CommonParams()
    asked.model.path, asked.mmproj.path = str(folder / MODEL), str(folder / MMPROJ)
    asked.n_ctx, asked.n_parallel = context, 1
    asked.cpuparams.n_threads = int(os.environ.get("OMP_NUM_THREADS") or machine.cores().usable)
    asked.hostnames, asked.api_keys = [str(door)], [secrets.token_hex(32)]
    asked.offline, asked.ui, asked.endpoint_slots = True, False, False
    asked.warmup, asked.verbosity, asked.cache_ram_mib = False, -1, 0
    # The raw reply: llama.cpp's own reading of harmony fails on what a half-trained model writes.
    asked.use_jinja, asked.force_pure_content_parser, asked.special = True, True, True
    asked.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_NONE
    try:
        return xllamacpp.Server(asked)
    except RuntimeError:
        raise BadCheckpoint(
            "llama.cpp does not load the model",
            where=str(folder),
            repair="export it again, or free memory",
        ) from None
