"""Reading a model straight into the shards of ZeRO-3, so that no process ever holds a whole one.

Only the first process reads weights; the others wait for what it hands round.  So every process looks first, at names
and shapes alone, whether the files fit the configuration: a fault that only one of them met would leave the rest
waiting.  What must be whole for a while (a model that is composed, stretched, unpacked or given adapters after it is
read, or that has nothing left to learn and would not be gathered again) is read whole by each process, as ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from medgpt_cli.core.distributed import ranks
from medgpt_cli.models import reading
from medgpt_cli.training.engine import deepspeed_config, loading_in_shards
from medgpt_cli.training.trainer import STATE
from medgpt_cli.workflows.stage_trainer import batch_of
from medgpt_cli.workflows.starting import pick_precision, start_named, stays_as_read


@contextmanager
def reading_in_shards(recipe: Any, last: Path | None, *, online: bool = False) -> Iterator[None]:
    """A model that is read meanwhile goes straight into shards, where the recipe allows it.

    Args:
        recipe: A stage recipe.
        last: The checkpoint it is read from, when the run goes on.
        online: Whether a hub id may be fetched.

    Raises:
        BadCheckpoint: The weights do not fit the configuration; in every process alike.
    """
    folder = _folder(recipe, last, online=online) if goes_into_shards(recipe, ranks()) else None
    if folder is None:
        yield
        return
    reading.refuse_misfit(folder)
    cpu, bf16 = pick_precision(recipe.model.dtype)
    rows = batch_of(recipe).rows
    with loading_in_shards(deepspeed_config(recipe.engine, recipe.train, rows=rows, bf16=bf16, cpu=cpu)):
        yield


def goes_into_shards(recipe: Any, processes: int) -> bool:
    """Whether a recipe leaves the model as it is read, and shards it.

    Args:
        recipe: A stage recipe.
        processes: Over which it is sharded.
    """
    engine = recipe.engine
    return bool(engine.deepspeed and engine.zero == 3 and processes > 1 and stays_as_read(recipe))


def told_of(model: Any) -> list[str]:
    """A sentence about a model that was read so; none about one that each process holds whole."""
    if all(hasattr(parameter, "ds_id") for parameter in model.parameters()):
        return ["weights: read straight into the shards of ZeRO-3; no process holds all of them"]
    return []


def _folder(recipe: Any, last: Path | None, *, online: bool) -> Path | None:
    if last is not None:
        state = json.loads((last / STATE).read_text())
        return last if state["global_step"] < state["max_steps"] else None
    start = start_named(recipe, online=online)
    whole = start is None or start.adapter is not None or reading.unpacking(start.folder)
    return None if start is None or whole else start.folder
