"""The end of a pipeline: the last stage's model written for other programs, and proven to be that.

An export compares itself with its original before it is there at all; beyond that every file and what stands behind
it is verified, now and whenever the pipeline is walked again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import HashMismatch, UsageError
from medgpt_cli.workflows.lineage import read_manifest
from medgpt_cli.workflows.pipeline.steps import Step

KIND = "export"


def is_there(step: Step) -> bool:
    """Whether the export was made; it appears whole or not at all."""
    return bool(read_manifest(step.out).get("kind") == KIND)


def export(step: Step, *, online: bool) -> None:
    """Makes it, and verifies what was made.

    Args:
        step: The step.
        online: Whether a hub id may be fetched.
    """
    from medgpt_cli.workflows.export import export_model

    asked = step.resolved.recipe
    export_model(
        ref=asked.model.base,
        adapter=asked.model.adapter,
        to=asked.export.to,
        quantise=asked.export.quantise,
        out=step.out,
        scores=[Path(path) for path in asked.export.scores],
        allow=asked.export.allow,
        online=online,
    )
    verify(step)


def verify(step: Step) -> None:
    """Checks every file of an export, and what its manifest says stands behind it.

    Raises:
        HashMismatch: Something is not what it was.
    """
    from medgpt_cli.workflows.verify import verify_folder

    verify_folder(step.out, hashes_only=True)


def require_same(step: Step, *, online: bool) -> None:
    """Checks that an export that is there is this one, of the model as it is now, and whole.

    Raises:
        UsageError: It was asked for in other words.
        HashMismatch: The model has changed since, or a file of the export.
    """
    from medgpt_cli.workflows.naming import named_model

    asked, manifest = step.resolved.recipe, read_manifest(step.out)
    anew = f"remove {step.out} to have it written anew, and give the same line again"
    proof = manifest["verification"]
    differing = [
        word
        for word, before, now in (
            ("export.to", manifest["to"], asked.export.to),
            ("export.quantise", proof.get("quantise"), asked.export.quantise or proof.get("quantise")),
            ("export.scores", [each["folder"] for each in manifest["scores"]], [*asked.export.scores]),
        )
        if before != now
    ]
    if differing:
        raise UsageError(
            f"{step.out} was written in other words; what differs: {', '.join(differing)}", repair=anew
        )
    named = named_model(asked.model.base, asked.model.adapter, online=online)
    if named.hash() != manifest["original"]["sha256"]:
        raise HashMismatch(
            f"{step.out} was written from other weights than {asked.model.base} holds now", repair=anew
        )
    verify(step)


def told(step: Step) -> dict[str, Any]:
    """What the summary says of an export."""
    manifest = read_manifest(step.out)
    weights = [each for each in step.out.iterdir() if each.suffix in (".safetensors", ".gguf")]
    return {
        "name": step.name,
        "to": manifest["to"],
        "folder": str(step.out),
        "bytes": sum(each.stat().st_size for each in weights),
        "sha256": manifest["original"]["sha256"],
        "verification": manifest["verification"],
    }
