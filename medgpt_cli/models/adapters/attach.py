"""Adapters put beside a model's weights, by PEFT and in PEFT's own words, so that PEFT alone reads them again.

The model stays the object it was: its layers are wrapped in place.  PEFT finds layers by patterns and leaves out in
silence what it does not find; what it attached is counted against what was meant.  This module knows nothing of
recipes.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from medgpt_cli.core.adapted import Adapted
from medgpt_cli.models.libraries import quiet_libraries

NAME = "default"
"""What PEFT calls an adapter in memory; it does not stand in files."""


def adapter_config(
    adapted: Sequence[Adapted],
    *,
    dropout: float,
    dora: bool,
    rslora: bool,
    base: str,
    whole: Sequence[str],
) -> Any:
    """PEFT's configuration of adapters.

    Args:
        adapted: What carries them.
        dropout: Share of an adapter's input left out while training.
        dora: Learn length and direction apart.
        rslora: Scale by alpha / sqrt(rank).
        base: How the model they belong to is called.
        whole: Modules that learn without adapters and are kept beside them, by the last word of their names.
    """
    quiet_libraries()
    from peft import LoraConfig

    (rank, alpha), _ = Counter((each.rank, each.alpha) for each in adapted).most_common(1)[0]
    others = sorted({(each.rank, each.alpha) for each in adapted} - {(rank, alpha)})
    patterns = {
        pair: pattern_of([each.name for each in adapted if (each.rank, each.alpha) == pair])
        for pair in others
    }
    return LoraConfig(
        r=rank,
        lora_alpha=alpha,
        rank_pattern={pattern: pair[0] for pair, pattern in patterns.items() if pair[0] != rank},
        alpha_pattern={pattern: pair[1] for pair, pattern in patterns.items() if pair[1] != alpha},
        target_modules=pattern_of([each.name for each in adapted if not each.stacked]) or [],
        target_parameters=sorted(
            {".".join(each.name.split(".")[-3:]) for each in adapted if each.stacked}
        )
        or None,
        lora_dropout=dropout,
        use_dora=dora,
        use_rslora=rslora,
        base_model_name_or_path=base,
        modules_to_save=list(whole) or None,
        task_type=None,
    )


def pattern_of(names: Sequence[str]) -> str:
    """A regular expression that matches exactly these names; layers that differ in a number alone are one word.

    Args:
        names: Dotted names.
    """
    numbers: dict[tuple[str, str], list[str]] = {}
    for name in names:
        before, number, after = re.fullmatch(r"(?:(.*?\.)(\d+)(\..*)|.*)", name).groups() or ()  # type: ignore[union-attr]
        key = (name, "") if number is None else (before, after)
        numbers.setdefault(key, []).append(number or "")
    found: dict[tuple[str, str], list[str]] = {}
    for (before, after), each in numbers.items():
        found.setdefault((before, "|".join(each)), []).append(after)
    return "|".join(_alternatives(found))


def _alternatives(found: dict[tuple[str, str], list[str]]) -> Iterator[str]:
    for (before, which), endings in found.items():
        if not which:
            yield re.escape(before)
        elif len(endings) == 1:
            yield rf"{re.escape(before)}({which}){re.escape(endings[0])}"
        else:
            yield rf"{re.escape(before)}({which})({'|'.join(map(re.escape, endings))})"


def attach(model: Any, config: Any, meant: Sequence[Adapted] = (), *, seed: int = 0) -> None:
    """Wraps a model's layers in place; what was there is frozen, and adapters begin by changing nothing.

    Args:
        model: A LLaVA model.
        config: What `adapter_config` made, or was read from a folder.
        meant: What was to carry them, where that is known.
        seed: Draws the first of each pair of matrices; the second is zero.

    Raises:
        RuntimeError: PEFT attached something else.
    """
    from peft import inject_adapter_in_model

    from medgpt_cli.models.quantised.beside import stand_ins
    from medgpt_cli.models.quantised.nf4 import told_to_peft

    bare = type(config)(**{**config.to_dict(), "modules_to_save": None})
    with (
        torch.random.fork_rng(),
        warnings.catch_warnings(),
        stand_ins(model),
        told_to_peft(model),
    ):
        # PEFT looks for the patterns of ranks among modules alone and misses those of experts, which it does obey.
        warnings.filterwarnings("ignore", message="The following (rank|alpha)_pattern keys")
        torch.manual_seed(seed)
        inject_adapter_in_model(bare, model, NAME)
    for name, parameter in model.named_parameters():
        if is_adapter(name):
            parameter.data = parameter.data.float()  # small, and what learns is kept exact
    model.peft_config[NAME] = config  # with what learns beside adapters and is kept with them
    own = layers(model)
    wrong = [
        each.name
        for each in meant
        if each.name not in own
        or (own[each.name].r[NAME], own[each.name].lora_alpha[NAME]) != (each.rank, each.alpha)
    ]
    if wrong or (meant and len(own) != len(meant)):
        raise RuntimeError(f"{len(own)} weights carry adapters and {len(meant)} were to, {wrong[:1]}")


def is_adapter(name: str) -> bool:
    """Whether a parameter, by its name in the model, belongs to an adapter."""
    return ".lora_" in name


def layers(model: Any) -> dict[str, Any]:
    """PEFT's wrappers by the name of the weight each stands beside; of experts, by that of the parameter."""
    from peft.tuners.lora.layer import LoraLayer

    found = {}
    for name, module in model.named_modules():
        if isinstance(module, LoraLayer):
            plain = re.sub(r"(\.base_layer)+$", "", name)
            parameter = getattr(module, "parameter_name", None)
            found[f"{plain}.{parameter}" if parameter else plain] = module
    return found
