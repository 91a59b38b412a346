"""The parts of a `stage: eval` recipe: which model is scored, on what, and how it is asked.

A field's docstring is its comment in `recipe show --comments` and its row in `recipe fields`.  This module knows
nothing of tasks.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from medgpt_cli.core.recipe.sections import AtLeastOne, Section


class ScoredModel(Section):
    """Which model is scored."""

    base: str | None = None
    """Run or checkpoint folder, hub id, tiny or small; the newest run under runs/, else tiny, when empty."""
    adapter: str | None = None
    """Adapter to add to it: run or adapter folder; without `base`, to the model it was trained on."""


class Questions(Section):
    """What is asked, and how."""

    tasks: tuple[str, ...] = ()
    """Names that medgpt eval list shows, files that declare a task, JSONL files, prepared sets; --task sets it."""
    data: str | None = None
    """Folder the public sets lie in or below; the current one when empty."""
    profile: str | None = None
    """Prompt profile, how questions are worded; each task's own default when empty."""
    shots: int = Field(default=0, ge=0)
    """Answered examples shown before each question."""
    limit: AtLeastOne | None = None
    """Questions of each task, from its front; all when empty."""
    max_new_tokens: AtLeastOne | None = None
    """Longest answer, in tokens; each task's own limit, else the model's, when empty."""
    likelihoods: bool = False
    """Weigh the letters of options as well: accuracy by likelihood, and calibration."""
    probes: tuple[Literal["blank", "swap", "order"], ...] = ()
    """Ask again with blank pictures, with those of another case, or with options in another order."""
    majority: str | None = None
    """JSONL file whose commonest answers are the baseline; each task's own answers when empty."""
