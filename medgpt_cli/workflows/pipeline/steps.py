"""What a person asks of a pipeline, and one step of it: a recipe with everything said of it, and where it goes.

This module knows nothing of the other steps.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medgpt_cli.core.recipe import Resolved, read_recipe

DATA, EVAL, EXPORT = "data", "eval", "export"
SCORES = "scores"
"""The folder of evaluations, below `--out`."""

START = "0-start"
"""How the model is called before any stage, among scores."""


@dataclass(frozen=True)
class Asked:
    """What a person asked of a pipeline.

    Attributes:
        source: A folder, or the name of a shipped family.
        out: The folder of everything; `runs/NAME` when None.
        data: Files that every training stage learns from, instead of what the recipes name.
        held_out: What every model is scored on, instead of the tasks of the eval recipe.
        model: Where the first stage starts, instead of what its recipe names.
        skip: Recipes that are left out, by name or stage.
        words: KEY=VALUE words, some with an address.
        online: Whether a hub id may be fetched.
    """

    source: str
    out: Path | None = None
    data: Sequence[str] = ()
    held_out: Sequence[str] = ()
    model: str | None = None
    skip: Sequence[str] = ()
    words: Sequence[str] = ()
    online: bool = False


@dataclass(frozen=True)
class Step:
    """One recipe of the pipeline, or an evaluation or an export by one.

    Attributes:
        name: Its recipe's name, such as `2-midtrain`; its folder is called so too.
        source: What `read_recipe` finds the recipe by; None for the defaults of an evaluation.
        out: Where it goes.
        resolved: The recipe, with everything said of it.
        words: KEY=VALUE words it is given.
        data: Files given by `--data`.
        model: The model it starts from, scores or writes, where that is not the recipe's own word.
        tasks: What is scored, where that is not the recipe's own word.
    """

    name: str
    source: str | None
    out: Path
    resolved: Resolved
    words: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    model: str | None = None
    tasks: tuple[str, ...] = ()

    @classmethod
    def read(
        cls,
        name: str,
        source: str | None,
        out: Path,
        *,
        words: tuple[str, ...] = (),
        data: tuple[str, ...] = (),
        model: str | None = None,
        tasks: tuple[str, ...] = (),
        stage: str = EVAL,
    ) -> Step:
        """The step, its recipe read with what is said of it.

        Args:
            name: Of the step.
            source: Its recipe; None for the defaults of `stage`.
            out: Where it goes.
            words: KEY=VALUE words.
            data: Files given by `--data`.
            model: The model it starts from, scores or writes.
            tasks: What is scored.
            stage: Whose defaults are meant where there is no recipe.

        Raises:
            BadRecipe, UsageError: As `read_recipe` says.
        """
        flags = {"--data": list(data), "--model": model, "--task": list(tasks)}
        wanted = stage if source is None else None
        resolved = read_recipe(source, stage=wanted, overrides=words, flags=flags)
        return cls(name, source, out, resolved, words, data, model, tasks)

    @property
    def stage(self) -> str:
        """The stage of its recipe."""
        return str(self.resolved.recipe.stage)

    @property
    def line(self) -> str:
        """The command that does this step alone."""
        command = {DATA: ["data", "prep"], EVAL: ["eval", "run"]}.get(self.stage, [self.stage])
        words = ["medgpt", *command, *(["--recipe", self.source] if self.source else [])]
        words += [word for path in self.data for word in ("--data", path)]
        words += [word for task in self.tasks for word in ("--task", task)]
        words += ["--model", self.model] if self.model else []
        words += ["--out", str(self.out), *(["--resume"] if self.stage != EXPORT else [])]
        return shlex.join([*words, *self.words])
