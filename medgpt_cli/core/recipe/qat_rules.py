"""The rule of `train.qat`: what is rounded in training must learn."""

from __future__ import annotations

from collections.abc import Iterator

from medgpt_cli.core.recipe.layers import DEFAULT, Fault, Sheet
from medgpt_cli.core.recipe.sections import Train


def rounded_experts_learn(sheet: Sheet) -> Iterator[Fault]:
    """Rounding in training is for experts that learn."""
    if sheet.get(("train", "qat")) is None:
        if sheet.origin(("train", "qat_share")) is not DEFAULT and (
            sheet.get(("train", "qat_share")) != Train.model_fields["qat_share"].default
        ):
            yield ("train", "qat_share"), "is of nothing without train.qat", "give train.qat=mxfp4 too"
        return
    experts, llm = (sheet.get(("parts", part, "train")) for part in ("experts", "llm"))
    adapted = sheet.get(("lora", "r")) is not None
    if adapted and sheet.get(("lora", "experts")) is False:
        yield (
            ("train", "qat"),
            "rounds experts, which carry no adapters",
            "set lora.experts=true, or leave it empty",
        )
    elif not adapted and (experts is False or (experts is None and llm is False)):
        yield (
            ("train", "qat"),
            "rounds experts, which do not learn",
            "set parts.experts.train=true, or leave it empty",
        )
