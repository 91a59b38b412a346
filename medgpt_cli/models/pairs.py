"""A model of two towers, one that reads pictures and one that reads texts, such as CLIP or SigLIP: how well they agree.

This module knows nothing of records.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.models.libraries import quiet_libraries

KINDS = ("clip", "siglip")
"""By their `model_type`."""


class Pair:
    """Both towers, in float32 on the processor; one picture and one text at a time, so that no score hangs on others.

    Args:
        folder: As transformers saves it: safetensors, tokenizer and picture rules.

    Raises:
        BadCheckpoint: It holds no such model.
    """

    def __init__(self, folder: Path) -> None:
        quiet_libraries()
        try:
            self._model: Any = AutoModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
            ).eval()
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._pictures: Any = AutoImageProcessor.from_pretrained(folder, local_files_only=True)
        except Exception as error:  # the libraries raise bare ones for damaged files
            raise _refusal(folder) from error
        if self._model.config.model_type not in KINDS:
            raise _refusal(folder)
        self._longest: int = self._model.config.text_config.max_position_embeddings

    @torch.inference_mode()
    def agreement(self, picture: Image.Image, text: str) -> float:
        """The cosine between a picture and a text, -1 to 1; a long text is cut to what the tower reads."""
        whole = self._model.config.model_type == "siglip"  # was trained on texts padded to one length
        words = self._tokenizer(
            text,
            truncation=True,
            max_length=self._longest,
            padding="max_length" if whole else False,
            return_tensors="pt",
        )
        pixels = self._pictures(picture, return_tensors="pt")["pixel_values"]
        shown = _vector(self._model.get_image_features(pixel_values=pixels))
        asked = {} if whole else {"attention_mask": words["attention_mask"]}
        said = _vector(self._model.get_text_features(input_ids=words["input_ids"], **asked))
        return float(torch.nn.functional.cosine_similarity(shown, said))


def _vector(features: Any) -> torch.Tensor:
    """(1, D); newer versions of transformers put it into an object."""
    found: torch.Tensor = getattr(features, "pooler_output", features)
    return found


def _refusal(folder: Path) -> BadCheckpoint:
    return BadCheckpoint(
        "holds no CLIP or SigLIP with both towers, a tokenizer and picture rules, in safetensors",
        where=str(folder),
        repair="name a folder that transformers saved such a model and its processor into",
    )
