"""CheXbert from its published checkpoint: a BERT with fourteen heads, opened without running anything it holds.

`chexbert.pth` is a pickle of tensors under `model_state_dict`, named `module.bert.…` and `module.linear_heads.N.…`; it
is read with `weights_only=True`, which refuses everything but tensors.  The report's vector is the last hidden state at
its first position, without dropout.  White space is squeezed and 512 word pieces are kept, as published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoTokenizer, BertModel

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.evaluation.reports.extraction.batches import by_length, device, open_quietly
from medgpt_cli.evaluation.reports.extraction.weights import TOKENIZER_FILES, fingerprint, require
from medgpt_cli.evaluation.reports.rows import CONDITIONS, Header, LabelRow
from medgpt_cli.evaluation.reports.vectors import pack

FILE = "chexbert.pth"
LENGTH = 512
CLASSES = (4,) * (len(CONDITIONS) - 1) + (2,)
_DERIVED = "bert.embeddings.position_ids"
"""Written by old releases of transformers, computed by today's."""


class CheXbert(torch.nn.Module):
    """The labeller.

    Args:
        config: Of the BERT inside.
    """

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.bert = BertModel(config)
        self.linear_heads = torch.nn.ModuleList(
            torch.nn.Linear(config.hidden_size, classes) for classes in CLASSES
        )

    def forward(self, **inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Labels (B, 14) and report vectors (B, width)."""
        first = self.bert(**inputs).last_hidden_state[:, 0]
        labels = torch.stack([head(first).argmax(dim=1) for head in self.linear_heads], dim=1)
        return labels, first


def state_of(file: Path) -> dict[str, torch.Tensor]:
    """The tensors of a published checkpoint by the names of `CheXbert`.

    Raises:
        BadCheckpoint: The file holds anything but tensors, or no `model_state_dict`.
    """
    try:
        raw = torch.load(file, map_location="cpu", weights_only=True)["model_state_dict"]
        named = {name.removeprefix("module."): tensor for name, tensor in raw.items()}
    except Exception:  # whatever a damaged or hostile pickle does, it is named and not run
        raise BadCheckpoint(
            "is not a checkpoint of tensors under model_state_dict",
            where=str(file),
            repair="take chexbert.pth as published",
        ) from None
    named.pop(_DERIVED, None)
    return named


class Extractor:
    """CheXbert on a folder of weights.

    Args:
        folder: Holds the checkpoint, BERT's `config.json` and its tokenizer.

    Raises:
        Missing: A file is not there.
        BadCheckpoint: The checkpoint is not CheXbert's.
    """

    def __init__(self, folder: Path) -> None:
        file, *_ = require("chexbert", folder, (FILE,), ("config.json",), TOKENIZER_FILES)
        with open_quietly(folder):
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._model = CheXbert(AutoConfig.from_pretrained(folder, local_files_only=True))
        try:
            self._model.load_state_dict(state_of(file))
        except RuntimeError:
            raise BadCheckpoint(
                "its tensors are not those of BERT with CheXbert's 14 heads",
                where=str(file),
                repair="take chexbert.pth as published, beside the config.json of bert-base-uncased",
            ) from None
        self._model.eval().to(device())
        self.header = Header(
            kind=LabelRow.kind,
            extractor="medgpt chexbert v1",
            model="chexbert",
            model_sha256=fingerprint(file),
            width=self._model.bert.config.hidden_size,
            dtype="<f4",
        )

    @torch.inference_mode()
    def rows(self, texts: Mapping[str, str], batch_size: int) -> Iterator[LabelRow]:
        """One row for each text, in the order of their lengths."""
        for keys, batch in by_length(texts, batch_size):
            inputs = self._tokenizer(
                [" ".join(text.split()) for text in batch],
                padding=True,
                truncation=True,
                max_length=LENGTH,
                return_tensors="pt",
            ).to(device())
            labels, vectors = self._model(**inputs)
            for key, row, vector in zip(keys, labels.tolist(), vectors.cpu().numpy(), strict=True):
                packed = pack(vector.astype(np.dtype("<f4")))
                yield LabelRow(sha256=key, labels=tuple(row), vector=packed)
