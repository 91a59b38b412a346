"""What a stage keeps: the whole model, or adapters, read again and proven to change something, and the model with them.

Adapters are not believed because they were trained: the base is loaded from its folder once more, the adapters from
theirs, and each part that carries some must come out changed, or nothing is kept.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, files
from medgpt_cli.core.errors import GateRefusal
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.models import checkpoint
from medgpt_cli.models.adapters import folder as adapters
from medgpt_cli.models.adapters.merge import Change, merge
from medgpt_cli.training.engine import load_whole_from_now_on
from medgpt_cli.training.parts import part_of
from medgpt_cli.training.qat import round_experts
from medgpt_cli.workflows import run_record
from medgpt_cli.workflows.adapter_card import write_card
from medgpt_cli.workflows.adapting import MODULES, in_full
from medgpt_cli.workflows.naming import named_model
from medgpt_cli.workflows.quantising import round_base, told_of
from medgpt_cli.workflows.run_record import SaveModel, Weights
from medgpt_cli.workflows.starting import build_base


def saver(run: RunFolder, recipe: Any, model: Any, processor: Any, *, online: bool) -> SaveModel:
    """What writes a checkpoint: the whole model, or its adapters with what learns beside them.

    Args:
        run: The run.
        recipe: Its recipe.
        model: What is trained.
        processor: Beside it.
        online: Whether a hub id may be fetched.
    """
    if recipe.lora.r is None:
        return partial(run_record.save_hashed, run.path.name, partial(checkpoint.save, model, processor))
    save = partial(adapters.save, model, processor)
    told = _provenance(run, recipe, told_of(model), online=online)
    return partial(run_record.save_hashed, run.path.name, save, told=told)


def _provenance(
    run: RunFolder, recipe: Any, quantised: dict[str, Any] | None, *, online: bool
) -> dict[str, Any]:
    """What an adapter's manifest says of where it comes from: base, data and recipe, each with its hash."""
    start = named_model(recipe.model.base, recipe.model.adapter, online=online)
    manifest = json.loads(run.manifest.read_text())
    return {
        "base": {"name": start.base, "hash": manifest["base_hash"][start.base]},
        "data": manifest["data"],
        "recipe": manifest["recipe_sha256"],
        "attested": manifest["gates"]["phi"].get("attest"),
        "whole": [MODULES[part] for part in in_full(recipe)],
        "quantised_base": quantised,
    }


def keep(
    run: RunFolder,
    recipe: Any,
    model: Any,
    save: SaveModel,
    weights: Weights,
    *,
    unreached: Collection[str] = (),
    online: bool,
) -> None:
    """Puts the result in its place, whole or not at all: `model/`, or `adapter/` and, merged, `model/`.

    Trained on rounded experts, a whole model is kept with them rounded: that is what learnt.

    Args:
        run: The run.
        recipe: Its recipe.
        model: What was trained.
        save: What `saver` gave.
        weights: Gathered from all processes, or None.
        unreached: Parts that no record could teach; their adapters may change nothing.
        online: Whether a hub id may be fetched.

    Raises:
        GateRefusal: Adapters were trained and change nothing.
    """
    if recipe.lora.r is None:
        if recipe.train.qat is not None:
            round_experts((model.state_dict() if weights is None else weights).items())
        run_record.keep_model(run, save, weights)
        return
    merged: tuple[Any, Any] | None = None
    if not run.adapter.exists():
        with files.staged_folder(run.adapter) as staging:
            save(staging, weights)
            model, processor, changes = _read_again(recipe, staging, online=online)
            merged = model, processor
            _require_change(changes, unreached)
            write_card(staging, recipe, {part: each.as_json() for part, each in changes.items()})
    if recipe.lora.merge and not run.model.exists():
        if merged is None:
            model, processor, _ = _read_again(recipe, run.adapter, online=online)
            merged = model, processor
        whole = partial(
            run_record.save_hashed,
            run.path.name,
            partial(checkpoint.save, *merged),
            told={"merged": True},
        )
        run_record.keep_model(run, whole, None)


def _read_again(recipe: Any, folder: Path, *, online: bool) -> tuple[Any, Any, dict[str, Change]]:
    """The base from its own folder with the adapters from theirs added, and what they changed."""
    load_whole_from_now_on()
    model, processor = build_base(recipe, online=online)
    round_base(model, recipe.lora.quantise_base)
    adapters.load(model, folder)
    changes = merge(model, part_of)
    if recipe.train.qat is not None:
        round_experts(model.state_dict().items())
    return model, processor, changes


def _require_change(changes: Mapping[str, Change], unreached: Collection[str]) -> None:
    idle = [
        part
        for part, each in changes.items()
        if each.unchanged == each.weights and part not in unreached
    ]
    if idle:
        raise GateRefusal(
            f"the adapters of {', '.join(idle)} change nothing once they are read again; nothing was kept",
            repair="train for more steps or at a higher train.lr, or leave them out of lora",
        )
    for part, each in changes.items():
        share = f"{each.unchanged} of {each.weights} weights unchanged" if each.unchanged else ""
        console.say(
            f"  {part}: adapters change its weights by {each.relative:.2%}{'; ' * bool(share)}{share}",
            style="dim",
        )
