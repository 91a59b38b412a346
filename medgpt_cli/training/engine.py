"""A recipe's `engine` section as DeepSpeed's configuration; the only module that names DeepSpeed.

Without it the stock trainer runs alone, or as DDP where several processes were launched.  This module knows nothing of
models but the names of their expert blocks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from medgpt_cli.core.errors import Missing

EXPERT_BLOCKS = ("GptOssMLP", "MixtralSparseMoeBlock", "Qwen3MoeSparseMoeBlock")
"""Gathered as a whole under ZeRO-3: ranks whose tokens choose different experts must fetch the same parameters.
DeepSpeed knows some by default and others by the model's type, which inside LLaVA is not theirs."""


def deepspeed_config(
    engine: Any, train: Any, *, rows: int, bf16: bool, cpu: bool
) -> dict[str, Any] | None:
    """What DeepSpeed is told, or None where the recipe does without it.

    Args:
        engine: The recipe's `engine` section.
        train: Its `train` section.
        rows: Rows of one forward pass of one process.
        bf16: Compute in bfloat16; DeepSpeed keeps single-precision weights beside.
        cpu: Processes on the CPU, meeting by gloo.

    Raises:
        Missing: DeepSpeed is not installed.
    """
    if not engine.deepspeed:
        return None
    if find_spec("deepspeed") is None:
        raise Missing(
            "DeepSpeed is not installed", where="engine.deepspeed", repair="pip install deepspeed"
        )
    if cpu:
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    zero: dict[str, Any] = {"stage": engine.zero}
    if engine.zero == 3:
        zero |= {
            "leaf_module": {"classes": list(EXPERT_BLOCKS)},
            "stage3_gather_16bit_weights_on_model_save": True,
        }
    if engine.offload != "none":
        zero["offload_optimizer"] = {"device": "cpu"}
    if engine.offload == "parameters":
        zero["offload_param"] = {"device": "cpu"}
    return {
        "train_micro_batch_size_per_gpu": rows,
        "gradient_accumulation_steps": train.accumulate,
        "gradient_clipping": train.clip,
        "zero_optimization": zero,
        "bf16": {"enabled": bf16},
        "zero_force_ds_cpu_optimizer": False,
        "zero_allow_untested_optimizer": True,
    }


@contextmanager
def loading_in_shards(config: dict[str, Any] | None) -> Iterator[None]:
    """Models that are loaded meanwhile go straight into the shards of ZeRO-3, parameter by parameter.

    Args:
        config: What `deepspeed_config` gave for ZeRO-3.
    """
    from transformers.integrations.deepspeed import HfDeepSpeedConfig

    kept = HfDeepSpeedConfig(config)  # transformers holds it weakly, and asks it while it loads
    try:
        yield
    finally:
        del kept
        load_whole_from_now_on()


def load_whole_from_now_on() -> None:
    """Ends the sharding of models that are loaded later; training must be over.

    Under ZeRO-3 transformers would shard them too, and a process that loads one alone would wait for the others.
    """
    from transformers.integrations.deepspeed import unset_hf_deepspeed_config

    unset_hf_deepspeed_config()
