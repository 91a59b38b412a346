"""A dialogue with an answer somebody proposes, as tokens: how likely is it that the model would say just this?

This module is handed a tokenizer that carries its template; it knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from medgpt_cli.core.types import Role, Turn
from medgpt_cli.data.dialogue import IGNORED, DialogueEncoder

SIGN = "\ue000"
"""Stands for an answer where the template alone is looked at (a character for private use)."""


class AnswerEncoder(DialogueEncoder):
    """Encodes dialogues, and dialogues that go on with a given answer."""

    def answered(
        self, turns: Sequence[Turn], texts: Sequence[str], tiles: Sequence[int] = ()
    ) -> list[tuple[list[int], int]]:
        """Ids of a dialogue that goes on with each of several answers, and where the answer's own tokens begin.

        What the format puts between the prompt and the answer (harmony's channel) is read, not counted; what closes
        the answer is left out.  The whole is tokenised at once, as it would be in training: the answer begins with
        the first token that is another one than without it, so a space that melts into its first word is the word's.

        Args:
            turns: The dialogue, ending with a user turn.
            texts: The answers.
            tiles: How many tiles each image is shown in, in their order; empty where each is shown whole.
        """
        asked = self._rendered(self.messages(turns), asking=True) + self._opening
        without, *rows = self._tokenizer(
            [asked, *(asked + self.neutral(text) for text in texts)], add_special_tokens=False
        )["input_ids"]
        found = []
        for ids in rows:
            both = zip(ids, without, strict=False)
            shared = min(len(ids), len(without))
            start = next((at for at, (one, other) in enumerate(both) if one != other), shared)
            wide, _ = self._widen(ids, [IGNORED] * len(ids), tiles)
            found.append((wide, len(wide) - len(ids) + start))
        return found

    @cached_property
    def _opening(self) -> str:
        """What the template puts between a prompt and the first letter of its answer."""
        asked = self.messages([Turn(Role.USER, ("?",))])
        said = {"role": "assistant", "content": [{"type": "text", "text": SIGN}]}
        prompt = self._rendered(asked, asking=True)
        whole = self._rendered([*asked, said], asking=False)
        return whole[len(prompt) : max(whole.find(SIGN), len(prompt))]

    def _rendered(self, messages: list[dict[str, Any]], *, asking: bool) -> str:
        text: str = self._tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=asking
        )
        return text
