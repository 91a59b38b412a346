"""A trained gpt-oss model as it is published itself: experts in MXFP4, the rest in bfloat16.

Experts that training left alone keep upstream's bytes; the others are rounded, a tensor at a time.  Rounding that would
erase the training is refused.  The copy, unpacked by transformers alone, must answer in the very numbers of the
original rounded in memory; how far both are from the unrounded one is told.
"""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import LlavaConfig

from medgpt_cli.core import console, files
from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.core.manifest import verify_files
from medgpt_cli.core.microscaling import BLOCK, on_lattice
from medgpt_cli.export.observing import difference
from medgpt_cli.export.survival import ERASED
from medgpt_cli.models.upstream.packed import BLOCKS, METHOD, SCALES, place_of, repack
from medgpt_cli.models.upstream.writing import tensors_of, write_shards
from medgpt_cli.workflows import export_check, export_facts
from medgpt_cli.workflows.experts_behind import Experts, experts_of
from medgpt_cli.workflows.export_check import Heard
from medgpt_cli.workflows.export_folder import Asked, describe
from medgpt_cli.workflows.export_hf import refuse_another, stored, write_settings
from medgpt_cli.workflows.naming import Named

LAYOUT = "mxfp4"
UNPACKED = (
    "model.vision_tower",
    "model.multi_modal_projector",
    "model.language_model.embed_tokens",
    "model.language_model.layers.*.self_attn",
    "model.language_model.layers.*.mlp.router",
    "lm_head",
)
"""Parts that stay bfloat16, in the words of `modules_to_not_convert`."""
DTYPE = torch.bfloat16


def export(asked: Asked) -> dict[str, Any]:
    """Writes the folder, whole or not at all.

    Args:
        asked: What was asked for.

    Returns:
        What was written, for a person.

    Raises:
        BadCheckpoint: The model has no experts, or they cannot be packed.
        GateRefusal: Rounding would erase the training, or the copy does not answer as it must.
    """
    named, out = asked.named, asked.out
    verify_files(named.folder, only="config.json")
    _check(LlavaConfig.from_pretrained(named.folder, local_files_only=True).text_config)
    experts = experts_of(named)
    with files.staged_folder(out) as folder:
        model, processor = export_check.load_original(named)
        console.say("rounding the experts that were trained, and holding them against what they were")
        weights = tensors_of(model)
        if named.adapter is None:  # from file to file, one by one
            weights = stored(named.folder, model.config.vision_config.model_type)
        size = write_shards(packed_tensors(weights, experts), folder)
        told = experts.gate(unrounded="--to hf", waived=ERASED in asked.allow)
        console.say("asking the original the fixed prompts, and once more with its experts rounded")
        before, rounded = _heard(model, processor)
        away = difference(before.said, rounded.said)
        facts = export_facts.model_facts(model, processor)
        _write_settings(model, processor, folder)
        del model, weights
        gc.collect()
        console.say("asking the copy, loaded by transformers alone")
        differs = export_check.hear_again(folder, rounded)
        refuse_another(differs, out)
        stock = export_check.stock_reading(folder)
        written = {
            "to": LAYOUT,
            **differs.as_json(),
            "unrounded": away.as_json(),
            "experts": experts.as_json(),
            "stock_processor": stock,
        }
        warnings = [*export_facts.warnings_of(named, stock), *told]
        if experts.start is None and experts.kept + experts.exact + experts.rounded:
            warnings.append(_without_upstream(experts))
        describe(
            folder,
            asked,
            model=facts,
            verification=written,
            warnings=warnings,
            waivers=[ERASED] if told else [],
        )
        if out.exists():
            shutil.rmtree(out)
    for warning in warnings:
        console.warn(warning)
    return {**written, "model": named.base, "out": str(out), "bytes": size, "written": True}


def rounded_original(named: Named) -> Heard:
    """What the original of such an export says with its experts rounded.

    Args:
        named: The original.
    """
    return _heard(*export_check.load_original(named))[1]


def _check(text: Any) -> None:
    if text.model_type != "gpt_oss":
        raise BadCheckpoint(
            f"a {text.model_type} model has no experts that are published as MXFP4",
            where="config.json text_config",
            repair="export with --to hf, or --to gguf --quantise mxfp4",
        )
    for name in ("hidden_size", "intermediate_size"):
        if getattr(text, name) % BLOCK:
            raise BadCheckpoint(
                f"{name} {getattr(text, name)} is not a multiple of the {BLOCK} numbers that share a scale",
                where="config.json text_config",
                repair="export with --to hf",
            )


def packed_tensors(
    weights: Iterator[tuple[str, torch.Tensor]], experts: Experts
) -> Iterator[tuple[str, torch.Tensor]]:
    """Each tensor as it is written; experts as upstream's bytes, or rounded."""
    for name, weight in weights:
        place = place_of(name)
        if place is None:
            yield name, weight.to(DTYPE)
            continue
        try:
            blocks, scales = experts.look(place, weight) or repack(weight)
        except ValueError as error:
            raise BadCheckpoint(
                f"the tensor {name} cannot be rounded: {error}",
                repair="if its numbers are not finite, training has failed; go back to an earlier checkpoint",
            ) from error
        yield name + BLOCKS, blocks
        yield name + SCALES, scales


def _heard(model: Any, processor: Any) -> tuple[Heard, Heard]:
    """What a model says as it is, and what it says as it is written; it is changed to the latter.

    Both are computed in its own number format, which holds all numbers of the format that is written.
    """
    before, own = export_check.hear(model, processor), model.dtype
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if place_of(name) is not None:
                for each in parameter:  # an expert at a time
                    each.copy_(on_lattice(each))
            # model.to would round the angles of positions, too.
            parameter.data = parameter.data.to(DTYPE).to(own)
    return before, export_check.hear(model, processor)


def _write_settings(model: Any, processor: Any, folder: Path) -> None:
    for config in (model.config, model.config.text_config, model.config.vision_config):
        config.dtype = DTYPE
    model.config.quantization_config = {
        "quant_method": METHOD,
        "modules_to_not_convert": list(UNPACKED),
    }
    write_settings(model, processor, folder)


def _without_upstream(experts: Experts) -> str:
    """How experts were packed where upstream's own bytes are not at hand."""
    if not experts.rounded:
        return (
            "no model behind this one is at hand, so upstream's bytes could not be copied; its experts were packed "
            "again, and every number is the same"
        )
    return (
        "no model behind this one is at hand, so upstream's bytes could not be copied; its experts were rounded, "
        f"which changed {experts.rounded} of {experts.exact + experts.rounded} tensors, by {experts.error:.1%} of "
        "their norm"
    )
