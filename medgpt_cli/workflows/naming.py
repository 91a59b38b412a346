"""What a person means by a model's name, as a folder on this machine.

A word (`tiny`, `tiny-siglip`, `small`), a run folder, a checkpoint folder, or a hub id.  Nothing is loaded here.
"""

from __future__ import annotations

import re
from pathlib import Path

from medgpt_cli.core import rundir
from medgpt_cli.core.errors import Missing, NotThere

WORDS = ("tiny", "tiny-siglip", "small")
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def model_folder(ref: str, *, online: bool = False) -> Path:
    """The folder of a model, built or fetched if need be.

    Args:
        ref: A word, a run folder, a checkpoint folder, or a hub id.
        online: Whether a hub id may be fetched.

    Raises:
        NotThere: No such folder, and not a hub id.
        BadCheckpoint: The run folder is not finished.
        Missing: A hub id that is not in the local cache, while offline; or `small` is not fetched.
    """
    from medgpt_cli.models import embedded

    if ref in WORDS:
        return embedded.folder(ref)
    path = Path(ref)
    if path.is_dir():
        if rundir.is_run(path):
            rundir.require_done(path)
            return path / "model"
        return path
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
