"""What a person asked of an evaluation: the recipe's words, who answers, and what is kept.

This module reads nothing but the recipe.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.recipe import Resolved, read_recipe
from medgpt_cli.core.recipe.eval_sections import Questions
from medgpt_cli.workflows.task_files import TaskSettings


@dataclass(frozen=True)
class Backing:
    """Who answers.

    Attributes:
        endpoint: Address of an endpoint that is asked instead of a model here.
        endpoint_model: Its name there.
        endpoint_key: The environment variable that holds its key.
        token_file: The file that holds it instead.
        picture_size: Side in pixels of the square that pictures are padded to before they are sent.
        online: Whether a hub id may be fetched, and an endpoint elsewhere be asked.
        cache: Whether answers are taken from and kept in the cache folder.
    """

    endpoint: str | None = None
    endpoint_model: str | None = None
    endpoint_key: str | None = None
    token_file: Path | None = None
    picture_size: int | None = None
    online: bool = False
    cache: bool = False

    def words(self) -> list[str]:
        """The flags that say this again."""
        named = {
            "endpoint": self.endpoint,
            "endpoint-model": self.endpoint_model,
            "endpoint-key": self.endpoint_key,
            "token-file": self.token_file,
            "picture-size": self.picture_size,
        }
        words = [f"--{name}={value}" for name, value in named.items() if value is not None]
        return words + ["--online"] * self.online + ["--cache"] * self.cache


@dataclass(frozen=True)
class Keeping:
    """What is kept, and where.

    Attributes:
        text: Keep questions and answers in the log and the report.
        out: The run folder; a dated one under `runs/` when None.
        resume: Start or continue.
        force: Overwrite an earlier evaluation.
        overlap: Compare the questions with the model's recorded training data.
        examples: Tasks of lent sets whose wrong answers may stand in the report.
        extracted: Folder of extractions that reports are scored by.
    """

    text: bool = False
    out: Path | None = None
    resume: bool = False
    force: bool = False
    overlap: bool = True
    examples: tuple[str, ...] = ()
    extracted: Path | None = None


@dataclass(frozen=True)
class EvalSettings:
    """Everything a person asked.

    Attributes:
        resolved: The recipe.
        backing: Who answers.
        keeping: What is kept.
    """

    resolved: Resolved
    backing: Backing
    keeping: Keeping

    @property
    def asked(self) -> Questions:
        """The recipe's words on what is asked."""
        questions: Questions = self.resolved.recipe.eval
        return questions

    @property
    def model(self) -> str | None:
        """How the model was named; None for the newest run, else `tiny`."""
        name: str | None = self.resolved.recipe.model.base
        return name

    @property
    def adapter(self) -> str | None:
        """The adapter that is added to it."""
        named: str | None = self.resolved.recipe.model.adapter
        return named

    @property
    def task_settings(self) -> TaskSettings:
        """How every task is asked."""
        asked = self.asked
        return TaskSettings(
            data=Path(asked.data or "."),
            profile=asked.profile,
            shots=asked.shots,
            limit=asked.limit,
            max_new_tokens=asked.max_new_tokens,
        )

    def again(self, recipe: Path, out: Path) -> str:
        """The command line that goes on with this evaluation.

        Args:
            recipe: The run's own recipe.
            out: The run folder.
        """
        words = ["medgpt", "eval", "run", f"--recipe={recipe}", *self.backing.words()]
        words += ["--keep-text"] * self.keeping.text + ["--no-overlap"] * (not self.keeping.overlap)
        words += [f"--examples={name}" for name in self.keeping.examples]
        words += [f"--extracted={self.keeping.extracted}"] if self.keeping.extracted else []
        return shlex.join([*words, f"--out={out}", "--resume"])


def settings_of(
    recipe: str | None,
    overrides: Sequence[str],
    flags: Mapping[str, Any],
    backing: Backing,
    keeping: Keeping,
) -> EvalSettings:
    """Reads what was asked.

    Raises:
        UsageError: Words that mean nothing together.
        BadRecipe: The recipe or a KEY=VALUE word is wrong.
    """
    for word in overrides:
        if "=" not in word:
            raise UsageError(f"{word} is not KEY=VALUE", repair=f"did you mean --task {word}?")
    resolved = read_recipe(recipe, stage="eval", overrides=overrides, flags=flags)
    if keeping.resume and keeping.out is None:
        raise UsageError("--resume needs to know which run", repair="name it with --out")
    if backing.endpoint is None and (lone := replace(backing, online=False, cache=False).words()):
        named = " and ".join(word.partition("=")[0] for word in lone)
        raise UsageError(
            f"{named} {'is' if len(lone) == 1 else 'are'} of an endpoint",
            repair="name it with --endpoint URL",
        )
    chosen = resolved.recipe.model
    if backing.endpoint is not None and (chosen.base or chosen.adapter) is not None:
        raise UsageError(
            "either a model here answers or an endpoint", repair="give --model or --endpoint"
        )
    return EvalSettings(resolved, backing, keeping)
