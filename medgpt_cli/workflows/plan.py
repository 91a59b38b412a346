"""Will a recipe fit, how long will it take, how much power: told before anything is started.

Nothing is trained, no weight is read and no image is decoded: where pictures are shown in tiles, their headers tell how
many.  The shape of a model comes from its configuration, that of the data from the records themselves where they are
named, else from assumptions that are printed.
"""

from __future__ import annotations

import json as jsons
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, distributed
from medgpt_cli.core.errors import BadCheckpoint, BadRecipe, Missing, NotThere, UsageError
from medgpt_cli.core.recipe import read_recipe
from medgpt_cli.core.recipe.locating import shipped
from medgpt_cli.core.recipe.sections import Engine
from medgpt_cli.core.wording import counted
from medgpt_cli.models.libraries import quiet_libraries
from medgpt_cli.training.micro_batches import MicroBatch, micro_batch
from medgpt_cli.training.plan import machine as machines
from medgpt_cli.training.plan.cheapest import Setup, cheapest
from medgpt_cli.training.plan.machine import Machine
from medgpt_cli.training.plan.published import FAMILIES, SHAPES, TITLES
from medgpt_cli.training.plan.shapes import Shape, shape_of
from medgpt_cli.training.plan.sharing import Device, Sharing
from medgpt_cli.workflows import plan_document, plan_page, plan_rows, quantising
from medgpt_cli.workflows.adapting import by_adapters
from medgpt_cli.workflows.context import check_context
from medgpt_cli.workflows.naming import model_folder
from medgpt_cli.workflows.starting import learning_parts, pick_precision

CONFIG = "config.json"


