"""What a reader sees of a reply while it is written: new characters of the answer, each token decoded once.

This module knows nothing of models; it is handed tokens one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tokenizers.decoders import DecodeStream

from medgpt_cli.models.channels import FINAL, Channels


class Listener:
    """Passes on the answer of one reply.

    Args:
        channels: Of the tokenizer.
        tokenizer: The tokenizer.
        on_text: Called with each new piece.
    """

    def __init__(
        self, channels: Channels, tokenizer: Any, on_text: Callable[[str], None] | None
    ) -> None:
        self._channels = channels
        self._backend = tokenizer.backend_tokenizer
        self._on_text = on_text
        self._stream = DecodeStream(skip_special_tokens=True)
        self._told = ""
        self._name: list[int] | None = None
        """Tokens of a channel's name so far, between its two marks."""
        self._inside = self._final = not channels.harmony

    def hear(self, token: int) -> None:
        """Takes the next token."""
        if self._on_text is None:
            return
        if self._inside:
            if self._channels.closes(token):
                self._inside = False
            elif self._final:
                self._tell(self._stream.step(self._backend, token) or "")
        elif self._name is None:
            self._name = [] if self._channels.opens(token) else None
        elif self._channels.begins_text(token):
            self._final = self._channels.name(self._name) == FINAL
            self._name, self._inside = None, True
            self._stream = DecodeStream(skip_special_tokens=True)
        else:
            self._name.append(token)

    def end(self, text: str) -> None:
        """Passes on what was held back of the answer, now that it is whole."""
        if text.startswith(self._told):
            self._tell(text[len(self._told) :])

    def _tell(self, piece: str) -> None:
        if piece and self._on_text:
            self._told += piece
            self._on_text(piece)
