"""The gradients that the steps of a run see, in one process or in several that DeepSpeed shards over.

Toy models are small enough for ZeRO-3 to keep them gathered; here it is told to let go of everything at once, as it
must with large ones.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from medgpt_cli.core.distributed import is_first
from medgpt_cli.training.guarded import GuardedTrainer
from medgpt_cli.workflows import stage_trainer

KEPT = (
    "param_persistence_threshold",
    "max_reuse_distance",
    "max_live_parameters",
    "prefetch_bucket_size",
)


def keep(run: Path, replace: Callable[[Any, str, Any], None] = setattr) -> None:
    """Makes a run write `RUN-step-N.safetensors`: gradients of its routers and experts as the step sees them.

    Args:
        run: Its folder, beside which they go.
        replace: Puts something in the place of an attribute.
    """
    may_step, config = GuardedTrainer._may_step, stage_trainer.deepspeed_config

    def asked(self: Any, norm: float) -> bool:
        found = {
            name: _gradient(parameter)
            for name, parameter in self.model.named_parameters()
            if ".mlp.router." in name or ".mlp.experts." in name
        }
        if is_first():
            save_file(found, f"{run}-step-{self.state.global_step + 1}.safetensors")
        return may_step(self, norm)

    def letting_go(*args: Any, **kwargs: Any) -> Any:
        made = config(*args, **kwargs)
        if made is not None:
            made["zero_optimization"] |= {f"stage3_{name}": 0 for name in KEPT}
        return made

    replace(GuardedTrainer, "_may_step", asked)
    replace(stage_trainer, "deepspeed_config", letting_go)


def _gradient(parameter: Any) -> Any:
    if not hasattr(parameter, "ds_id"):
        return parameter.grad.clone()
    from deepspeed.utils import safe_get_full_grad

    return safe_get_full_grad(parameter).clone()
