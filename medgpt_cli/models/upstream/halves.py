"""The language half of a LLaVA under the names it has alone, so that `tiny` can be joined to another tower.

This module knows nothing of towers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from transformers import AutoModelForCausalLM, LlavaForConditionalGeneration, PreTrainedModel

WHOLE = "llava"
"""The model type of what has such a half."""
_NAMES = (
    (re.compile(r"(?:language_model\.model|model\.language_model)\.(.+)"), r"model.\1"),
    (re.compile(r"(?:language_model\.)?(lm_head\..+)"), r"\1"),
)
"""From any name a LLaVA has had on disk to that of a causal language model."""


class LanguageHalf(Mapping[str, torch.Tensor]):
    """Tensors of the language half by the names of a causal language model, read when they are asked for.

    Args:
        whole: All tensors of a LLaVA.
    """

    def __init__(self, whole: Mapping[str, torch.Tensor]) -> None:
        self._whole = whole
        self._names = {told: name for name in whole if (told := _alone(name)) is not None}

    def __getitem__(self, name: str) -> torch.Tensor:
        return self._whole[self._names[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def language_config(whole: Any) -> Any:
    """The configuration of the language half as that of a model of its own.

    Args:
        whole: A LLaVA's configuration.
    """
    config = whole.text_config
    config.tie_word_embeddings = bool(whole.tie_word_embeddings)
    return config


def language_half(whole: LlavaForConditionalGeneration) -> PreTrainedModel:
    """The language half as a causal language model, by reference.

    Args:
        whole: A LLaVA.
    """
    with torch.device("meta"):
        model: Any = AutoModelForCausalLM.from_config(language_config(whole.config))
    model.model = whole.model.language_model
    model.lm_head = whole.lm_head
    model.tie_weights()
    half: PreTrainedModel = model.eval()
    return half


def _alone(name: str) -> str | None:
    for pattern, told in _NAMES:
        if found := pattern.fullmatch(name):
            return found.expand(told)
    return None
