"""A causal language model of which only the outline is in memory: its weights stay on disk until they are written.

gpt-oss is published with its experts packed (MXFP4: blocks of 32 four-bit values under one scale); each such tensor is
unpacked when it is asked for.  This module knows nothing of towers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.core.manifest import verify_files
from medgpt_cli.models.libraries import quiet_libraries
from medgpt_cli.models.upstream.halves import WHOLE, LanguageHalf, language_config
from medgpt_cli.models.upstream.packed import METHOD, Unpacked
from medgpt_cli.models.upstream.weights import REPAIR, Weights

_COMPUTED = re.compile(r".*\.rotary_emb\.inv_freq")
"""Tensors that old checkpoints hold although they follow from the configuration."""


class LanguageWeights:
    """The tensors of a causal LM by the names transformers gives them, packed ones unpacked when asked for.

    Args:
        folder: A checkpoint folder; of a LLaVA its language half is meant.

    Raises:
        BadCheckpoint: The folder holds no configuration of a causal LM, or no whole weights.
        HashMismatch: A file is not the one the folder's manifest names.
    """

    def __init__(self, folder: Path) -> None:
        quiet_libraries()
        verify_files(folder)
        self.folder = folder
        try:
            self.config: Any = AutoConfig.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, KeyError, StrictDataclassError) as error:
            raise BadCheckpoint(
                "there is no config.json of a model",
                where=str(folder),
                repair="name a checkpoint folder",
            ) from error
        packing = getattr(self.config, "quantization_config", None)
        method = (packing or {}).get("quant_method")
        if method not in (None, METHOD):
            raise BadCheckpoint(
                f"the weights are packed by {method}, which is not unpacked here",
                where=str(folder),
                repair="name the unpacked checkpoint",
            )
        if packing is not None:
            del self.config.quantization_config
        held: Mapping[str, torch.Tensor] = Weights(folder)
        if self.config.model_type == WHOLE:
            self.config, held = language_config(self.config), LanguageHalf(held)
        self._weights = Unpacked(held)

    @property
    def names(self) -> Iterator[str]:
        """Names of the tensors as a model has them."""
        yield from self._weights

    def get(self, name: str) -> torch.Tensor:
        """One tensor; a packed one as bfloat16, which holds every value it can have.

        Raises:
            BadCheckpoint: It is not there.
        """
        try:
            return self._weights[name]
        except KeyError as error:
            raise BadCheckpoint(
                f"the tensor {error.args[0]} is missing", where=str(self.folder), repair=REPAIR
            ) from None

    def outline(self, dtype: torch.dtype) -> PreTrainedModel:
        """The model without weights, but for embedding and head, which may have to grow.

        Args:
            dtype: Of all parameters.

        Raises:
            BadCheckpoint: Tensors are missing, or there are some that the model does not have.
        """
        try:
            with torch.device("meta"):
                model = AutoModelForCausalLM.from_config(self.config)
        except ValueError as error:
            raise BadCheckpoint(
                f"{self.config.model_type} is no causal language model",
                where=str(self.folder),
                repair="name a llama- or gpt-oss-shaped one",
            ) from error
        self._require_all(model)
        for module in (model.get_input_embeddings(), model.get_output_embeddings()):
            module.to_empty(device="cpu")
        state = {name: self.get(name) for name in _ends(model) if name in set(self.names)}
        model.to(dtype)
        model.load_state_dict(state, strict=False)
        model.tie_weights()
        return model

    def _require_all(self, model: PreTrainedModel) -> None:
        held, wanted = set(self.names), set(model.state_dict())
        if model.config.tie_word_embeddings:
            wanted.discard("lm_head.weight")
            held.discard("lm_head.weight")
        for what, names in (
            ("are missing", wanted - held),
            ("belong to no part of the model", {n for n in held - wanted if not _COMPUTED.fullmatch(n)}),
        ):
            if names:
                raise BadCheckpoint(
                    f"{len(names)} tensors of the language model {what} (such as {min(names)})",
                    where=str(self.folder),
                    repair=REPAIR,
                )


def _ends(model: PreTrainedModel) -> list[str]:
    """Names of the tensors of embedding and head."""
    ends = {id(model.get_input_embeddings()), id(model.get_output_embeddings())}
    return [
        f"{prefix}.{name}"
        for prefix, module in model.named_modules()
        if id(module) in ends
        for name, _ in module.named_parameters()
    ]
