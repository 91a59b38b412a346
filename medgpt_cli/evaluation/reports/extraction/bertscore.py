"""Vectors of every word piece, for BERTScore, from any encoder that transformers opens.

A report is read with a space before it: byte-level tokenizers (RoBERTa's) give a word another piece at the beginning of
a text than inside, and the published numbers are those with the space; without it they shift silently.  Layer N is the
output of block N, 0 the embeddings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

from medgpt_cli.core.errors import UsageError
from medgpt_cli.evaluation.reports.extraction.batches import all_loaded, by_length, device, open_quietly
from medgpt_cli.evaluation.reports.extraction.weights import (
    MODEL_FILES,
    TOKENIZER_FILES,
    fingerprint,
    require,
)
from medgpt_cli.evaluation.reports.radcliq import BASELINE
from medgpt_cli.evaluation.reports.rows import Header, TokenRow
from medgpt_cli.evaluation.reports.vectors import pack

LENGTH = 512

PUBLISHED = {
    ("roberta", 6, 768): (5, BASELINE),
    ("roberta", 12, 768): (10, None),
    ("roberta", 24, 1024): (17, None),
}
"""Layer and baseline by type, blocks and width: distilroberta-base, roberta-base, roberta-large."""


class Extractor:
    """An encoder on a folder of weights.

    Args:
        folder: Holds `config.json`, the tokenizer and the weights.
        layer: Whose output is taken; the published one for RoBERTa's sizes when None.
        baseline: Score of unrelated sentences; the published one for distilroberta-base at its layer when None.

    Raises:
        Missing: A file is not there.
        UsageError: The layer is not one of the model's, or must be named and is not.
        BadCheckpoint: transformers cannot read the folder, or tensors are missing.
    """

    def __init__(self, folder: Path, layer: int | None = None, baseline: float | None = None) -> None:
        _, file, _ = require("bertscore", folder, ("config.json",), MODEL_FILES, TOKENIZER_FILES)
        with open_quietly(folder):
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._model, report = AutoModel.from_pretrained(
                folder, local_files_only=True, dtype=torch.float32, output_loading_info=True
            )
        all_loaded(folder, report)
        config = self._model.config
        self._layer, told = _layer(config, layer)
        self._length = min(LENGTH, self._tokenizer.model_max_length)
        settings: dict[str, Any] = {"layer": self._layer, "prefix_space": True, "idf": False}
        if (chosen := told if baseline is None else baseline) is not None:
            settings["baseline"] = chosen
        self._model.eval().to(device())
        self.header = Header(
            kind=TokenRow.kind,
            extractor="medgpt bertscore v1",
            model=folder.resolve().name,
            model_sha256=fingerprint(file),
            width=config.hidden_size,
            dtype="<f2",
            settings=settings,
        )

    @torch.inference_mode()
    def rows(self, texts: Mapping[str, str], batch_size: int) -> Iterator[TokenRow]:
        """One row for each text, in the order of their lengths."""
        for keys, batch in by_length(texts, batch_size):
            inputs = self._tokenizer(
                [f" {text.strip()}" for text in batch],
                padding=True,
                truncation=True,
                max_length=self._length,
                return_tensors="pt",
            ).to(device())
            hidden = self._model(**inputs, output_hidden_states=True).hidden_states[self._layer]
            real = inputs["attention_mask"].bool()
            for key, vectors, mask in zip(keys, hidden, real, strict=True):
                kept = vectors[mask].cpu().numpy().astype(np.dtype("<f2"))
                yield TokenRow(sha256=key, count=len(kept), vectors=pack(kept))


def _layer(config: Any, asked: int | None) -> tuple[int, float | None]:
    size = (config.model_type, config.num_hidden_layers, config.hidden_size)
    layer, baseline = PUBLISHED.get(size, (None, None))
    if asked is None:
        if layer is None:
            raise UsageError(
                "no layer is published for a model of this size",
                repair=f"name one with --layer, 0 to {config.num_hidden_layers}",
            )
        return layer, baseline
    if not 0 <= asked <= config.num_hidden_layers:
        raise UsageError(f"the model has no layer {asked}", repair=f"0 to {config.num_hidden_layers}")
    return asked, baseline if asked == layer else None
