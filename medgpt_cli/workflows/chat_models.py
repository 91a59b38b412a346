"""The models of a dialogue: the first, and those that a person calls for in the middle of it.

How large a model is, is said before it is loaded, and one that does not fit beside those that are there is refused,
because a process that is ended for its memory loses the dialogue.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from medgpt_cli.chat.voices import Voice
from medgpt_cli.core import console, machine
from medgpt_cli.core.device import pick_device, pick_dtype
from medgpt_cli.core.errors import OutOfResources
from medgpt_cli.core.manifest import model_hash
from medgpt_cli.core.types import Generate
from medgpt_cli.workflows.naming import WORDS

if TYPE_CHECKING:
    from medgpt_cli.workflows.engines import Speaker


class Loading:
    """Loads models; see `chat.voices.Models`.

    Args:
        online: Whether a hub id may be fetched.
        around: Put around what answers, such as examples that stand before every dialogue.
    """

    def __init__(self, *, online: bool, around: Callable[[Generate], Generate]) -> None:
        self._online = online
        self._around = around

    def voice(self, loaded: Speaker) -> Voice:
        """A loaded model as one that takes part in a dialogue."""
        named, generate = loaded.named, self._around(loaded.generate)
        if named is None:
            return Voice(loaded.name, loaded.hash, generate, loaded.name)
        if named.adapter is None:
            return Voice(loaded.name, loaded.hash, generate, named.base, loaded.hash)
        base_hash, adapter_hash = model_hash(named.folder), model_hash(named.adapter)
        return Voice(
            loaded.name,
            loaded.hash,
            generate,
            named.base,
            base_hash,
            str(named.adapter),
            adapter_hash,
        )

    def with_adapter(self, voice: Voice, adapter: str | None) -> Voice:
        """The model of `voice` with another adapter, or with none.

        Args:
            voice: Who speaks now.
            adapter: A run or adapter folder; None takes off the one that is there.

        Raises:
            MedGPTError: It cannot be loaded, or does not fit beside the models that are.
        """
        return self._load(voice.base, adapter)

    def named(self, ref: str) -> Voice:
        """Another model.

        Args:
            ref: How the person named it.

        Raises:
            MedGPTError: It cannot be loaded, or does not fit beside the models that are.
        """
        return self._load(ref, None)

    def _load(self, ref: str, adapter: str | None) -> Voice:
        from medgpt_cli.models.llama_cpp.facts import is_gguf
        from medgpt_cli.workflows.engines import load_speaker
        from medgpt_cli.workflows.naming import named_model

        if ref in WORDS or not is_gguf(Path(ref)):
            _see_to_room(adapter or ref, named_model(ref, adapter, online=self._online).folder)
        elif adapter is None:
            _see_to_room(ref, Path(ref))
        return self.voice(load_speaker(ref, adapter, online=self._online))


def _see_to_room(name: str, folder: Path) -> None:
    """Says how large a model is, and refuses one that does not fit.

    Raises:
        OutOfResources: It does not.
        BadCheckpoint: The head of a file cannot be read.
    """
    from medgpt_cli.models.weighing import weights_bytes

    device, _ = pick_device()
    needed = weights_bytes(folder, 2 if pick_dtype(device)[0] == "bfloat16" else 4)
    free = _free(device)
    if needed > free:
        raise OutOfResources(
            f"the weights of {name} take {_said(needed)} of memory, and {_said(free)} are free",
            repair="the models are as they were; /compare off frees a second one, a GGUF export is smaller",
        )
    console.say(
        f"loading {name}: {_said(needed)} of weights, with {_said(free)} of memory free", style="dim"
    )


def _free(device: str) -> int:
    """Memory that is free where the model computes, in bytes."""
    if device == "cpu":
        return machine.memory().available
    import torch

    return int(torch.cuda.mem_get_info()[0])


def _said(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
