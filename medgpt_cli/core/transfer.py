"""The one fixed recipe by which towers are compared on classification sets, and the words that change it.

What a paper leaves open stands here once, in plain sight: layer, head, rates, epochs, augmentation.  All towers and
all sets of a comparison get the same.  This module knows nothing of towers, of pictures or of torch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medgpt_cli.core.errors import BadRecipe, Complaint
from medgpt_cli.core.nearest import did_you_mean
from medgpt_cli.core.recipe.commandline import parse_words
from medgpt_cli.core.recipe.yaml12 import NotYAML, parse

Mode = Literal["probe", "finetune"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Probe(_Section):
    """A linear classifier on frozen features.

    Attributes:
        c: Inverse strengths of the L2 penalty; the one with the best macro-F1 on validation is taken.
        iterations: Steps of the solver (L-BFGS), at most.
    """

    c: tuple[float, ...] = Field((1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0), min_length=1)
    iterations: int = Field(2000, gt=0)


class FineTune(_Section):
    """The whole tower and a linear head on top, by AdamW with a warm-up and a cosine down to zero.

    The head begins at zero, on features brought to mean 0 and deviation 1 as the tower had them before.

    Attributes:
        epochs: Walks over the training split, at most; validation is looked at after each.
        least_steps: Steps an epoch has at least: a small set is walked over several times in one.
        patience: Epochs without a better macro-F1 on validation after which it ends.
        batch_size: Pictures a step.
        lr: Highest learning rate of the tower.
        head_lr: That of the head.
        weight_decay: Of matrices; vectors have none.
        warmup: Share of all steps in which the rate rises.
        clip: Largest norm of the gradient.
        shift: Pictures are moved by up to this share of their side, each way.
        zoom: They are enlarged or made smaller by up to this share.
        tone: Contrast and brightness change by up to this share.  Nothing is mirrored: a side may be the answer.
    """

    epochs: int = Field(30, gt=0)
    least_steps: int = Field(20, gt=0)
    patience: int = Field(10, gt=0)
    batch_size: int = Field(32, gt=0)
    lr: float = Field(1e-4, gt=0)
    head_lr: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.05, ge=0)
    warmup: float = Field(0.1, ge=0, le=1)
    clip: float = Field(1.0, gt=0)
    shift: float = Field(0.06, ge=0, lt=1)
    zoom: float = Field(0.1, ge=0, lt=1)
    tone: float = Field(0.1, ge=0, lt=1)


class TransferRecipe(_Section):
    """Everything that is the same for all towers and sets.

    Attributes:
        seed: The first seed; the others follow it.
        seeds: How often what is drawn is drawn anew: fresh weights, order of pictures, augmentation.
        layer: Which hidden state of a vision transformer is read, -2 as in LLaVA; the mean over its patches is the
            picture's feature.  A ResNet gives the mean over its last map.
        batch_size: Pictures at a time where nothing is learnt.
        probe: The linear probe.
        finetune: Full fine-tuning.
    """

    seed: int = Field(0, ge=0)
    seeds: int = Field(3, gt=0)
    layer: int = -2
    batch_size: int = Field(64, gt=0)
    probe: Probe = Probe()
    finetune: FineTune = FineTune()


def read_recipe(overrides: Sequence[str]) -> TransferRecipe:
    """The recipe, changed by KEY=VALUE words such as `finetune.lr=1e-5`.

    Raises:
        UsageError: A word is not KEY=VALUE, or a field is set twice.
        BadRecipe: There is no such field, or its value is not one; everything wrong is told.
    """
    tree: dict[str, Any] = {}
    complaints = []
    for word in parse_words(overrides, {}).words:
        try:
            value = parse(word.text or "").tree
        except NotYAML as error:
            complaints.append(Complaint(str(error), _dotted(word.keys), "put the value in quotes"))
            continue
        if not _put(tree, [str(key) for key in word.keys], value):
            complaints.append(Complaint("is set as a field and as a section", _dotted(word.keys)))
    try:
        recipe = TransferRecipe.model_validate_json(json.dumps(tree))
    except ValidationError as error:
        complaints += list(_complaints(error))
        recipe = TransferRecipe()
    if complaints:
        raise BadRecipe(
            "the recipe of a transfer cannot be changed in this way",
            repair=f"fields are {', '.join(_fields())}",
            complaints=complaints,
        )
    return recipe


def _put(tree: dict[str, Any], keys: Sequence[str], value: Any) -> bool:
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            return False
    return tree.setdefault(keys[-1], value) is value


def _complaints(error: ValidationError) -> Iterator[Complaint]:
    for detail in error.errors(include_url=False, include_input=False):
        where = _dotted(detail["loc"])
        if detail["type"] == "extra_forbidden":
            yield Complaint("there is no such field", where, did_you_mean(where, _fields()))
        else:
            yield Complaint(detail["msg"].replace("Input should be", "must be"), where)


def _dotted(keys: Sequence[str | int]) -> str:
    return ".".join(map(str, keys))


def _fields() -> list[str]:
    found = []
    for name, value in TransferRecipe().model_dump().items():
        found += [f"{name}.{inner}" for inner in value] if isinstance(value, dict) else [name]
    return found
