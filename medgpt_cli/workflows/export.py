"""A trained model as a folder that other programs load, compared with the original before it is called done."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, signature
from medgpt_cli.core.errors import OutOfResources, OutputExists, UsageError
from medgpt_cli.core.machine import disk_free
from medgpt_cli.workflows import lineage
from medgpt_cli.workflows.naming import named_model

LAYOUTS = ("hf", "mxfp4", "gguf")
"""What `--to` may name; each is written by the module `export_<layout>`."""
WAIVERS = ("clip-gguf", "erased-delta")
"""What `--allow` may name."""
KIND = "export"
SPARE = 64 * 2**20
"""Bytes beside the weights: tokenizer, card, and room to breathe."""


def export_model(
    *,
    ref: str | None,
    adapter: str | None = None,
    to: str = "hf",
    quantise: str | None = None,
    out: Path,
    scores: Sequence[Path] = (),
    allow: Sequence[str] = (),
    sign: Path | None = None,
    force: bool = False,
    online: bool = False,
    dry_run: bool = False,
    as_json: bool = False,
) -> None:
    """Writes the folder, whole or not at all.

    Args:
        ref: The model, as the person named it.
        adapter: An adapter that is added to its weights.
        to: The layout.
        quantise: How matrices of a GGUF are stored; `mxfp4` when None.
        out: The folder to write.
        scores: Evaluations of this model, for its card.
        allow: Waivers by name.
        sign: Key that signs it.
        force: Overwrite an earlier export.
        online: Whether a hub id may be fetched.
        dry_run: Say what would be written, and write nothing.
        as_json: Print one JSON document.

    Raises:
        UsageError: The layout is none, or `out` holds something.
        NotThere, BadCheckpoint, Missing: As loading and signing say.
        HashMismatch: Files are not those that a manifest names, or scores are another model's.
        GateRefusal: The copy does not answer as the original.
        OutOfResources: The disk is too small.
    """
    if to not in LAYOUTS:
        raise UsageError(f"--to {to} is none", repair=f"use one of: {', '.join(LAYOUTS)}")
    if quantise is not None and to != "gguf":
        raise UsageError(f"--quantise is not for --to {to}", repair="leave it out, or write --to gguf")
    if unknown := sorted(set(allow) - set(WAIVERS)):
        raise UsageError(f"--allow {unknown[0]} is none", repair=f"use one of: {', '.join(WAIVERS)}")
    _examine(out, force=force)
    if sign is not None:
        _refuse_inside(out, [sign])
        signature.try_key(sign)
    from medgpt_cli.models.reading import check_folder
    from medgpt_cli.workflows import export_facts
    from medgpt_cli.workflows.export_folder import Asked

    named = named_model(ref, adapter, online=online)
    _refuse_inside(out, [named.folder, *([named.adapter] if named.adapter else []), *scores])
    sha256 = named.hash()
    scored = export_facts.scores_of(scores, sha256)
    size = sum(shard.stat().st_size for shard in named.folder.glob("*.safetensors"))
    if disk_free(out) < size + SPARE:
        raise OutOfResources(
            f"{out} needs {size / 1e9:,.2f} GB and the disk has {disk_free(out) / 1e9:,.2f} GB free",
            repair="free some, or name an --out on another disk",
        )
    if dry_run:
        check_folder(named.folder)
        told = {"model": ref or named.base, "to": to, "out": str(out), "bytes": size, "sha256": sha256}
        _tell({**told, "written": False}, as_json=as_json)
        return
    asked = Asked(named, out, frozenset(allow), scored, quantise or "mxfp4", sign)
    told = importlib.import_module(f"medgpt_cli.workflows.export_{to}").export(asked)
    _tell(told, as_json=as_json)


def _examine(out: Path, *, force: bool) -> None:
    if out.exists() and not out.is_dir():
        raise OutputExists(f"{out} is a file", repair="name a folder with --out")
    if not out.exists() or not any(out.iterdir()):
        return
    if not force:
        raise OutputExists(f"{out} is not empty", repair="name another --out, or overwrite with --force")
    if lineage.read_manifest(out).get("kind") != KIND:
        raise OutputExists(
            f"{out} is no export of medgpt, so it is left alone", repair="name another --out"
        )


def _refuse_inside(out: Path, inputs: Sequence[Path]) -> None:
    for path in inputs:
        if path.resolve().is_relative_to(out.resolve()):
            raise UsageError(f"{path} lies inside --out {out}", repair="name another --out")


def _tell(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        console.print_json(told)
        return
    size = f"{told['bytes'] / 1e9:,.2f} GB of weights"
    if not told["written"]:
        line = f"{told['out']}: {size} would be written, and compared with {told['model']}"
    elif told["to"] == "mxfp4":
        away = told["unrounded"]
        line = (
            f"{told['out']}: {size}; {told['inputs']} prompts answered as the original with its experts rounded "
            f"(largest difference of a logit {told['max_logit']:.3g}); beside the unrounded one KL "
            f"{away['kl_mean']:.3g}, same first token {away['top1']:.0%}"
        )
    elif told["to"] == "gguf":
        line = f"{told['out']}: {size}; every tensor read back; {told['not_asked']}"
    else:
        line = (
            f"{told['out']}: {size}; {told['inputs']} prompts answered as the original "
            f"(largest difference of a logit {told['max_logit']:.3g}, same words {told['greedy']:.0%})"
        )
    console.result().print(line, soft_wrap=True, markup=False, highlight=False)
    if told["written"]:
        console.say(f"compare it again at any time: medgpt verify {told['out']}")
