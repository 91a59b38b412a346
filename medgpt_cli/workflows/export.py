"""A trained model as a folder that other programs load, compared with the original before it is called done."""

from __future__ import annotations

import datetime
import gc
import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from medgpt_cli import __version__
from medgpt_cli.core import console, files
from medgpt_cli.core.errors import GateRefusal, OutOfResources, OutputExists, UsageError
from medgpt_cli.core.machine import disk_free
from medgpt_cli.core.manifest import environment, file_hashes, write_manifest, write_sums
from medgpt_cli.workflows import lineage
from medgpt_cli.workflows.naming import Named, named_model

LAYOUTS = ("hf", "gguf")
"""What `--to` may name."""
WAIVERS = ("clip-gguf",)
"""What `--allow` may name."""
KIND = "export"
VERIFY, CARD, BILL = "verify.json", "README.md", "sbom.cdx.json"
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
        force: Overwrite an earlier export.
        online: Whether a hub id may be fetched.
        dry_run: Say what would be written, and write nothing.
        as_json: Print one JSON document.

    Raises:
        UsageError: The layout is none, or `out` holds something.
        NotThere, BadCheckpoint, Missing: As loading says.
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
    from medgpt_cli.models.checkpoint import check_folder
    from medgpt_cli.workflows import export_check, export_facts

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
    if to == "gguf":
        from medgpt_cli.workflows.export_gguf import export_gguf

        waived = frozenset(allow)
        told = export_gguf(
            named, out, quantise=quantise or "mxfp4", allow=waived, scored=scored, describe=_describe
        )
        _tell(told, as_json=as_json)
        return
    model, processor = export_check.load_original(named)
    console.say("asking the original the fixed prompts")
    heard = export_check.hear(model, processor)
    told = export_facts.model_facts(model, processor)
    with files.staged_folder(out) as folder:
        _write(model, processor, named, folder)
        del model
        gc.collect()
        console.say("asking the copy, loaded by transformers alone")
        differs = export_check.hear_again(folder, heard)
        if not differs.none:
            raise GateRefusal(
                "the copy does not answer as the original: logits differ by up to "
                f"{differs.max_logit:.3g}, greedy answers agree at {differs.greedy:.1%} of their tokens",
                where=str(out),
                repair="this is a fault of the export; nothing was kept",
            )
        stock = export_check.stock_reading(folder)
        written = {"to": to, **differs.as_json(), "stock_processor": stock}
        files.write_json(folder / VERIFY, {**written, "files": file_hashes(folder)})
        chain = lineage.behind(named)
        warnings = export_facts.warnings_of(named, stock)
        facts = {
            "kind": KIND,
            "name": out.name,
            "to": to,
            "written": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "original": {
                "name": named.base,
                "adapter": str(named.adapter) if named.adapter else None,
                "sha256": sha256,
            },
            "model": told,
            "lineage": chain,
            "gates": lineage.gates_of(chain),
            "waivers": [],
            "scores": scored,
            "verification": written,
            "warnings": warnings,
            "environment": environment(),
        }
        _describe(folder, facts)
        if out.exists():
            shutil.rmtree(out)
    for warning in warnings:
        console.warn(warning)
    _tell(
        {**written, "model": named.base, "out": str(out), "bytes": size, "written": True},
        as_json=as_json,
    )


def _write(model: Any, processor: Any, named: Named, folder: Path) -> None:
    """Configuration, processor and weights; without an adapter the tensors are copied from file to file, one by one."""
    from medgpt_cli.models.checkpoint import saved_name
    from medgpt_cli.models.upstream.weights import Weights
    from medgpt_cli.models.upstream.writing import tensors_of, write_shards

    vision = model.config.vision_config.model_type
    for config in (model.config, model.config.text_config):
        config.use_cache = (
            True  # training turns it off, and a reader of the file would generate without it
        )
    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
    processor.save_pretrained(folder)

    def copied() -> Iterator[tuple[str, Any]]:
        held = Weights(named.folder)
        yield from ((saved_name(name, vision), held[name]) for name in held)

    write_shards(copied() if named.adapter is None else tensors_of(model), folder)


def _describe(folder: Path, facts: dict[str, Any]) -> None:
    """The card, the bill of materials, the manifest and the sums, in the order in which each covers those before."""
    from medgpt_cli.export.card import card
    from medgpt_cli.export.sbom import bill

    weights = {
        name: sha
        for name, sha in file_hashes(folder).items()
        if name.endswith((".safetensors", ".gguf"))
    }
    files.write_text(folder / CARD, card(facts))
    document = bill(
        name=facts["name"],
        version=__version__,
        sha256=hashlib.sha256(json.dumps(sorted(weights.items())).encode()).hexdigest(),
        written=facts["written"],
        architecture={
            "family": "LLaVA",
            "model": f"{facts['model']['vision']} + {facts['model']['llm']}",
        },
        lineage=[link for link in facts["lineage"] if link["what"] != "run"],
        packages=facts["environment"]["packages"],
    )
    files.write_json(folder / BILL, document)
    write_manifest(folder, {**facts, "files": file_hashes(folder)})
    write_sums(folder)


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
