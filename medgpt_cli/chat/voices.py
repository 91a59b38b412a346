"""A model that takes part in a dialogue, and who can bring another.

This module knows nothing of files or weights: whoever opens a session hands it what loads models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from medgpt_cli.core.types import Generate


@dataclass(frozen=True)
class Voice:
    """A model.

    Attributes:
        name: What it is called.
        hash: Of its files, those of an adapter among them.
        generate: Answers dialogues.
        base: What the model without its adapter is called, where it has one.
        base_hash: The hash of that.
        adapter: The folder of its adapter, or an empty string.
        adapter_hash: The hash of that.
    """

    name: str
    hash: str
    generate: Generate
    base: str = ""
    base_hash: str = ""
    adapter: str = ""
    adapter_hash: str = ""

    @property
    def described(self) -> str:
        """The model and what it is made of, with the beginnings of the hashes."""
        if not self.adapter:
            return f"{self.name} ({self.hash[:12]})"
        return f"{self.base} ({self.base_hash[:12]}) with the adapter {self.adapter} ({self.adapter_hash[:12]})"


class Models(Protocol):
    """Loads models in the middle of a dialogue, or raises a `MedGPTError` and has changed nothing."""

    def with_adapter(self, voice: Voice, adapter: str | None) -> Voice:
        """The model of `voice` with another adapter, or with none.

        Args:
            voice: Who speaks now.
            adapter: A run or adapter folder; None takes off the one that is there.
        """
        ...

    def named(self, ref: str) -> Voice:
        """Another model.

        Args:
            ref: A word, a run folder, a checkpoint folder, an adapter folder, or a GGUF export.
        """
        ...
