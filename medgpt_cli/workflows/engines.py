"""Which program answers: our own loop over transformers, llama.cpp for GGUF exports, vLLM, or a server here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgpt_cli.core import manifest
from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.types import MAX_NEW_TOKENS, Generate
from medgpt_cli.data.images.letterbox import letterbox
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.images.tiling import OpenPicture
from medgpt_cli.models.chat_api.address import is_address
from medgpt_cli.models.llama_cpp.engine import LlamaCpp
from medgpt_cli.models.llama_cpp.facts import is_gguf
from medgpt_cli.models.vllm.engine import Vllm
from medgpt_cli.workflows.naming import WORDS, Named

AUTO, TRANSFORMERS, LLAMA_CPP, VLLM = "auto", "transformers", "llama.cpp", "vllm"
ENGINES = (AUTO, TRANSFORMERS, LLAMA_CPP, VLLM)
"""What `--engine` may name, beside an address."""


@dataclass(frozen=True)
class Speaker:
    """A model that talks.

    Attributes:
        name: What to print.
        hash: SHA-256 over its files.
        generate: Answers dialogues.
        engine: The program that runs it.
        named: The model and its adapter apart; None where another program has loaded it.
        at_once: Questions that it answers at a time.
        program: What we started for it, if we did.
        cut: Ends the answers under way where they do not ask whether to stop.
    """

    name: str
    hash: str
    generate: Generate
    engine: str
    named: Named | None = None
    at_once: int = 1
    program: Vllm | None = None
    cut: Callable[[], None] = lambda: None


def load_speaker(
    ref: str | None,
    adapter: str | None = None,
    *,
    engine: str = AUTO,
    online: bool = False,
    open_picture: OpenPicture = open_image,
) -> Speaker:
    """Finds, checks and loads a model to talk to.

    Args:
        ref: How the person named it, or the folder of a GGUF export.
        adapter: A run or adapter folder that is added to it.
        engine: A word of `ENGINES`, or the address of a server on this machine that runs the model; `auto` takes
            llama.cpp for a GGUF export and transformers for everything else.
        online: Whether a hub id may be fetched.
        open_picture: Opens what an image part names.

    Raises:
        UsageError: The engine does not read this model.
        HashMismatch: Its files are not those its manifest names.
        Missing: The engine is not installed, or does not answer at its address.
        NotThere, BadCheckpoint: As loading says.
    """
    if is_address(engine):
        from medgpt_cli.workflows.engine_programs import addressed_speaker

        return addressed_speaker(engine, ref, adapter, online=online, open_picture=open_picture)
    if engine == VLLM:
        from medgpt_cli.workflows.engine_programs import vllm_speaker

        return vllm_speaker(ref, adapter, online=online, open_picture=open_picture)
    if engine not in ENGINES:
        raise UsageError(
            f"--engine {engine} is none",
            repair=f"use one of: {', '.join(ENGINES)}; or the address of a server on this machine",
        )
    folder = Path(ref) if ref is not None and ref not in WORDS else None
    if folder is None or not is_gguf(folder):
        if engine == LLAMA_CPP:
            raise UsageError(
                "llama.cpp reads GGUF exports, and this model is none",
                repair="medgpt export --model REF --to gguf --out DIR writes one; then --model DIR",
            )
        from medgpt_cli.workflows.loading import load_model

        loaded = load_model(ref, adapter, online=online, open_picture=open_picture)
        return Speaker(loaded.name, loaded.hash, loaded.generate, TRANSFORMERS, loaded.named)
    if engine == TRANSFORMERS:
        raise UsageError(
            f"{ref} is a GGUF export, which transformers does not read",
            repair="leave --engine out, or name the model it was made from",
        )
    if adapter is not None:
        raise UsageError(
            "an adapter is not added to a GGUF export",
            repair="export it with its adapter: medgpt export --adapter DIR --to gguf --out DIR",
        )
    manifest.verify_files(folder)

    def square(reference: str, side: int) -> Any:
        return letterbox(open_picture(reference), side)

    generate = LlamaCpp(folder, square, max_new_tokens=MAX_NEW_TOKENS)
    return Speaker(str(ref), manifest.model_hash(folder), generate, LLAMA_CPP)
