"""A bill of materials as CycloneDX 1.6 (JSON): the model, what it was made of, and the programs that made it.

Written directly: CycloneDX's own Python library has no model card, and the format is plain JSON.  This module is
handed facts; it looks nothing up but the licences of installed packages.
"""

from __future__ import annotations

import importlib.metadata
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

NAMESPACE = uuid.UUID("6f1d6e0a-3d3b-5d27-9a7e-6d6564677074")
"""Serial numbers are drawn from the model's hash, so that equal models have equal bills."""
LONGEST = 200
"""Characters of a licence's name; some packages put the whole text there."""
LIMITS = "Research software, not a medical device."


def bill(
    *,
    name: str,
    version: str,
    sha256: str,
    written: str,
    architecture: Mapping[str, str],
    lineage: Sequence[Mapping[str, Any]],
    packages: Mapping[str, str],
) -> dict[str, Any]:
    """The document.

    Args:
        name: Of the model.
        version: Of medgpt.
        sha256: Over the hashes of the exported weights.
        written: When, in ISO 8601.
        architecture: `family` and `model`.
        lineage: What stands behind the model: `what`, `name`, `sha256`, `licences`.
        packages: Version of each package that took part.
    """
    behind = [_behind(each, number) for number, each in enumerate(lineage)]
    used = [_package(package, installed) for package, installed in sorted(packages.items())]
    model = {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": name,
        "version": sha256[:12],
        "hashes": [{"alg": "SHA-256", "content": sha256}],
        "modelCard": {
            "modelParameters": {
                "task": "image-text-to-text",
                "architectureFamily": architecture["family"],
                "modelArchitecture": architecture["model"],
                "datasets": [{"ref": each["bom-ref"]} for each in behind if each["type"] == "data"],
            },
            "considerations": {"technicalLimitations": [LIMITS]},
        },
    }
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, sha256)}",
        "version": 1,
        "metadata": {
            "timestamp": written,
            "tools": {"components": [{"type": "application", "name": "medgpt", "version": version}]},
            "component": model,
        },
        "components": [*behind, *used],
        "dependencies": [
            {"ref": "model", "dependsOn": [each["bom-ref"] for each in [*behind, *used]]},
            *({"ref": each["bom-ref"]} for each in [*behind, *used]),
        ],
    }


def _behind(each: Mapping[str, Any], number: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "data" if each["what"] == "data" else "machine-learning-model",
        "bom-ref": f"behind-{number}",
        "name": each["name"],
    }
    if each["what"] == "data":
        found["data"] = [{"type": "dataset", "name": each["name"]}]
    if each.get("sha256"):
        found["hashes"] = [{"alg": "SHA-256", "content": each["sha256"]}]
    if each.get("licences"):
        found["licenses"] = [{"license": {"name": text}} for text in each["licences"]]
    return found


def _package(name: str, version: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name}@{version}",
    }
    if licence := _licence(name):
        found["licenses"] = [{"license": {"name": licence}}]
    return found


def _licence(name: str) -> str | None:
    try:
        facts = importlib.metadata.metadata(name).json
    except importlib.metadata.PackageNotFoundError:
        return None
    stated = facts.get("license_expression") or facts.get("license")
    if isinstance(stated, str) and len(stated) < LONGEST:
        return stated
    kinds = [each.rpartition(" :: ")[2] for each in facts.get("classifier", []) if "License ::" in each]
    return " AND ".join(kinds) or None
