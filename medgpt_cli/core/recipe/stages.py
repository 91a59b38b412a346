"""The kinds of recipe, told apart by `stage:`, and the defaults in which they differ.

This module knows nothing of files, and nothing of how a stage is trained.
"""

from __future__ import annotations

from typing import Any, Literal

from medgpt_cli.core.recipe.data_sections import DataGates, Duplicates, Filters, PreparedAs, Raw, Splits
from medgpt_cli.core.recipe.eval_sections import Questions, ScoredModel
from medgpt_cli.core.recipe.export_sections import Copied, ExportedModel
from medgpt_cli.core.recipe.gate_sections import Gates
from medgpt_cli.core.recipe.lora_sections import LoRA
from medgpt_cli.core.recipe.sections import Chat, Data, Engine, Model, Part, Parts, Section, Train


class Recipe(Section):
    """Everything that decides a run, whatever the stage."""

    stage: Literal["align", "midtrain", "sft", "adapt"]
    """What the recipe is for."""
    model: Model = Model()
    """Which model is trained."""
    data: Data = Data()
    """What it learns from."""
    train: Train
    """How it learns."""
    parts: Parts = Parts()
    """Which parts learn, and how fast."""
    lora: LoRA = LoRA()
    """Adapters that learn in place of the weights they stand beside."""
    engine: Engine = Engine()
    """Over how many devices, and how memory is shared among them."""
    gates: Gates = Gates()
    """What training refuses."""
    chat: Chat = Chat()
    """How dialogues are written, in training and in chat."""


class Align(Recipe):
    """Stage 1: only the projector learns."""

    stage: Literal["align"] = "align"
    """What the recipe is for."""
    train: Train = Train(lr=1e-3)
    """How it learns."""
    parts: Parts = Parts(vision=Part(train=False), llm=Part(train=False))
    """Which parts learn, and how fast."""


class Midtrain(Recipe):
    """Stage 2: the whole model goes on learning, from texts and images."""

    stage: Literal["midtrain"] = "midtrain"
    """What the recipe is for."""
    train: Train = Train(lr=2e-5)
    """How it learns."""


class SFT(Recipe):
    """Stage 3: the whole model learns to answer."""

    stage: Literal["sft"] = "sft"
    """What the recipe is for."""
    train: Train = Train(lr=2e-5)
    """How it learns."""


class Adapt(Recipe):
    """For one institution: adapters learn, and the model they belong to stays as it is."""

    stage: Literal["adapt"] = "adapt"
    """What the recipe is for."""
    train: Train = Train(lr=2e-4)
    """How it learns."""
    parts: Parts = Parts(vision=Part(train=False))
    """Which parts learn, and how fast."""
    lora: LoRA = LoRA(r=16)
    """Adapters that learn in place of the weights they stand beside."""


class Preparation(Section):
    """Before training: raw sets become one prepared set."""

    stage: Literal["data"] = "data"
    """What the recipe is for."""
    data: Raw = Raw()
    """What is read."""
    filters: Filters = Filters()
    """Which records are left out for what they say or show."""
    splits: Splits = Splits()
    """How records are divided."""
    duplicates: Duplicates = Duplicates()
    """What happens to records that say or show nearly the same."""
    gates: DataGates = DataGates()
    """What a prepared set may not hold."""
    output: PreparedAs = PreparedAs()
    """How the result is written."""


class Evaluation(Section):
    """After training: a model is scored on questions with known answers."""

    stage: Literal["eval"] = "eval"
    """What the recipe is for."""
    model: ScoredModel = ScoredModel()
    """Which model is scored."""
    eval: Questions = Questions()
    """What is asked, and how."""


class Exporting(Section):
    """In the end: a model becomes a folder that other programs load."""

    stage: Literal["export"] = "export"
    """What the recipe is for."""
    model: ExportedModel = ExportedModel()
    """Which model is written."""
    export: Copied = Copied()
    """As what it is written."""


STAGES: dict[str, type[Section]] = {
    "data": Preparation,
    "align": Align,
    "midtrain": Midtrain,
    "sft": SFT,
    "adapt": Adapt,
    "eval": Evaluation,
    "export": Exporting,
}
"""By the word behind `stage:`."""


def defaults(stage: str) -> dict[str, Any]:
    """Every field of a stage with its default, as a plain tree."""
    return STAGES[stage]().model_dump(mode="json")