def tell_plan(
    source: str,
    *,
    overrides: Sequence[str] = (),
    data: Sequence[str] = (),
    model: str | None = None,
    gpus: int | None = None,
    gpu_memory: str | None = None,
    gpu_flops: str | None = None,
    utilisation: float | None = None,
    watts: float | None = None,
    online: bool = False,
    json: bool = False,
) -> None:
    """Prints the plan of a training stage.

    Args:
        source: A recipe's name or file, or a run folder.
        overrides: `KEY=VALUE` words.
        data: Record files or prepared sets; they replace the recipe's `data.mix`.
        model: Replaces the recipe's `model.base`; also a word of `published.SHAPES`.
        gpus: Devices of the machine; with `gpu_memory` one that is described.
        gpu_memory: Memory of one, such as `180GB`; this machine when None.
        gpu_flops: Operations a second of one.
        utilisation: Share of that rate which training reaches.
        watts: Power of one device.
        online: Whether a hub id may be fetched.
        json: Print one JSON document.

    Raises:
        BadRecipe: The recipe is wrong, or asks for more positions than the model has.
        UsageError: It trains nothing, or the machine is half described.
        NotThere: There is no such model or data file.
        BadCheckpoint: The model's configuration cannot be read.
    """
    quiet_libraries()
    flags = {"--data": list(data), "--model": model}
    recipe = read_recipe(source, stage=None, overrides=overrides, flags=flags).recipe
    if recipe.stage == "data":
        raise UsageError(
            f"{source} prepares data and trains nothing", repair="medgpt data prep has --dry-run"
        )
    if recipe.stage == "eval":
        raise UsageError(
            f"{source} scores a model and trains nothing", repair="medgpt eval run has --dry-run"
        )
    if recipe.stage == "export":
        raise UsageError(
            f"{source} writes a model and trains nothing", repair="medgpt export has --dry-run"
        )
    if gpu_memory is None and (gpu_flops is not None or (gpus is not None and distributed.ranks() == 1)):
        raise UsageError(
            "a described machine needs the memory of one GPU",
            repair="give it, such as --gpu-memory 80GB",
        )
    family = None if model else family_of(source)
    name, config, folder = _model(recipe, family, online=online)
    _check_context(recipe, config)
    shape = shape_of(
        name, config, learning_parts(recipe), lora=recipe.lora, by_adapters=by_adapters(recipe)
    )
    quantising.check_stated(recipe.lora.quantise_base, config)
    if gpu_memory is None:
        _, bf16 = pick_precision(recipe.model.dtype)
        where = machines.this_one(
            shape, ranks=distributed.ranks(), bf16=bf16, utilisation=utilisation, watts=watts
        )
    else:
        bf16 = recipe.model.dtype != "float32"
        where = machines.described(
            gpus or 1, gpu_memory, rate=gpu_flops, utilisation=utilisation, watts=watts
        )
    _check_sharing(recipe.engine.sequence_parallel, where.devices)
    if family is not None and not data:
        recipe = _without_absent_data(recipe)
    batch = micro_batch(recipe.train, where.devices // recipe.engine.sequence_parallel)
    rows = plan_rows.rows_of(recipe, shape, folder, batch)
    setup = _setup(recipe, shape, where, batch, bf16=bf16, rows=rows)
    change = None if setup.fits() else cheapest(setup, Engine.model_fields)
    document = plan_document.document(recipe, setup, change, rows, batch)
    plan_page.tell(document, as_json=json)


def _check_sharing(together: int, devices: int) -> None:
    if devices % together:
        raise BadRecipe(
            f"{together} devices share a row, and the plan is for {counted(devices, 'device')}, "
            "which cannot be parted into such groups",
            where="engine.sequence_parallel",
            repair=f"plan with --gpus {math.ceil(devices / together) * together}, "
            f"or set engine.sequence_parallel={math.gcd(devices, together)}",
        )


def _setup(
    recipe: Any, shape: Shape, where: Machine, batch: MicroBatch, *, bf16: bool, rows: plan_rows.Rows
) -> Setup:
    engine = recipe.engine
    sharing = Sharing(
        ranks=where.devices,
        deepspeed=engine.deepspeed,
        zero=engine.zero,
        offload=engine.offload,
        checkpointing=engine.checkpointing,
        sequence=engine.sequence_parallel,
        rounded=recipe.train.qat is not None,
        packed=recipe.lora.quantise_base,
    )
    return Setup(
        shape=shape,
        machine=where,
        device=Device.of(where.kind, bf16=bf16, attention=recipe.model.attention),
        sharing=sharing,
        fullest=rows.fullest,
        average=rows.average,
        rows=batch.rows,
        accumulate=recipe.train.accumulate,
        length=recipe.train.max_length,
        tokens=batch.step_tokens,
        longest=rows.longest if batch.step_tokens is not None and not batch.packed else None,
        packable=None if recipe.train.qat is not None else quantising.format_for(shape),
    )


def _check_context(recipe: Any, config: Mapping[str, Any]) -> None:
    """The stages' own rules for rows that a model takes, of a configuration that may lie nowhere."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / CONFIG).write_text(jsons.dumps({"model_type": "llava", **config}))
        check_context(recipe, Path(folder))


def _model(
    recipe: Any, family: str | None, *, online: bool
) -> tuple[str, Mapping[str, Any], Path | None]:
    """A model's name and configuration, and the folder of its tokenizer where there is one.

    A recipe of a family that ships is planned for that family's model, where what it names is not here yet.
    """
    try:
        return _named(recipe.model, online=online)
    except (NotThere, Missing):
        if family is None:
            raise
        console.say(f"the model is not here; planned for the shape of {TITLES[family]}")
        return TITLES[family], SHAPES[family], None


def _named(chosen: Any, *, online: bool) -> tuple[str, Mapping[str, Any], Path | None]:
    if chosen.llm is not None:
        language = _config(model_folder(chosen.llm, online=online))
        vision = _config(model_folder(chosen.vision, online=online))
        joined = {
            "text_config": language.get("text_config", language),
            "vision_config": vision.get("vision_config", vision),
            "vision_feature_layer": chosen.feature_layer,
        }
        return f"{chosen.llm} with {chosen.vision}", joined, None
    name = chosen.base or "tiny"
    if name in SHAPES and not Path(name).exists():
        return TITLES[name], SHAPES[name], None
    folder = model_folder(name, online=online)
    return name, _config(folder), folder


def family_of(source: str) -> str | None:
    """The shape that a shipped recipe is for, by its family; None for every other recipe."""
    return FAMILIES.get(source.rpartition("/")[0]) if source in shipped() else None


def _without_absent_data(recipe: Any) -> Any:
    """The recipe without the data that its family prepares on another machine, if any of it is not here."""
    absent = [part.path for part in recipe.data.mix if not Path(part.path).exists()]
    if not absent:
        return recipe
    console.say(f"not here, so rows are assumed: {', '.join(absent)} (name data with --data)")
    return recipe.model_copy(update={"data": recipe.data.model_copy(update={"mix": ()})})


def _config(folder: Path) -> dict[str, Any]:
    try:
        found = jsons.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadCheckpoint(
            f"there is no {CONFIG} that can be read",
            where=str(folder),
            repair="name a checkpoint folder",
        ) from error
    if not isinstance(found, dict):
        raise BadCheckpoint(f"{CONFIG} is no map", where=str(folder), repair="copy it from its source")
    return found
