"""What a GGUF export says of itself: the tower's picture, the special tokens, how many positions there are.

This module reads keys, never weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import BadCheckpoint

MODEL, MMPROJ = "model.gguf", "mmproj.gguf"
SPECIAL = {3, 4}
"""Kinds of tokens (control, user defined) that llama.cpp finds in a text before anything else."""


@dataclass(frozen=True)
class Facts:
    """What the engine needs to know.

    Attributes:
        picture: Side of the tower's picture, in pixels.
        specials: Texts that would become special tokens.
        positions: Of prompt and reply together.
    """

    picture: int
    specials: tuple[str, ...]
    positions: int

    @property
    def harmony(self) -> bool:
        """Whether replies have channels."""
        return "<|channel|>" in self.specials


def is_gguf(folder: Path) -> bool:
    """Whether a folder holds a model for llama.cpp."""
    return (folder / MODEL).is_file()


def facts_of(folder: Path) -> Facts:
    """Reads the keys of both files.

    Raises:
        BadCheckpoint: A file is not there or no GGUF, or a key is missing.
    """
    model, tower = _keys(folder / MODEL), _keys(folder / MMPROJ)
    try:
        kinds = model("tokenizer.ggml.token_type")
        texts = model("tokenizer.ggml.tokens")
        name = model("general.architecture")
        return Facts(
            picture=int(tower("clip.vision.image_size")),
            specials=tuple(
                text for text, kind in zip(texts, kinds, strict=True) if kind in SPECIAL and text
            ),
            positions=int(model(f"{name}.context_length")),
        )
    except KeyError as error:
        raise BadCheckpoint(
            f"the key {error.args[0]} is missing", where=str(folder), repair="export the model again"
        ) from None


def _keys(path: Path) -> Any:
    """A function from the name of a key to its value."""
    from gguf import GGUFReader

    try:
        fields = GGUFReader(path).fields
    except (OSError, ValueError) as error:
        raise BadCheckpoint(
            f"{path.name} is missing or no GGUF file ({type(error).__name__})",
            where=str(path.parent),
            repair="name the folder that medgpt export --to gguf wrote",
        ) from None
    return lambda name: fields[name].contents()
