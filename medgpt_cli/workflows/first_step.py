"""What is told of a run's first batch, before its first step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from medgpt_cli.core import console
from medgpt_cli.core.distributed import is_first
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.training.first_loss import Start, judge
from medgpt_cli.workflows import run_record

DRAWN = ("tiny-untrained", "tiny-siglip")
"""Models whose weights were drawn at random."""

COMPOSED = ("small",)
"""Models of pretrained halves, between which nothing has learnt."""


def start_kind(recipe: Any) -> Start:
    """What a recipe's weights are."""
    if recipe.model.llm is not None or recipe.model.base in COMPOSED:
        return "composed"
    return "fresh" if recipe.model.base in DRAWN else "continued"


def first_loss_note(run: RunFolder, recipe: Any, vocabulary: int) -> Callable[[float, int], None]:
    """Says when a first loss looks like a broken template or mask, and writes it to the manifest.

    Args:
        run: The run.
        recipe: Its recipe.
        vocabulary: Tokens the model chooses from.
    """

    def tell(total: float, tokens: int) -> None:
        if not is_first():
            return
        found = judge(total, tokens, vocabulary=vocabulary, start=start_kind(recipe))
        if found.warning:
            console.warn(found.warning)
        run_record.note(run, {"first_loss": found.as_json()})

    return tell
