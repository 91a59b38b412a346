"""A question before each step that DeepSpeed takes: its optimiser steps inside backward, where no trainer can stop it.

ZeRO's optimisers drop a step whose gradient norm is no number and leave weights and state as they were; a refused step
is handed to them as such a one (read in DeepSpeed 0.19: `stage3.step`, `stage_1_and_2.step`).  This module knows
nothing of when a step is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from medgpt_cli.core.errors import BadRecipe


def ask_before_steps(optimizer: Any, may_step: Callable[[float], bool]) -> None:
    """Makes an optimiser ask, on all ranks alike, whether a step with this gradient norm is to be taken.

    Args:
        optimizer: DeepSpeed's, of ZeRO 1, 2 or 3.
        may_step: Given the norm before clipping; infinite where it is no number.

    Raises:
        BadRecipe: It is an optimiser whose steps cannot be refused.
    """
    from deepspeed.runtime.utils import combine_grad_norm_groups

    name = next(
        (each for each in ("_get_norm_groups", "scaled_global_norm") if hasattr(optimizer, each)), None
    )
    if name is None or not hasattr(optimizer, "overflow"):
        raise BadRecipe(
            f"steps of DeepSpeed's {type(optimizer).__name__} cannot be guarded against losses that are no number",
            where="engine.zero",
            repair="set engine.zero=3",
        )
    measure, step = getattr(optimizer, name), optimizer.step
    asked: list[float] = []

    def measured(*args: Any, **kwargs: Any) -> Any:
        found = measure(*args, **kwargs)
        norm = combine_grad_norm_groups(found) if isinstance(found, list) else torch.as_tensor(found)
        asked.append(float(norm) / float(optimizer.loss_scale))
        if may_step(asked[-1]):
            return found
        refused = torch.full_like(norm, torch.inf)
        return [refused] if isinstance(found, list) else refused

    def stepped(*args: Any, **kwargs: Any) -> Any:
        asked.clear()
        done = step(*args, **kwargs)
        if optimizer.overflow and not asked:  # seen to be no number before a norm was taken
            may_step(torch.inf)
        return done

    setattr(optimizer, name, measured)
    optimizer.step = stepped
    # In bfloat16 an optimiser that does not look would take the step with a norm that is no number.
    if hasattr(optimizer, "check_grad_overflow"):
        optimizer.check_grad_overflow = True
