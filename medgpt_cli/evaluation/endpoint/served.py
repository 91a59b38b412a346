"""What an endpoint says it serves, asked before the first question.

Nothing here proves which weights answer: a server tells what it likes.  This module knows nothing of HTTP.
"""

from __future__ import annotations

from typing import Any

import msgspec

from medgpt_cli.core.errors import NotThere, UsageError
from medgpt_cli.core.nearest import did_you_mean
from medgpt_cli.evaluation.endpoint.faults import Failed, Fault

SHOWN = 8
_LONGEST = 200
_META = ("n_params", "n_vocab", "n_ctx_train", "n_embd", "size")


class Served(msgspec.Struct, frozen=True):
    """One model of an endpoint's list.

    Attributes:
        id: The name it is asked by.
        owned_by: Who made it, such as `vllm` or `llamacpp`.
        root: vLLM: the folder or hub id it was loaded from.
        max_model_len: vLLM: tokens of prompt and answer together.
        meta: llama.cpp: counts that tell models apart.
    """

    id: str
    owned_by: str | None = None
    root: str | None = None
    max_model_len: int | None = None
    meta: dict[str, Any] | None = None

    def facts(self) -> dict[str, str | int | float]:
        """What stands in a manifest, cleaned; what a server says of itself may be anything."""
        told: dict[str, Any] = {
            "owned_by": self.owned_by,
            "root": self.root,
            "max_model_len": self.max_model_len,
            **{f"meta.{name}": (self.meta or {}).get(name) for name in _META},
        }
        return {
            name: _clean(value) if isinstance(value, str) else value
            for name, value in told.items()
            if isinstance(value, str | int | float)
        }


class _List(msgspec.Struct, frozen=True):
    data: tuple[Served, ...]


def read_list(data: bytes) -> tuple[Served, ...]:
    """The models of a list.

    Raises:
        Failed: It is none.
    """
    try:
        return msgspec.json.decode(data, type=_List).data
    except (ValueError, RecursionError):
        raise Failed(Fault.GARBAGE, "no list of models") from None


def choose(name: str | None, served: tuple[Served, ...], origin: str) -> Served:
    """The model that is asked.

    Args:
        name: As the person named it; None for the only one there is.
        served: What the endpoint lists.
        origin: What the endpoint is called in a message.

    Raises:
        NotThere: It is not listed, or nothing is.
        UsageError: None was named, and there are several.
    """
    names = [_clean(model.id) for model in served]
    listed = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
    if not served:
        raise NotThere(f"{origin} serves no model", repair="load one there")
    if name is None:
        if len(served) > 1:
            raise UsageError(
                f"{origin} serves several models", repair=f"name one with --endpoint-model: {listed}"
            )
        return served[0]
    for model in served:
        if model.id == name:
            return model
    meant = did_you_mean(name, names)
    raise NotThere(
        f"{origin} serves no model of the name {name}" + (f"; {meant}" if meant else ""),
        repair=f"name one with --endpoint-model: {listed}",
    )


def _clean(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:_LONGEST]
