"""`medgpt plan`: will it fit, how long, how much power."""

from __future__ import annotations

from typing import Annotated

import typer

from medgpt_cli.commands.options import DataPaths, Json, Online, Overrides, RecipeArgument

PlanModel = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="REF",
        help="Checkpoint or run folder, hub id, tiny; or a known shape: gpt-oss-20b, pmc-llama-7b.",
    ),
]
Gpus = Annotated[
    int | None, typer.Option("--gpus", min=1, metavar="N", help="GPUs of the machine to plan for.")
]
GpuMemory = Annotated[
    str | None,
    typer.Option(
        "--gpu-memory", metavar="SIZE", help="Memory of one GPU, such as 80GB; else this machine."
    ),
]
GpuFlops = Annotated[
    str | None,
    typer.Option(
        "--gpu-flops", metavar="RATE", help="Operations a second of one in bfloat16, such as 989T."
    ),
]
Utilisation = Annotated[
    float | None,
    typer.Option(
        "--utilisation",
        min=0.001,
        max=1.0,
        metavar="SHARE",
        help="Share of that rate training reaches, 0 to 1.",
    ),
]
Watts = Annotated[
    float | None,
    typer.Option("--watts", min=1.0, metavar="W", help="Power of one GPU, host and cooling included."),
]


def plan(
    recipe: RecipeArgument,
    overrides: Overrides = None,
    data: DataPaths = None,
    model: PlanModel = None,
    gpus: Gpus = None,
    gpu_memory: GpuMemory = None,
    gpu_flops: GpuFlops = None,
    utilisation: Utilisation = None,
    watts: Watts = None,
    online: Online = False,
    json: Json = False,
) -> None:
    """Says whether a recipe fits, how long it takes and how much power, before anything is started.

    No weight is read: a model is known by its configuration. With --gpu-memory the plan is for a machine that
    is described, without it for this one, whose speed is measured for two seconds. Where it does not fit, the
    cheapest change that makes it fit is named. Every assumption is printed.

    Example:
        medgpt plan midtrain --model gpt-oss-20b --gpus 8 --gpu-memory 180GB
        medgpt plan sft --data local.jsonl train.batch_size=4
    """
    from medgpt_cli.workflows.plan import tell_plan

    tell_plan(
        recipe,
        overrides=overrides or [],
        data=data or [],
        model=model,
        gpus=gpus,
        gpu_memory=gpu_memory,
        gpu_flops=gpu_flops,
        utilisation=utilisation,
        watts=watts,
        online=online,
        json=json,
    )
