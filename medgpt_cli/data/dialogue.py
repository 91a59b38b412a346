"""From turns to token ids and labels: which tokens the model must learn to write.

The mask comes from the template's own `{% generation %}` marks, never from searching text.  This module is handed a
tokenizer that carries its template; it knows nothing of models, files or pixels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, repeat
from typing import Any, NamedTuple, cast

import numpy as np

from medgpt_cli.core.types import Role, Sample, Turn

IGNORED = -100
"""The label of a token that is read, not written (torch's cross-entropy skips it)."""

JOINER = "\u200c"
"""Zero-width non-joiner: inside the look-alike of a special token it leaves the text readable and the token dead."""

DOCUMENT_END = "<|endoftext|>"

TOGETHER = 256
"""Dialogues tokenized at a time."""


class Encoded(NamedTuple):
    """A record as the model sees it.

    Attributes:
        input_ids: S token ids; each tile of an image is `tokens_per_image` image tokens.
        labels: S labels; `IGNORED` where the model only reads.
        images: The record's images in the order in which their tokens stand.
        tiles: How many tiles each of them is shown in; empty where each is shown whole.
    """

    input_ids: list[int]
    labels: list[int]
    images: tuple[str, ...]
    tiles: tuple[int, ...] = ()

    @property
    def shown(self) -> int:
        """Ordinary images that the tower sees: each tile, or each image that is shown whole."""
        return sum(self.tiles) if self.tiles else len(self.images)


def whole(_: str) -> int:
    """Every image is shown whole, as one tile."""
    return 1


class DialogueEncoder:
    """Encodes records with one tokenizer.

    Args:
        tokenizer: A fast tokenizer with a chat template.
        image_token: The text of the image placeholder.
        tokens_per_image: How many tokens one tile of an image takes.
        tiles_in: How many tiles an image is shown in; `data.images.tiling` has it.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        image_token: str,
        tokens_per_image: int,
        tiles_in: Callable[[str], int] = whole,
    ) -> None:
        self._tokenizer = tokenizer
        self._image_token = image_token
        self._image_id: int = tokenizer.convert_tokens_to_ids(image_token)
        self.tokens_per_image = tokens_per_image
        self._tiles_in = tiles_in
        self._stop_id: int = tokenizer.eos_token_id
        end = tokenizer.convert_tokens_to_ids(DOCUMENT_END)
        self._document_end: int = self._stop_id if end in (None, tokenizer.unk_token_id) else end
        specials = sorted(
            {str(t) for t in tokenizer.get_added_vocab()} | {image_token}, key=len, reverse=True
        )
        self._specials = re.compile("|".join(map(re.escape, specials)))
        self._beginnings = {special[:2] for special in specials}

    def encode(self, sample: Sample) -> Encoded:
        """Ids and labels of a training record, image tokens widened."""
        return next(self.encode_all([sample]))

    def encode_all(self, samples: Iterable[Sample]) -> Iterator[Encoded]:
        """The same for many records, tokenized together, which is quicker; in their order."""
        waiting = iter(samples)
        while together := list(islice(waiting, TOGETHER)):
            dialogues = [sample for sample in together if not sample.document]
            spoken = self._dialogues(dialogues) if dialogues else iter(())
            for sample in together:
                yield self._document(sample) if sample.document else next(spoken)

    def _dialogues(self, samples: Sequence[Sample]) -> Iterator[Encoded]:
        rows = self._tokenizer.apply_chat_template(
            [self.messages(sample.turns) for sample in samples],
            tokenize=True,
            return_dict=True,
            return_assistant_tokens_mask=True,
        )
        for sample, ids, said in zip(samples, rows["input_ids"], rows["assistant_masks"], strict=True):
            labels = self._labels(ids, said)
            order = tuple(sample.images[i] for turn in sample.turns for i in turn.images)
            yield self._encoded(ids, labels, order)

    def _labels(self, ids: Sequence[int], said: Sequence[int]) -> list[int]:
        # In harmony an answer in the history closes with <|end|>, but the model itself must close each answer with
        # the stop token, or plain `generate` runs on.  The label is what is written, the input what is read later:
        # so the last token of every answer is labelled with the stop token.
        written = np.asarray(said, dtype=bool)
        labels = np.where(written, np.asarray(ids), IGNORED)
        labels[written & ~np.append(written[1:], False)] = self._stop_id
        return cast("list[int]", labels.tolist())

    def _document(self, sample: Sample) -> Encoded:
        text = "".join(
            self.neutral(part) if isinstance(part, str) else self._image_token
            for part in sample.document
        )
        ids = [*self._tokenizer.encode(text, add_special_tokens=False), self._document_end]
        labels = [IGNORED if i == self._image_id else i for i in ids]
        order = tuple(sample.images[part] for part in sample.document if isinstance(part, int))
        return self._encoded(ids, labels, order)

    def _encoded(self, ids: list[int], labels: list[int], images: tuple[str, ...]) -> Encoded:
        tiles = self.tiles(images)
        return Encoded(*self._widen(ids, labels, tiles), images, tiles)

    def tiles(self, images: Sequence[str]) -> tuple[int, ...]:
        """How many tiles each of these images is shown in; empty where each is shown whole."""
        found = tuple(map(self._tiles_in, images))
        return () if set(found) <= {1} else found

    def prompt(self, turns: Sequence[Turn], tiles: Sequence[int] = ()) -> list[int]:
        """Ids of a dialogue that the model shall go on with, image tokens widened.

        Args:
            turns: The dialogue.
            tiles: How many tiles each of its images is shown in, in their order; empty where each is shown whole.
        """
        row = self._tokenizer.apply_chat_template(
            self.messages(turns), tokenize=True, return_dict=True, add_generation_prompt=True
        )
        ids, _ = self._widen(row["input_ids"], [IGNORED] * len(row["input_ids"]), tiles)
        return ids

    def messages(self, turns: Sequence[Turn]) -> list[dict[str, Any]]:
        """Turns in the form chat templates take, record text neutralised."""
        return [
            {
                "role": turn.role.value,
                "content": [
                    {"type": "text", "text": self.neutral(part)}
                    if isinstance(part, str)
                    else {"type": "image"}
                    for part in turn.parts
                ],
                **(
                    {"thinking": self.neutral(turn.thinking)}
                    if turn.role is Role.ASSISTANT and turn.thinking
                    else {}
                ),
            }
            for turn in turns
        ]

    def neutral(self, text: str) -> str:
        """Record text in which nothing becomes a special token, whoever typed it."""
        if not any(beginning in text for beginning in self._beginnings):
            return text  # as nearly every text; hundreds of specials are slow to look for
        return self._specials.sub(lambda match: match[0][0] + JOINER + match[0][1:], text)

    def _widen(
        self, ids: list[int], labels: list[int], tiles: Sequence[int]
    ) -> tuple[list[int], list[int]]:
        if self._image_id not in ids:
            return ids, labels
        wide_ids: list[int] = []
        wide_labels: list[int] = []
        shown = iter(tiles or repeat(1))
        for token, label in zip(ids, labels, strict=True):
            times = self.tokens_per_image * next(shown) if token == self._image_id else 1
            wide_ids.extend([token] * times)
            wide_labels.extend([label] * times)
        return wide_ids, wide_labels
