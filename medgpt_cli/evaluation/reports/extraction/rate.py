"""RaTEScore's entities: a tagger finds them sentence by sentence, a sentence encoder gives each a vector.

Sentences are split by a rule of ours where the published package uses medspaCy's; the tags (`B-TYPE`, `I-TYPE`, `O`)
and the vector (last hidden state at the first position, 30 pieces) are as published.  The words of an entity are
forgotten as soon as it has its vector.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from transformers import AutoModel, AutoModelForTokenClassification, AutoTokenizer

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.evaluation.reports.extraction.batches import all_loaded, device, open_quietly
from medgpt_cli.evaluation.reports.extraction.weights import (
    MODEL_FILES,
    TOKENIZER_FILES,
    fingerprint,
    require,
)
from medgpt_cli.evaluation.reports.rows import ENTITY_TYPES, EntityRow, Header
from medgpt_cli.evaluation.reports.vectors import pack

SENTENCE_LENGTH, ENTITY_LENGTH = 512, 30
SHORTEST = 3
"""Characters of the shortest sentence that is read."""

_SPLIT = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9_\[])|\n\s*\n")


class Span(NamedTuple):
    """An entity's characters in its sentence."""

    start: int
    end: int
    type: str


def sentences(text: str) -> list[str]:
    """A report's sentences; a single line break does not end one."""
    pieces = (" ".join(piece.split()) for piece in _SPLIT.split(text))
    return [piece for piece in pieces if len(piece) >= SHORTEST]


def spans(tags: Sequence[str], places: Sequence[tuple[int, int]]) -> list[Span]:
    """Entities of one sentence.

    Args:
        tags: One for each word piece; an `I-` that follows no entity begins none.
        places: First and last character of each piece; equal for marks, which are passed over.
    """
    found: list[Span] = []
    inside = False
    for tag, (start, end) in zip(tags, places, strict=True):
        if start == end:
            continue
        if tag.startswith("B-"):
            found.append(Span(start, end, tag[2:]))
        elif tag.startswith("I-") and inside:
            found[-1] = found[-1]._replace(end=end)
        inside = tag.startswith("B-") or (tag.startswith("I-") and inside)
    return found


class Extractor:
    """The tagger and the encoder on a folder of weights.

    Args:
        folder: Holds the folders `ner` and `encoder`.

    Raises:
        Missing: A file is not there.
        BadCheckpoint: transformers cannot read a folder, tensors are missing, or the tags are not RaTEScore's.
    """

    def __init__(self, folder: Path) -> None:
        ner, encoder = folder / "ner", folder / "encoder"
        files = [
            require("rate", part, ("config.json",), MODEL_FILES, TOKENIZER_FILES)[1]
            for part in (ner, encoder)
        ]
        with open_quietly(ner):
            self._ner_tokenizer = AutoTokenizer.from_pretrained(
                ner, local_files_only=True, use_fast=True
            )
            self._ner, ner_report = AutoModelForTokenClassification.from_pretrained(
                ner, local_files_only=True, dtype=torch.float32, output_loading_info=True
            )
        with open_quietly(encoder):
            self._tokenizer = AutoTokenizer.from_pretrained(encoder, local_files_only=True)
            self._encoder, report = AutoModel.from_pretrained(
                encoder, local_files_only=True, dtype=torch.float32, output_loading_info=True
            )
        all_loaded(ner, ner_report)
        all_loaded(encoder, report)
        self._tags = {int(number): tag for number, tag in self._ner.config.id2label.items()}
        if {tag[2:] for tag in self._tags.values() if tag != "O"} != set(ENTITY_TYPES):
            raise BadCheckpoint(
                "its tags are not RaTEScore's five types",
                where=str(ner / "config.json"),
                repair="take the folder as published, whole",
            )
        for model in (self._ner, self._encoder):
            model.eval().to(device())
        self.header = Header(
            kind=EntityRow.kind,
            extractor="medgpt rate v1",
            model="rate",
            model_sha256=fingerprint(*files),
            width=self._encoder.config.hidden_size,
            dtype="<f4",
            settings={"sentences": "rule v1"},
        )

    @torch.inference_mode()
    def rows(self, texts: Mapping[str, str], batch_size: int) -> Iterator[EntityRow]:
        """One row for each text, in their order."""
        for key, text in texts.items():
            found = list(self._entities(sentences(text), batch_size))
            vectors = np.zeros((0, self.header.width), dtype="<f4")
            if found:
                inputs = self._tokenizer(
                    [words for words, _ in found],
                    padding=True,
                    truncation=True,
                    max_length=ENTITY_LENGTH,
                    return_tensors="pt",
                ).to(device())
                first = self._encoder(**inputs).last_hidden_state[:, 0]
                vectors = first.cpu().numpy().astype(np.dtype("<f4"))
            yield EntityRow(sha256=key, types=tuple(kind for _, kind in found), vectors=pack(vectors))

    def _entities(self, lines: Sequence[str], batch_size: int) -> Iterator[tuple[str, str]]:
        for start in range(0, len(lines), batch_size):
            batch = list(lines[start : start + batch_size])
            inputs = self._ner_tokenizer(
                batch,
                padding=True,
                truncation=True,
                max_length=SENTENCE_LENGTH,
                return_offsets_mapping=True,
                return_tensors="pt",
            )
            places = inputs.pop("offset_mapping").tolist()
            numbers = self._ner(**inputs.to(device())).logits.argmax(dim=2).tolist()
            for line, row, where in zip(batch, numbers, places, strict=True):
                for span in spans([self._tags[number] for number in row], where):
                    yield line[span.start : span.end].strip(), span.type
