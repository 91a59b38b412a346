"""What a person reads of a harmony reply: the final channel, never the analysis.

A reply is a row of tokens such as `<|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final
<|message|>…<|return|>` (openai/harmony, docs/format.md).  For any other dialogue format the whole reply is the answer.
This module knows nothing of models; it is handed token ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

FINAL = "final"
THINKING = "analysis"


class Parted(NamedTuple):
    """A reply taken apart.

    Attributes:
        text: The answer so far.
        thinking: The analysis so far.
    """

    text: str
    thinking: str


class Channels:
    """Takes replies of one tokenizer apart.

    Args:
        tokenizer: The tokenizer the reply was written with.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        vocabulary = tokenizer.get_vocab()
        self._channel = vocabulary.get("<|channel|>")
        self._message = vocabulary.get("<|message|>")
        self._closers = {
            vocabulary[name] for name in ("<|end|>", "<|return|>", "<|call|>") if name in vocabulary
        }

    @property
    def harmony(self) -> bool:
        """Whether replies have channels."""
        return self._channel is not None

    def opens(self, token: int) -> bool:
        """Whether a channel's name follows."""
        return bool(token == self._channel)

    def begins_text(self, token: int) -> bool:
        """Whether a channel's text follows."""
        return bool(token == self._message)

    def closes(self, token: int) -> bool:
        """Whether a channel's text ends here."""
        return token in self._closers

    def name(self, ids: Sequence[int]) -> str:
        """The name of a channel, from the tokens between its two marks."""
        return self._decode(ids).strip()

    def part(self, ids: Sequence[int]) -> Parted:
        """Splits token ids into answer and thinking; an unfinished last character is held back."""
        if self._channel is None:
            return Parted(self._decode(ids), "")
        texts = {FINAL: "", THINKING: ""}
        position = 0
        while self._channel in ids[position:]:
            start = ids.index(self._channel, position) + 1
            if self._message not in ids[start:]:
                break
            body = ids.index(self._message, start) + 1
            end = next((i for i in range(body, len(ids)) if ids[i] in self._closers), len(ids))
            name = self.name(ids[start : body - 1])
            if name in texts:
                texts[name] += self._decode(ids[body:end])
            position = end
        return Parted(texts[FINAL], texts[THINKING])

    def _decode(self, ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(
            list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        # A character of several bytes arrives token by token; its first bytes alone decode to U+FFFD.
        return text.removesuffix("\ufffd")
