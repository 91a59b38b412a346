"""The bill of materials: what CycloneDX 1.6 asks for, and what a reader looks up in it."""

from __future__ import annotations

import re
from typing import Any

from medgpt_cli.export.sbom import bill

LINEAGE = [
    {"what": "model", "name": "run", "sha256": "b" * 64, "licences": []},
    {"what": "data", "name": "a.jsonl", "sha256": "c" * 64, "licences": ["CC-BY-4.0"]},
    {"what": "base", "name": "tiny", "sha256": None, "licences": ["weights: Apache-2.0"]},
]


def made(sha256: str = "a" * 64) -> dict[str, Any]:
    return bill(
        name="out",
        version="0.1.0",
        sha256=sha256,
        written="2026-01-31T00:00:00+00:00",
        architecture={"family": "LLaVA", "model": "clip_vision_model + gpt_oss"},
        lineage=LINEAGE,
        packages={"torch": "2.14.1", "no-such-package": "1"},
    )


def test_head_and_references() -> None:
    document = made()
    assert (document["bomFormat"], document["specVersion"], document["version"]) == (
        "CycloneDX",
        "1.6",
        1,
    )
    uuid = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert re.fullmatch(uuid, document["serialNumber"])
    references = [each["bom-ref"] for each in document["components"]]
    assert len(set(references)) == len(references) == 5
    assert document["dependencies"][0] == {"ref": "model", "dependsOn": references}
    assert [each["ref"] for each in document["dependencies"][1:]] == references


def test_what_stands_behind_the_model_is_listed_with_hash_and_licence() -> None:
    _, data, base, *_ = made()["components"]
    assert data["type"] == "data"
    assert data["hashes"] == [{"alg": "SHA-256", "content": "c" * 64}]
    assert data["licenses"] == [{"license": {"name": "CC-BY-4.0"}}]
    assert base["type"] == "machine-learning-model"
    assert "hashes" not in base
    datasets = made()["metadata"]["component"]["modelCard"]["modelParameters"]["datasets"]
    assert datasets == [{"ref": data["bom-ref"]}]


def test_packages_carry_their_address_and_licence_where_one_is_stated() -> None:
    unknown, torch = sorted(made()["components"][3:], key=lambda each: each["name"])
    assert torch["purl"] == "pkg:pypi/torch@2.14.1"
    assert "BSD" in torch["licenses"][0]["license"]["name"]
    assert "licenses" not in unknown


def test_equal_models_have_equal_bills_and_others_another_number() -> None:
    assert made() == made()
    assert made()["serialNumber"] != made("d" * 64)["serialNumber"]
