"""A starting model from an upstream language model and an upstream vision tower, written without being held whole."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, files
from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.manifest import environment, file_hashes, model_hash, write_manifest
from medgpt_cli.workflows.naming import model_folder

DTYPES = ("bfloat16", "float32")
DATE = "2026-01-01"
"""The date harmony's system message states until a recipe names another (`chat.date`)."""


def compose_model(
    *,
    llm: str,
    vision: str,
    out: Path,
    feature_layer: int = -2,
    dtype: str = "bfloat16",
    seed: int = 0,
    force: bool = False,
    online: bool = False,
    dry_run: bool = False,
    as_json: bool = False,
) -> None:
    """Joins the parts, the projector fresh, and writes a checkpoint that training starts from.

    Args:
        llm: The language model, as the person named it.
        vision: The vision tower, likewise.
        out: The folder to write.
        feature_layer: Which of the tower's hidden states is projected.
        dtype: Of what is written.
        seed: Of the projector.
        force: Overwrite what stands in `out`.
        online: Whether hub ids may be fetched.
        dry_run: Say what would be written, and write nothing.
        as_json: Print one JSON document.

    Raises:
        NotThere: A part does not exist.
        BadCheckpoint: A part cannot be read, or cannot be joined.
        UsageError: `out` holds something already, or the dtype is none.
    """
    if dtype not in DTYPES:
        raise UsageError(f"--dtype {dtype} is none", repair=f"use one of: {', '.join(DTYPES)}")
    if out.exists() and any(out.iterdir()) and not force:
        raise UsageError(f"{out} is not empty", repair="name another --out, or overwrite with --force")
    import torch

    from medgpt_cli.models import compose, parts
    from medgpt_cli.models.processor import build_processor
    from medgpt_cli.models.upstream.language import LanguageWeights
    from medgpt_cli.models.upstream.writing import write_weights

    folders = {"llm": model_folder(llm, online=online), "vision": model_folder(vision, online=online)}
    weights = LanguageWeights(folders["llm"])
    tokenizer = parts.load_tokenizer(folders["llm"])
    tower = parts.load_vision_tower(folders["vision"])
    processor = build_processor(
        tokenizer,
        tower.config,
        template=None,
        date=DATE,
        reasoning="low",
        statistics=parts.picture_statistics(folders["vision"]),
    )
    kind: torch.dtype = getattr(torch, dtype)
    model = compose.compose(
        weights.outline(kind), tower, processor, feature_layer=feature_layer, seed=seed
    )
    model.config.dtype = model.config.text_config.dtype = kind
    told = _told(model, processor, dtype)
    if dry_run:
        _tell({**told, "out": str(out)}, done=False, as_json=as_json)
        return
    sources = {
        part: {"name": name, "sha256": model_hash(folders[part])}
        for part, name in (("llm", llm), ("vision", vision))
    }
    with files.staged_folder(out) as folder:
        model.config.save_pretrained(folder)
        model.generation_config.save_pretrained(folder)
        processor.save_pretrained(folder)
        write_weights(model, weights.get, folder, dtype=kind)
        manifest = {"kind": "compose", **told, "seed": seed, "sources": sources}
        write_manifest(folder, {**manifest, "environment": environment(), "files": file_hashes(folder)})
        if out.exists():
            shutil.rmtree(out)
    _tell({**told, "out": str(out)}, done=True, as_json=as_json)


def _told(model: Any, processor: Any, dtype: str) -> dict[str, Any]:
    count = {
        "vision": _count(model.model.vision_tower),
        "projector": _count(model.model.multi_modal_projector),
        "llm": _count(model.model.language_model) + _head(model),
    }
    text, tower = model.config.text_config, model.config.vision_config
    return {
        "llm": text.model_type,
        "vision": tower.model_type,
        "parameters": count,
        "dtype": dtype,
        "image_token": processor.image_token,
        "tokens_per_image": model.config.image_seq_length,
        "feature_layer": model.config.vision_feature_layer,
        "context": text.max_position_embeddings,
    }


def _count(module: Any) -> int:
    return sum(each.numel() for each in module.parameters())


def _head(model: Any) -> int:
    return 0 if model.config.tie_word_embeddings else _count(model.lm_head)


def _tell(told: dict[str, Any], *, done: bool, as_json: bool) -> None:
    if as_json:
        console.print_json(told)
        return
    total = sum(told["parameters"].values())
    size = total * (2 if told["dtype"] == "bfloat16" else 4)
    console.result().print(
        f"{told['llm']} and {told['vision']}, joined by a fresh projector: {total:,} parameters, "
        f"{size / 1e9:,.2f} GB in {told['dtype']}, {told['tokens_per_image']} tokens an image ({told['image_token']})",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )
    if done:
        console.say(f"train its projector: medgpt align --model {told['out']} --data pairs.jsonl")
