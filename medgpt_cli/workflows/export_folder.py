"""What every exported folder tells of itself, whatever its layout: card, bill of materials, manifest and sums."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgpt_cli import __version__
from medgpt_cli.core import files, signature
from medgpt_cli.core.manifest import environment, file_hashes, write_manifest, write_sums
from medgpt_cli.export.card import card
from medgpt_cli.export.sbom import bill
from medgpt_cli.workflows import lineage
from medgpt_cli.workflows.export import KIND
from medgpt_cli.workflows.naming import Named

VERIFY, CARD, BILL = "verify.json", "README.md", "sbom.cdx.json"
WEIGHTS = (".safetensors", ".gguf")


@dataclass(frozen=True)
class Asked:
    """What is to be exported, as it was asked for.

    Attributes:
        named: The model; an adapter is added to its weights.
        out: The folder to write.
        allow: Names of waivers.
        scored: Scores of the model, for its card.
        quantise: How matrices of a GGUF are stored.
        sign: Key that signs the sums; unsigned when None.
    """

    named: Named
    out: Path
    allow: frozenset[str] = frozenset()
    scored: Sequence[dict[str, Any]] = ()
    quantise: str = "mxfp4"
    sign: Path | None = None


def describe(
    folder: Path,
    asked: Asked,
    *,
    model: dict[str, Any],
    verification: dict[str, Any],
    warnings: Sequence[str],
    waivers: Sequence[str] = (),
) -> None:
    """Writes the proof, the card, the bill of materials, the manifest, the sums and, where a key was named, their
    signature, each covering those before.

    Args:
        folder: Where the model's files are already.
        asked: What was asked for.
        model: Its shape.
        verification: How it was compared; `to` is the layout.
        warnings: What whoever uses it has to know.
        waivers: Names of those that were needed.
    """
    files.write_json(folder / VERIFY, {**verification, "files": file_hashes(folder)})
    named, chain = asked.named, lineage.behind(asked.named)
    facts = {
        "kind": KIND,
        "name": asked.out.name,
        "to": verification["to"],
        "written": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "original": {
            "name": named.base,
            "adapter": str(named.adapter) if named.adapter else None,
            "sha256": named.hash(),
        },
        "model": model,
        "lineage": chain,
        "gates": lineage.gates_of(chain),
        "waivers": sorted(waivers),
        "scores": list(asked.scored),
        "verification": verification,
        "warnings": list(warnings),
        "environment": environment(),
    }
    hashes = {name: sha for name, sha in file_hashes(folder).items() if name.endswith(WEIGHTS)}
    files.write_text(folder / CARD, card(facts))
    document = bill(
        name=asked.out.name,
        version=__version__,
        sha256=hashlib.sha256(json.dumps(sorted(hashes.items())).encode()).hexdigest(),
        written=str(facts["written"]),
        architecture={"family": "LLaVA", "model": f"{model['vision']} + {model['llm']}"},
        lineage=[link for link in chain if link["what"] != "run"],
        packages=environment()["packages"],
    )
    files.write_json(folder / BILL, document)
    write_manifest(folder, {**facts, "files": file_hashes(folder)})
    write_sums(folder)
    if asked.sign is not None:
        signature.sign(folder, asked.sign)
