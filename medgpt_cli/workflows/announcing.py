"""What a person is told of a stage before its first step: where it starts, on what it learns, and which parts learn."""

from __future__ import annotations

from pathlib import Path

from medgpt_cli.core import console
from medgpt_cli.core.recipe import Resolved
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.workflows import mix, parts_table, run_record
from medgpt_cli.workflows.parts_table import PartRow
from medgpt_cli.workflows.stage_data import StageData

FROM_NOTHING = ("tiny", "tiny-siglip")
"""Models for which the shipped recipes' rates are meant."""

BIGGER = "the 20B model: --model FOLDER (a LLaVA checkpoint), or model.llm=FOLDER model.vision=FOLDER"


def announce(
    run: RunFolder,
    resolved: Resolved,
    gathered: StageData,
    rows: dict[str, PartRow],
    last: Path | None,
) -> None:
    """Says it all before the first step.

    Args:
        run: Where it writes.
        resolved: The checked recipe.
        gathered: What it learns from.
        rows: The table of parts.
        last: The checkpoint it goes on from.
    """
    recipe = resolved.recipe
    start = f"goes on from {last.name}" if last else f"starts from {run_record.start_of(recipe)}"
    console.say(f"{recipe.stage} {start}, writes to {run.path}")
    if recipe.model.base is None and recipe.model.llm is None:
        console.say(f"tiny is the embedded small model; {BIGGER}", style="dim")
    if recipe.model.base not in (None, *FROM_NOTHING) and "recipes/" in resolved.origins["train.lr"]:
        console.warn(
            f"train.lr={recipe.train.lr:g} is for a model that starts from nothing; give train.lr=2e-5"
        )
    console.say(gathered.sentence())
    for line in mix.sentences(gathered.mixture):
        console.say(line)
    for line in parts_table.sentences(rows):
        console.say(line, style="dim")
    if recipe.train.router_aux:
        console.say(
            f"train.router_aux={recipe.train.router_aux:g}: the loss holds the router's balance, too"
        )
