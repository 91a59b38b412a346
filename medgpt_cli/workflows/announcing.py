"""What a person is told of a stage before its first step: where it starts, on what it learns, and which parts learn."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from medgpt_cli.core import console
from medgpt_cli.core.recipe import Resolved
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.workflows import mix, parts_table, run_record
from medgpt_cli.workflows.parts_table import PartRow
from medgpt_cli.workflows.stage_data import StageData

FROM_NOTHING = ("tiny", "tiny-untrained", "tiny-siglip")
"""Models for which the shipped recipes' rates are meant; tiny itself began so, and is as small."""

OF_TINY = re.compile(r"recipes/([\w-]+|tiny/[\w-]+)\.yaml")
"""The shipped recipes whose rates are for them; those of other families are for pretrained weights."""

BIGGER = "the 20B model: --model FOLDER (a LLaVA checkpoint), or model.llm=FOLDER model.vision=FOLDER"


def announce(
    run: RunFolder,
    resolved: Resolved,
    gathered: StageData,
    rows: dict[str, PartRow],
    settled: Sequence[str],
    last: Path | None,
) -> None:
    """Says it all before the first step.

    Args:
        run: Where it writes.
        resolved: The checked recipe.
        gathered: What it learns from.
        rows: The table of parts.
        settled: What this machine made of words that leave it open, as sentences.
        last: The checkpoint it goes on from.
    """
    recipe = resolved.recipe
    start = f"goes on from {last.name}" if last else f"starts from {run_record.start_of(recipe)}"
    console.say(f"{recipe.stage} {start}, writes to {run.path}")
    if recipe.model.base is recipe.model.llm is recipe.model.adapter is None:
        console.say(f"tiny is the small model that medgpt carries; {BIGGER}", style="dim")
    whole = (
        recipe.lora.r is None
    )  # adapters of a pretrained model want the rate that the recipe gives them
    if (
        whole
        and recipe.model.base not in (None, *FROM_NOTHING)
        and OF_TINY.search(resolved.origins["train.lr"])
        and not _grown_from_nothing(recipe.model.base)
    ):
        console.warn(
            f"train.lr={recipe.train.lr:g} is for a model that starts from nothing; give train.lr=2e-5"
        )
    console.say(gathered.sentence())
    for line in mix.sentences(gathered.mixture):
        console.say(line)
    for line in settled:
        console.say(line)
    for line in parts_table.sentences(rows):
        console.say(line, style="dim")
    if recipe.train.router_aux:
        console.say(
            f"train.router_aux={recipe.train.router_aux:g}: the loss holds the router's balance, too"
        )


def _grown_from_nothing(base: str) -> bool:
    """Whether a run stands at the end of a chain of runs, all whole-model ones, that began with such a model."""
    seen: set[str] = set()
    while base not in FROM_NOTHING:
        if base in seen:
            return False
        seen.add(base)
        try:
            manifest = json.loads((Path(base) / "manifest.json").read_text())
            base = str(manifest["base"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
    return True
