"""What a family of recipes means as a whole: which stage starts from which model, on which data, into which folder.

All recipes are read and checked before anything is done.  In a family called NAME, a path below `runs/NAME/` that is
named after one of its recipes is that recipe's own output, wherever `--out` puts it; so each recipe can also be given
to its own command as it stands.  This module loads nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import BadRecipe, Complaint, UsageError
from medgpt_cli.core.nearest import did_you_mean
from medgpt_cli.core.recipe import read_recipe
from medgpt_cli.core.recipe.families import Family, Member, find_family
from medgpt_cli.core.rundir import RUNS
from medgpt_cli.workflows.pipeline.steps import DATA, EVAL, EXPORT, SCORES, Asked, Step
from medgpt_cli.workflows.pipeline.words import settle


@dataclass(frozen=True)
class Pipeline:
    """The whole walk.

    Attributes:
        name: The family's name.
        out: The folder of everything.
        steps: Data and training recipes, in order.
        exports: Export recipes, in order; all write the last stage's model.
        scoring: How models are scored; None where no recipe and no word says.
        start: The model before any stage, to be scored too; None where it is composed of two parts.
        left_out: Names of recipes that are skipped.
        not_taken: By recipe, words for all that it goes on without, since it cannot do what they say.
        missing: Training steps that no data was named for.
    """

    name: str
    out: Path
    steps: tuple[Step, ...]
    exports: tuple[Step, ...]
    scoring: Step | None
    start: str | None
    left_out: tuple[str, ...] = ()
    not_taken: Mapping[str, Sequence[str]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def training(self) -> tuple[Step, ...]:
        """The steps that train."""
        return tuple(step for step in self.steps if step.stage != DATA)

    def scored(self, name: str, model: str) -> Step:
        """The evaluation of one model.

        Args:
            name: The step that made it, or `START`.
            model: The model.
        """
        assert self.scoring is not None
        how = self.scoring
        return Step.read(
            name, how.source, self.out / SCORES / name, words=how.words, model=model, tasks=how.tasks
        )


def plan(asked: Asked) -> Pipeline:
    """Reads a family and settles who starts from what.

    Raises:
        BadRecipe: There is no such family, or recipes are wrong; all complaints of all of them are in it.
        UsageError: A word is addressed to nobody, or nothing is left to do.
    """
    family = find_family(asked.source)
    out = asked.out or RUNS / family.name
    stages = _stages(family)
    skipped = _skipped(asked.skip, stages)
    members = [each for each in family.members if each.name not in skipped]
    words, not_taken = settle(asked.words, members, stages)
    steps: list[Step] = []
    evals: list[Step] = []
    exports: list[Step] = []
    complaints: list[Complaint] = []
    last: Step | None = None
    for member in members:
        stage = stages[member.name]
        if stage == EXPORT:
            continue
        trains = stage not in (DATA, EVAL)
        model = (str(last.out) if last else asked.model) if trains else None
        try:
            prepared = [each for each in steps if each.stage == DATA]
            step = _step(member, stage, asked, family, out, tuple(words[member.name]), model, prepared)
        except BadRecipe as error:
            complaints += _complaints(error)
            continue
        (evals if stage == EVAL else steps).append(step)
        last = step if trains else last
    scores = out / SCORES / last.name if last and (evals or asked.held_out) else None
    for member in (each for each in members if stages[each.name] == EXPORT):
        try:
            exports.append(_export(member, out, words[member.name], last, scores))
        except BadRecipe as error:
            complaints += _complaints(error)
    if complaints:
        raise _refusal(complaints, family.name)
    training = [step for step in steps if step.stage != DATA]
    if not training:
        raise UsageError(f"nothing trains in {asked.source}", repair="add a recipe such as 1-align.yaml")
    if len(evals) > 1:
        names_of = " and ".join(step.name for step in evals)
        raise BadRecipe(
            f"{names_of} both say how models are scored", repair="keep one; it is used after every stage"
        )
    return Pipeline(
        name=family.name,
        out=out,
        steps=tuple(steps),
        exports=tuple(exports),
        scoring=evals[0] if evals else _plain_scoring(asked, out),
        start=_start(training[0]),
        left_out=tuple(name for name in stages if name in skipped),
        not_taken=not_taken,
        missing=tuple(step.name for step in training if not step.resolved.recipe.data.mix),
    )


def _stages(family: Family) -> dict[str, str]:
    """The stage of each recipe by its name."""
    found: dict[str, str] = {}
    complaints: list[Complaint] = []
    for member in family.members:
        try:
            found[member.name] = str(read_recipe(member.source, stage=None).recipe.stage)
        except BadRecipe as error:
            complaints += _complaints(error)
    if complaints:
        raise _refusal(complaints, family.name)
    return found


def _complaints(error: BadRecipe) -> Sequence[Complaint]:
    return error.complaints or [Complaint(error.what, error.where, error.repair)]


def _refusal(complaints: Sequence[Complaint], name: str) -> BadRecipe:
    count = "1 problem" if len(complaints) == 1 else f"{len(complaints)} problems"
    return BadRecipe(
        f"{count} in the recipes of {name}",
        repair="medgpt recipe fields STAGE explains every field",
        complaints=complaints,
    )


def _skipped(asked: Sequence[str], stages: dict[str, str]) -> set[str]:
    skipped: set[str] = set()
    for word in asked:
        named = {name for name, stage in stages.items() if word in (name, stage)}
        if not named:
            raise UsageError(
                f"--skip {word} is none of the recipes",
                repair=did_you_mean(word, stages) or f"they are {', '.join(stages)}",
            )
        skipped |= named
    return skipped


def _step(
    member: Member,
    stage: str,
    asked: Asked,
    family: Family,
    out: Path,
    words: tuple[str, ...],
    model: str | None,
    prepared: Sequence[Step],
) -> Step:
    trains = stage not in (DATA, EVAL)
    given: dict[str, Any] = {
        "words": words,
        "data": tuple(asked.data) if trains else (),
        "model": model,
        "tasks": tuple(asked.held_out) if stage == EVAL else (),
    }
    step = Step.read(member.name, member.source, out / member.name, **given)
    if not trains:
        return step
    if not step.resolved.recipe.data.mix and len(prepared) == 1:
        given["data"] = (str(prepared[0].out),)
    names = {each.name for each in family.members}
    said = {word.partition("=")[0] for word in words}
    moved = _moved(step.resolved.recipe, family.name, out, names)
    given["words"] = (*words, *(f"{key}={value}" for key, value in moved.items() if key not in said))
    return Step.read(member.name, member.source, out / member.name, **given)


def _export(
    member: Member, out: Path, words: Sequence[str], last: Step | None, scores: Path | None
) -> Step:
    """The export of the last stage's model, with its scores for the card where the recipe names none."""
    given: dict[str, Any] = {"words": tuple(words), "model": str(last.out) if last else None}
    step = Step.read(member.name, member.source, out / member.name, **given)
    if scores is not None and not step.resolved.recipe.export.scores:
        given["words"] = (*words, f"export.scores={json.dumps([str(scores)])}")
    return Step.read(member.name, member.source, out / member.name, **given)


def _moved(recipe: Any, family: str, out: Path, names: set[str]) -> dict[str, str]:
    """What puts the family's own outputs where `--out` has them, by field."""
    usual = RUNS / family
    if out == usual:
        return {}
    data = recipe.data
    places = {f"data.mix.{number}.path": part.path for number, part in enumerate(data.mix)}
    for word in ("validation", "against"):
        places |= {f"data.{word}.{number}": path for number, path in enumerate(getattr(data, word))}
    found = {}
    for key, path in places.items():
        if Path(path).is_relative_to(usual):
            inside = Path(path).relative_to(usual)
            if inside.parts and inside.parts[0] in names:
                found[key] = json.dumps(str(out / inside))
    return found


def _plain_scoring(asked: Asked, out: Path) -> Step | None:
    """How models are scored where no recipe says: as `eval run` does by itself, on what was named."""
    if not asked.held_out:
        return None
    return Step.read(SCORES, None, out / SCORES, tasks=tuple(asked.held_out))


def _start(first: Step) -> str | None:
    chosen = first.resolved.recipe.model
    return None if chosen.llm is not None else (chosen.base or "tiny")
