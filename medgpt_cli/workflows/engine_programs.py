"""Engines that run beside us: vLLM, which we start on a GPU, and a server of this machine that is named by its address.

Either is spoken to in the same way, and how is told by the model's own folder: what its special tokens are, what its
tower is shown, whether its replies have channels.  So the folder is needed even where another program has loaded it.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from medgpt_cli.core import console, manifest
from medgpt_cli.core.cache import cache_path
from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.files import make_folder
from medgpt_cli.core.types import MAX_NEW_TOKENS
from medgpt_cli.data.images.letterbox import letterbox
from medgpt_cli.data.images.tiling import OpenPicture
from medgpt_cli.export.card_mxfp4 import OVERRIDES
from medgpt_cli.models import checkpoint, reading, tiles
from medgpt_cli.models.chat_api import transport
from medgpt_cli.models.chat_api.address import read_address
from medgpt_cli.models.chat_api.client import ChatApi, Dialect
from medgpt_cli.models.chat_api.messages import data_url, neutraliser
from medgpt_cli.models.llama_cpp.facts import facts_of, is_gguf
from medgpt_cli.models.upstream.packed import METHOD
from medgpt_cli.models.vllm.command import find_program
from medgpt_cli.models.vllm.engine import AT_ONCE, Vllm
from medgpt_cli.workflows.loading import default_model, reply_limit, tiling_of
from medgpt_cli.workflows.naming import Named, meant, named_model

if TYPE_CHECKING:
    from medgpt_cli.workflows.engines import Speaker

KEY = "MEDGPT_ENGINE_KEY"
"""Holds the key of a server that is named by its address; a key is never typed."""

PICTURES = 16
"""Of a dialogue with vLLM; as many as the server takes."""


def vllm_speaker(
    ref: str | None, adapter: str | None, *, online: bool, open_picture: OpenPicture
) -> Speaker:
    """A model in a vLLM of our own, which is started and waited for.

    Raises:
        UsageError: It is a model that vLLM does not read.
        Missing: There is no vLLM, or no GPU.
        BadCheckpoint: vLLM does not load the model.
    """
    from medgpt_cli.workflows.engines import VLLM, Speaker

    if ref is not None and is_gguf(Path(ref)):
        raise UsageError(f"{ref} is a GGUF export, which is for llama.cpp", repair="leave --engine out")
    name = meant(adapter or ref or default_model())
    named = named_model(ref if adapter is not None else name, adapter, online=online)
    _refuse_unread(named, name)
    program = find_program()
    config = reading.check_folder(named.folder)
    packed = (config.get("quantization_config") or {}).get("quant_method") == METHOD
    dialect, squares = _dialect(named.folder, open_picture, limit=reply_limit(name), raw=True)
    log = _log()
    console.say(f"vLLM loads {name}, which takes minutes; what it says meanwhile: {log}")
    console.warn("this was tried with a toy model in vLLM 0.32 on a CPU, and not on a GPU")
    engine = Vllm(
        program,
        named.folder,
        dialect,
        pictures=PICTURES * squares,
        overrides=OVERRIDES if packed else None,
        log=log,
        tell=console.warn,
    )
    return Speaker(name, named.hash(), engine, VLLM, at_once=AT_ONCE, program=engine, cut=engine.cut)


def addressed_speaker(
    address: str, ref: str | None, adapter: str | None, *, online: bool, open_picture: OpenPicture
) -> Speaker:
    """A model in a server of this machine that somebody else started.

    Args:
        address: The server's.
        ref: The folder that the server was started with.
        adapter: None: the server's model is as it is.
        online: Whether a hub id may be fetched.
        open_picture: Opens what an image part names.

    Raises:
        UsageError: No folder is named, or the address is no such server's.
        EngineAway: Nothing answers there.
        InputError: The key is refused.
    """
    from medgpt_cli.workflows.engines import Speaker

    where = read_address(address)
    if ref is None or adapter is not None:
        raise UsageError(
            "--engine ADDRESS needs --model, the folder that the server there was started with, and no --adapter",
            repair="its special tokens, and the size of its pictures, are read from that folder",
        )
    key = os.environ.get(KEY, "").strip()
    if is_gguf(Path(ref)):
        folder = Path(ref)
        manifest.verify_files(folder)
        dialect, _ = _gguf_dialect(folder, open_picture)
    else:
        folder = named_model(ref, online=online).folder
        dialect, _ = _dialect(folder, open_picture, limit=reply_limit(meant(ref)), raw=False)
    model = transport.served(where, key, Path(ref).name)
    console.say(f"that {where.shown} runs {ref} is taken on trust")
    chat = ChatApi(where, dialect, model=model.name, key=key, positions=model.positions)
    return Speaker(ref, manifest.model_hash(folder), chat, where.shown, at_once=AT_ONCE, cut=chat.cut)


def _refuse_unread(named: Named, name: str) -> None:
    if named.adapter is not None:
        raise UsageError(
            "vLLM takes no adapter of a LLaVA model",
            repair="merge it first: medgpt export --adapter DIR --to hf --out DIR; then --model DIR",
        )
    tower = reading.check_folder(named.folder).get("vision_config", {}).get("model_type")
    if tower not in checkpoint.NESTED_TOWERS:
        raise UsageError(
            f"{name} has a tower that vLLM does not read ({tower})",
            repair="leave --engine out; a CLIP or SigLIP tower is read",
        )


def _dialect(folder: Path, open_picture: OpenPicture, *, limit: int, raw: bool) -> tuple[Dialect, int]:
    """How the model of a checkpoint is spoken to, and how many squares one picture may become."""
    processor = checkpoint.load_processor(folder)
    tokenizer, tiling = processor.tokenizer, tiling_of(processor, open_picture)
    specials = {*tokenizer.get_added_vocab(), *tokenizer.all_special_tokens, processor.image_token}

    def urls(reference: str) -> list[str]:
        return [data_url(square) for square in tiling.cut(reference)]

    most = tiles.max_tiles(processor)
    return _spoken(specials, urls, limit=limit, raw=raw), most + 1 if most > 1 else 1


def _gguf_dialect(folder: Path, open_picture: OpenPicture) -> tuple[Dialect, int]:
    facts = facts_of(folder)

    def urls(reference: str) -> list[str]:
        return [data_url(letterbox(open_picture(reference), facts.picture))]

    return _spoken(set(facts.specials), urls, limit=MAX_NEW_TOKENS, raw=False), 1


def _spoken(specials: set[str], urls: Callable[[str], list[str]], *, limit: int, raw: bool) -> Dialect:
    return Dialect(
        neutral=neutraliser(sorted(specials)),
        urls_of=urls,
        harmony="<|channel|>" in specials,
        raw=raw,
        max_new_tokens=limit,
    )


def _log() -> Path:
    """Where vLLM's words go while it starts; the names are those of our own logs, of which the latest are kept."""
    folder = make_folder(cache_path() / "logs")
    moment = datetime.datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    return folder / f"medgpt-{moment}-{os.getpid()}-vllm.txt"
