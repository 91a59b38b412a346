"""What a person means by a model's name, as folders on this machine.

A word (`tiny`, `tiny-untrained`, `tiny-siglip`, `small`), a run folder, a checkpoint folder, an adapter folder, or a
hub id.  Nothing is loaded here.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple

from medgpt_cli.core import rundir, runs
from medgpt_cli.core.errors import BadCheckpoint, HashMismatch, Missing, NotThere, UsageError
from medgpt_cli.core.manifest import model_hash, verify_files
from medgpt_cli.models.llama_cpp.facts import is_gguf

WORDS = ("tiny", "tiny-untrained", "tiny-siglip", "small")
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
ADAPTER_CONFIG = "adapter_config.json"
"""What makes a folder an adapter's, in every program."""


class Named(NamedTuple):
    """What a reference to a model stands for.

    Attributes:
        base: A reference to the whole model.
        folder: Where that lies.
        adapter: The folder of the adapter added to it, or None.
    """

    base: str
    folder: Path
    adapter: Path | None

    def hash(self) -> str:
        """SHA-256 over the files of the model, and of the adapter where there is one."""
        whole = model_hash(self.folder)
        if self.adapter is None:
            return whole
        return hashlib.sha256(f"{whole} {model_hash(self.adapter)}".encode()).hexdigest()


def meant(ref: str) -> str:
    """What a reference stands for: of a finished pipeline its last stage, else itself.

    Raises:
        BadCheckpoint: A pipeline that has not finished, or left no model; the stages that have are named.
    """
    stages = None if ref in WORDS else runs.stages_of(Path(ref))
    if stages is None:
        return ref
    if not stages or not rundir.is_done(Path(ref)):
        raise BadCheckpoint(
            "this walk has not finished" if stages else "this walk has no finished stage",
            where=ref,
            repair=f"name a finished stage: {', '.join(map(str, stages))}"
            if stages
            else f"go on with it: medgpt run {Path(ref).name} --out {ref} --resume",
        )
    return str(stages[-1])


def named_model(ref: str | None, adapter: str | None = None, *, online: bool = False) -> Named:
    """A model and, where one is meant, the adapter that is added to it.

    Args:
        ref: A word, a run folder, that of a pipeline, a checkpoint folder, an adapter folder, or a hub id; None for
            the model that the adapter was trained on, else `tiny`.
        adapter: A run folder or an adapter folder.
        online: Whether a hub id may be fetched.

    Raises:
        NotThere: There is no such folder, or the adapter's model is not found by the name in its manifest.
        BadCheckpoint: A run is not finished, or the adapter names no model.
        HashMismatch: The model is not the one that the adapter was trained on, or the adapter's files are not those
            its manifest names.
        UsageError: Both references are adapters.
        Missing: As `model_folder` says.
    """
    ref = meant(ref) if ref is not None else None
    own = _adapter_meant(ref)
    if own is not None and adapter is not None:
        raise UsageError(f"{ref} and {adapter} are both adapters", repair="give one of them")
    chosen = _adapter_folder(adapter) if adapter is not None else own
    if chosen is None:
        return Named(ref or "tiny", model_folder(ref or "tiny", online=online), None)
    verify_files(chosen)  # before its manifest is believed
    name, sha256 = _base_of(chosen)
    base = name if own is not None or ref is None else ref
    if base is None:
        raise BadCheckpoint(
            "the adapter's manifest does not say which model it was trained on",
            where=str(chosen),
            repair="name the model with --model and the adapter with --adapter",
        )
    try:
        folder = model_folder(base, online=online)
    except (NotThere, Missing) as error:
        error.repair = (
            f"name the model that the adapter was trained on: --model FOLDER --adapter {chosen}"
        )
        raise
    if sha256 is not None and model_hash(folder) != sha256:
        raise HashMismatch(
            f"{base} is not the model that the adapter was trained on",
            where=str(chosen),
            repair=f"name that model with --model, and the adapter with --adapter {chosen}",
        )
    return Named(base, folder, chosen)


def _adapter_meant(ref: str | None) -> Path | None:
    """The adapter folder that a model's reference stands for, if it does."""
    if ref is None or ref in WORDS or not (path := Path(ref)).is_dir():
        return None
    if rundir.is_run(path) and not (path / "model").is_dir() and (path / "adapter").is_dir():
        return _adapter_folder(ref)
    return path if (path / ADAPTER_CONFIG).is_file() else None


def _adapter_folder(ref: str) -> Path:
    path = Path(ref)
    if path.is_dir() and rundir.is_run(path):
        rundir.require_done(path)
        path = path / "adapter"
    if not (path / ADAPTER_CONFIG).is_file():
        raise NotThere(
            f"there is no adapter in {ref}",
            repair="name the run folder of medgpt adapt, or a folder with adapter_config.json",
        )
    return path


def _base_of(adapter: Path) -> tuple[str | None, str | None]:
    """The model an adapter was trained on, as its manifest has it: its name and its hash."""
    try:
        base = json.loads((adapter / "manifest.json").read_text())["base"]
        return str(base["name"]), str(base["hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, None


def model_folder(ref: str, *, online: bool = False) -> Path:
    """The folder of a whole model, built or fetched if need be.

    Args:
        ref: A word, a run folder, a checkpoint folder, or a hub id.
        online: Whether a hub id may be fetched.

    Raises:
        NotThere: No such folder, and not a hub id.
        BadCheckpoint: The run folder is not finished, or holds an adapter alone.
        Missing: A hub id that is not in the local cache, while offline; or `small` is not fetched.
    """
    from medgpt_cli.models import embedded

    if ref in WORDS:
        return embedded.folder(ref)
    ref = meant(ref)
    path = Path(ref)
    if path.is_dir():
        if rundir.is_run(path):
            rundir.require_done(path)
        if _adapter_meant(ref) is not None:
            raise BadCheckpoint(
                "this is an adapter, and a whole model is needed here",
                where=ref,
                repair="name the model that it was trained on, or a run with lora.merge=true",
            )
        if is_gguf(path):
            verify_files(path)
            raise BadCheckpoint(
                "this is a GGUF export, which llama.cpp alone reads",
                where=ref,
                repair="talk to it with medgpt chat or medgpt serve; score it behind the server with "
                "eval run --endpoint; for anything else name the model it was made from",
            )
        return path / "model" if rundir.is_run(path) else path
    if HUB_ID.fullmatch(ref) and not path.exists() and not path.parent.is_dir():
        return _hub_folder(ref, online=online)
    raise NotThere(
        f"there is no model folder {ref}",
        repair=f"name a run folder, a checkpoint folder, a hub id, or one of: {', '.join(WORDS)}",
    )


def _hub_folder(ref: str, *, online: bool) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        found = Path(
            snapshot_download(
                ref,
                local_files_only=not online,
                allow_patterns=["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"],
                ignore_patterns=["original/*", "metal/*"],  # the same weights again in other formats
            )
        )
        if not online or any(found.glob("*.safetensors")):
            return found
        return Path(
            snapshot_download(ref, allow_patterns=["*.bin"])
        )  # BiomedCLIP and PMC-LLaMA have no other
    except LocalEntryNotFoundError as error:
        raise Missing(
            f"the model {ref} is not in this machine's cache",
            repair=f"fetch it on a machine with network: medgpt chat --model {ref} --online",
        ) from error
    except (HfHubHTTPError, HFValidationError) as error:
        raise NotThere(
            f"the hub does not give the model {ref}", repair="check its name and your access"
        ) from error
