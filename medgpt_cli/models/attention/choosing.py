"""Which attention a stage trains with: ours, transformers' eager, or an installed flash kernel that agrees with eager.

A kernel is never fetched: what is not installed as a package is not there.  This module knows nothing of recipes but
their word for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch
from transformers import AttentionInterface

from medgpt_cli.core.documents import EAGER, FLASH, OURS
from medgpt_cli.core.errors import BadRecipe, Missing
from medgpt_cli.models.attention.closed import close_documents
from medgpt_cli.models.attention.probe import probe, require_agreement

PACKAGES = {"flash_attention_3": "flash_attn_interface", "flash_attention_2": "flash_attn"}
"""The package behind each kernel, the newest first."""

INSTALL = "pip install flash-attn --no-build-isolation"
WHERE = "model.attention"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The attention of a language model while it is trained.

    Attributes:
        name: What it is called in transformers' registry.
        word: What a recipe calls it: `ours`, `eager` or `flash`.
        reason: Why this one, for a person; empty where the recipe named it.
    """

    name: str
    word: str
    reason: str = ""

    def sentence(self) -> str:
        """What a person is told of it."""
        return f"attention: {self.word}" + (f", {self.reason}" if self.reason else "")


def choose_attention(
    word: str, *, device: str, dtype: torch.dtype, sinks: bool, shared: bool = False
) -> Chosen:
    """The attention that a recipe's word means on this machine.

    Args:
        word: `auto`, `ours`, `eager` or `flash`.
        device: Where training runs.
        dtype: In which it computes.
        sinks: Whether the language model attends with sinks.
        shared: Whether processes share a row, which only ours can.

    Raises:
        Missing: A flash kernel is asked for, and none is installed.
        BadRecipe: A flash kernel is asked for, and it cannot be used here.
        RuntimeError: Ours differs from eager on this machine; training would go wrong without a word.
    """
    if word == "eager":
        return Chosen(EAGER, word)
    if word == "flash" or (word == "auto" and not shared):
        found = _flash(device, dtype, sinks=sinks)
        if isinstance(found, Chosen):
            return found
        if word == "flash":
            raise found
        reason = found.what
    else:
        reason = "which alone can share a row among processes" if word == "auto" else ""
    require_agreement(device, dtype)
    return Chosen(OURS, "ours", reason)


def attend_by(model: Any, chosen: Chosen) -> None:
    """Lets the language model of a LLaVA model attend this way; the vision tower keeps its own attention."""
    if chosen.name == OURS:
        close_documents(model)
    else:
        model.model.language_model.config._attn_implementation = chosen.name


def has_sinks(model: Any) -> bool:
    """Whether the language model of a LLaVA model attends with sinks."""
    return any(name.endswith(".sinks") for name, _ in model.model.language_model.named_parameters())


def _flash(device: str, dtype: torch.dtype, *, sinks: bool) -> Chosen | Missing | BadRecipe:
    """A kernel that may be used, or why there is none."""
    if not _installed():
        return _missing()
    repair = "set model.attention=ours, which needs no kernel of others"
    if device == "cpu":
        return BadRecipe("flash kernels run on a GPU, and there is none", where=WHERE, repair=repair)
    if dtype not in (torch.bfloat16, torch.float16):
        return BadRecipe(
            "flash kernels compute in 16 bits", where=WHERE, repair="set model.dtype=bfloat16"
        )
    reasons = []
    for name in _installed():
        verdict = probe(name, _kernel(name), device=device, dtype=dtype, sinks=sinks)
        if verdict.agrees:
            return Chosen(name, "flash", f"{name}, which agrees with eager here, gradients included")
        reasons.append(f"{name} differs from eager here: {verdict.reason}")
    return BadRecipe("; ".join(reasons), where=WHERE, repair=repair)


def require_kernel(word: str) -> None:
    """Refuses to begin with a flash kernel that is not installed.

    Args:
        word: `auto`, `ours`, `eager` or `flash`.

    Raises:
        Missing: It is `flash`, and none is.
    """
    if word == "flash" and not _installed():
        raise _missing()


def _installed() -> list[str]:
    return [name for name in FLASH if find_spec(PACKAGES[name]) is not None]


def _missing() -> Missing:
    return Missing("no flash kernel is installed", where=WHERE, repair=INSTALL)


def _kernel(name: str) -> Callable[..., Any]:
    kernel: Callable[..., Any] = AttentionInterface()[name]
    return kernel
