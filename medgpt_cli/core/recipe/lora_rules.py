"""Rules of `lora:`, so that nothing a recipe asks of adapters is silently left undone.

PEFT ignores or refuses much of this only once the weights are loaded; here it is told with file and line before.  A
rule whose fields have the wrong type stays silent: that fault is reported already.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from medgpt_cli.core.recipe.layers import DEFAULT, Fault, Sheet
from medgpt_cli.core.recipe.lora_sections import WORDS, LoRA
from medgpt_cli.core.recipe.yaml12 import Keys

FROZEN = {
    "router": "the router stays frozen beside adapters",
    "gate": "the router stays frozen beside adapters",
    "lm_head": "the head carries no adapter",
    "embed_tokens": "the embedding carries no adapter",
}
"""Layers that are never targeted, and why."""


def lora_rules(sheet: Sheet) -> Iterator[Fault]:
    """Every rule of adapters that the values break."""
    if not isinstance(sheet.get(("lora",)), dict):
        return
    if isinstance(sheet.get(("model", "llm")), str) and isinstance(sheet.get(("model", "adapter")), str):
        yield (
            ("model", "adapter"),
            "belongs to a whole model",
            "name that in model.base, without model.llm",
        )
    if sheet.get(("lora", "r")) is None:
        yield from _without_rank(sheet)
        return
    yield from _experts(sheet)
    yield from _targets(sheet)
    yield from _parts(sheet)
    yield from _ranks(sheet)
    yield from _base(sheet)
    yield from _quantised(sheet)


def _without_rank(sheet: Sheet) -> Iterator[Fault]:
    if sheet.get(("stage",)) == "adapt":
        yield ("lora", "r"), "is empty, and adapt trains adapters", "give a rank, such as lora.r=16"
        return
    for keys, default in _fields(LoRA().model_dump(mode="json"), ("lora",)):
        # A resolved recipe spells out the defaults, too.
        if sheet.origin(keys) is not DEFAULT and sheet.get(keys) != default:
            yield keys, "does nothing without adapters", "give their rank too, such as lora.r=16"


def _fields(tree: dict[str, Any], keys: Keys) -> Iterator[tuple[Keys, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _fields(value, (*keys, key))
        else:
            yield (*keys, key), value


def _experts(sheet: Sheet) -> Iterator[Fault]:
    if sheet.get(("lora", "experts")) is not True:
        return
    dropout = sheet.get(("lora", "dropout"))
    if isinstance(dropout, int | float) and dropout > 0:
        yield (
            ("lora", "dropout"),
            "must be 0 with lora.experts: adapters of experts are added to weights, and have no input to drop",
            "set one of them to its default",
        )
    if sheet.get(("lora", "dora")) is True:
        yield ("lora", "dora"), "is not made for experts", "set lora.dora=false or lora.experts=false"


def _targets(sheet: Sheet) -> Iterator[Fault]:
    targets = sheet.get(("lora", "targets"))
    if not isinstance(targets, list) or not all(isinstance(each, str) for each in targets):
        return
    learns = sheet.get(("parts", "llm", "train")) is True  # then `_parts` says more of it
    if not targets and sheet.get(("lora", "experts")) is False and not learns:
        yield ("lora", "targets"), "names nothing that could carry an adapter", "such as [attention]"
    for index, target in enumerate(targets):
        if target in FROZEN:
            yield ("lora", "targets", index), FROZEN[target], "leave it out"


def _parts(sheet: Sheet) -> Iterator[Fault]:
    """Adapters stand where a part learns, and a language model that learns has some."""
    targets = sheet.get(("lora", "targets"))
    if not isinstance(targets, list):
        return
    llm = sheet.get(("parts", "llm", "train"))
    experts, experts_learn = sheet.get(("lora", "experts")), sheet.get(("parts", "experts", "train"))
    for index, target in enumerate(targets):
        part = target if target in ("projector", "vision") else "llm"
        if isinstance(target, str) and sheet.get(("parts", part, "train")) is False:
            yield (
                _blamed(sheet, ("lora", "targets", index), part),
                f"{target} carries adapters, and parts.{part}.train is false, so they would not learn",
                f"set parts.{part}.train=true, or leave {target} out of lora.targets",
            )
    if experts is True and (experts_learn is False or (experts_learn is None and llm is False)):
        yield (
            ("lora", "experts"),
            "experts carry adapters that would not learn",
            "set parts.experts.train=true, or lora.experts=false",
        )
    if experts is False and experts_learn is True:
        yield (
            ("parts", "experts", "train"),
            "beside adapters experts learn through their own alone, and have none",
            "set lora.experts=true, or leave this empty",
        )
    if sheet.get(("parts", "router", "train")) is True:
        yield ("parts", "router", "train"), "the router stays frozen beside adapters", "leave it empty"
    aux = sheet.get(("train", "router_aux"))
    if isinstance(aux, int | float) and aux > 0:
        yield (
            ("train", "router_aux"),
            "balances a router, which is frozen beside adapters",
            "set it to 0",
        )
    in_language = [each for each in targets if each not in ("projector", "vision")]
    if llm is True and not in_language and experts is not True:
        yield (
            ("lora", "targets"),
            "beside adapters the language model learns through its own alone, and has none",
            "add attention, or set parts.llm.train=false",
        )


def _blamed(sheet: Sheet, target: Keys, part: str) -> Keys:
    """Of a target and a frozen part that contradict each other, what was written last."""
    frozen: Keys = ("parts", part, "train")
    return target if sheet.origin(target).order >= sheet.origin(frozen).order else frozen


def _ranks(sheet: Sheet) -> Iterator[Fault]:
    targets: Any = sheet.get(("lora", "targets"))
    if not isinstance(targets, list):
        return
    carried = {each for each in WORDS if each in targets}
    if sheet.get(("lora", "experts")) is True:
        carried.add("experts")
    for word in (*WORDS, "experts"):
        if isinstance(sheet.get(("lora", "ranks", word)), int) and word not in carried:
            repair = "set lora.experts=true" if word == "experts" else f"add {word} to lora.targets"
            yield ("lora", "ranks", word), f"is the rank of adapters that {word} does not carry", repair


def _base(sheet: Sheet) -> Iterator[Fault]:
    """Adapters belong to one whole model that lies in a folder, so that it is found again."""
    if isinstance(sheet.get(("model", "llm")), str):
        yield (
            ("model", "llm"),
            "adapters need one whole model to belong to",
            "join the parts first with medgpt compose, and name the result in model.base",
        )
    if isinstance(sheet.get(("model", "yarn", "factor")), int | float):
        yield (
            ("model", "yarn", "factor"),
            "adapters belong to the model as it lies in its folder, and this changes its positions",
            "stretch it in a stage without adapters first",
        )


def _quantised(sheet: Sheet) -> Iterator[Fault]:
    """What is packed in four bits must be what carries no adapter by PEFT's own hand, whole, and not rounded again."""
    place: Keys = ("lora", "quantise_base")
    to = sheet.get(place)
    if to not in ("mxfp4", "nf4"):
        return
    if to == "nf4" and sheet.get(("lora", "experts")) is True:
        yield (
            place,
            "packs linear layers alone: experts, which are none, would stay in 16 bits without a word",
            "set lora.quantise_base=mxfp4 for a gpt-oss, or leave it empty",
        )
    if sheet.get(("engine", "deepspeed")) is True and sheet.get(("engine", "zero")) == 3:
        yield (
            place,
            "keeps packed weights whole in every process, and engine.zero=3 would shard their bytes",
            "set engine.zero=2 or engine.deepspeed=false, or leave it empty",
        )
    if isinstance(sheet.get(("train", "qat")), str):
        yield (
            ("train", "qat"),
            "rounds the sum of experts and adapters, which is never made beside packed experts",
            "leave it empty, or lora.quantise_base",
        )
