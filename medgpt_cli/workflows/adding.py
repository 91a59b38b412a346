"""An adapter added to the weights of a model that is to answer, or to learn on as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def add_adapter(model: Any, adapter: Path) -> None:
    """Adds an adapter to a model's weights, in place; what it learnt with rounded is rounded again.

    Args:
        model: The model it belongs to, on the CPU.
        adapter: Its folder.

    Raises:
        BadCheckpoint: It does not fit the model, or is damaged.
        HashMismatch: A file is not the one its manifest names.
        Missing: It learnt beside weights in a format that needs another library.
    """
    from medgpt_cli.models.adapters import folder
    from medgpt_cli.models.adapters.merge import merge
    from medgpt_cli.training.parts import part_of
    from medgpt_cli.training.qat import round_experts
    from medgpt_cli.workflows.lineage import read_manifest
    from medgpt_cli.workflows.quantising import format_behind, round_base

    round_base(model, format_behind(adapter))
    folder.load(model, adapter)
    merge(model, part_of)
    if read_manifest(adapter).get("rounded") is not None:
        round_experts(model.state_dict().items())
