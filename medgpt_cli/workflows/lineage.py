"""What stands behind a model: run, base, data, and what stands behind those, as their manifests name it.

Each link carries the hash that was written down when it was used; whether what lies there today is still the same is
`state_of`'s question.  A link that is no longer here is told, not guessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from medgpt_cli.core import rundir
from medgpt_cli.core.errors import MedGPTError
from medgpt_cli.core.files import sha256_file
from medgpt_cli.core.manifest import model_hash, verify_files
from medgpt_cli.data.prepared.opening import MANIFEST, PreparedSet, is_prepared
from medgpt_cli.workflows.naming import HUB_ID, WORDS, Named, named_model

FACTS = ("stage", "begun", "ended", "steps", "records", "seed", "recipe_sha256", "environment")
"""What is told of a run, as its manifest has it."""
DEPTH = 32
"""Links followed, at most: a manifest edited into a ring must not hang anybody."""

Link = dict[str, Any]
"""`what` (model, run, adapter, base, llm, vision, data), `name`, `sha256`, `licences`; of runs `FACTS` and `gates`."""


def behind(named: Named) -> list[Link]:
    """Everything behind a model, nearest first.

    Args:
        named: The model.
    """
    whole = _link(
        "model" if named.adapter is None else "base", named.base, model_hash(named.folder), named.folder
    )
    found = [whole, *_behind_folder(named.folder, DEPTH)]
    if named.adapter is not None:
        own = _link("adapter", str(named.adapter), model_hash(named.adapter), named.adapter)
        found = [own, *_behind_folder(named.adapter, DEPTH), *found]
    return _once(found)


def gates_of(lineage: list[Link]) -> list[dict[str, Any]]:
    """What each run behind a model found and let pass, with who answers for it."""
    return [
        {"run": link["name"], "phi": link["gates"].get("phi", {}), "leakage": link["leakage"]}
        for link in lineage
        if "gates" in link
    ]


def state_of(link: Mapping[str, Any], beside: Path) -> str:
    """Whether what a link names is still what it was: `same`, `changed` or `not here`.

    Args:
        link: One link.
        beside: A folder; names are looked for from here, and from where this folder stands.
    """
    if same_place(link, beside) is not None:
        return "same"
    name = str(link["name"])
    if link["sha256"] is None or name in WORDS:  # another version builds another `tiny`
        return "not here"
    near = (Path(name), beside.resolve().parent / name)
    return "changed" if any(each.exists() for each in near) else "not here"


def same_place(link: Mapping[str, Any], beside: Path) -> Path | str | None:
    """Where the very thing lies that a link names as it was typed; None where it is not found.

    Args:
        link: `what`, `name` and `sha256`.
        beside: A folder; the name is looked for from here, and from this folder and those above it.
    """
    name, above = str(link["name"]), [beside.resolve(), *beside.resolve().parents]
    places = [each / name for each in (Path(), *above) if (each / name).exists()]
    if name in WORDS or (HUB_ID.fullmatch(name) and not places):
        return name if _is_same(link, name) else None
    return next((place for place in places if _is_same(link, place)), None)


def _is_same(link: Mapping[str, Any], place: Path | str) -> bool:
    try:
        return bool(_hash_now(link, place) == link["sha256"])
    except (MedGPTError, OSError):
        return False


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder; empty where there is none to be read."""
    try:
        found = json.loads((folder / "manifest.json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _hash_now(link: Mapping[str, Any], place: Path | str) -> str:
    if link["what"] == "data":
        path = Path(place)
        if is_prepared(path):
            PreparedSet.open(path).verify()
        return sha256_file(path / MANIFEST if is_prepared(path) else path)
    if link["what"] == "run":
        return sha256_file(Path(place) / "manifest.json")
    named = named_model(str(place))
    verify_files(named.folder)
    if named.adapter is not None:
        verify_files(named.adapter)
    if link["what"] == "adapter":
        return model_hash(named.adapter or named.folder)
    return named.hash()


def _behind_folder(folder: Path, depth: int) -> list[Link]:
    """What the manifest of one model folder leads to."""
    manifest = read_manifest(folder)
    if depth == 0:
        return []
    if "lineage" in manifest:  # an export carries what stood behind it
        return [dict(link) for link in manifest["lineage"]]
    found: list[Link] = []
    for part, source in manifest.get("sources", {}).items():
        if isinstance(source, dict) and {"name", "sha256"} <= source.keys():
            found += _base(part, source["name"], source["sha256"], folder, depth)
    run = next((each for each in (folder.parent, folder.parent.parent) if rundir.is_run(each)), None)
    if "run" in manifest and run is not None:
        found += _behind_run(run, depth)
    elif "base" in manifest:  # an adapter that left its run
        found += _data(manifest.get("data", {}), manifest.get("run", ""), folder)
        found += _base("base", manifest["base"]["name"], manifest["base"]["hash"], folder, depth)
    return found


def _behind_run(run: Path, depth: int) -> list[Link]:
    manifest = read_manifest(run)
    told = {name: manifest[name] for name in FACTS if name in manifest}
    own = {
        **_link("run", str(run), sha256_file(run / "manifest.json"), run),
        **told,
        "gates": manifest.get("gates", {}),
        "leakage": manifest.get("leakage", {}).get("left_out", {}),
    }
    found = [own, *_data(manifest.get("data", {}), run.name, run)]
    for name, digest in manifest.get("base_hash", {}).items():
        found += _base("base", name, digest, run, depth)
    return found


def _base(what: str, name: str, digest: str, beside: Path, depth: int) -> list[Link]:
    place = same_place({"what": what, "name": name, "sha256": digest}, beside)
    if place is None:
        return [_link(what, name, digest, None)]
    named = named_model(str(place))
    further = [
        link
        for folder in (named.adapter, named.folder)
        if folder is not None
        for link in _behind_folder(folder, depth - 1)
    ]
    return [_link(what, name, digest, named.folder), *further]


def _data(data: Mapping[str, str], run: str, beside: Path) -> Iterator[Link]:
    for name, digest in data.items():
        place = same_place({"what": "data", "name": name, "sha256": digest}, beside)
        yield {**_link("data", name, digest, place), "run": run}


def _link(what: str, name: str, digest: str | None, place: Path | str | None) -> Link:
    return {"what": what, "name": name, "sha256": digest, "licences": _licences(place)}


def _licences(place: Path | str | None) -> list[str]:
    if place is None or not Path(place).is_dir():
        return []
    manifest = read_manifest(Path(place))
    stated = manifest.get("licences", {})
    found = [f"{part}: {text}" for part, text in stated.items()] if isinstance(stated, dict) else []
    sources = manifest.get("sources", [])
    if isinstance(sources, list):  # a prepared set
        found += [
            str(each["licence"]) for each in sources if isinstance(each, dict) and each.get("licence")
        ]
    return list(dict.fromkeys(found))


def _once(links: list[Link]) -> list[Link]:
    """Each link once, where it stands first; one behind two models is met twice."""
    first: dict[tuple[Any, ...], Link] = {}
    for link in links:
        first.setdefault((link["what"], link["name"], link["sha256"]), link)
    return list(first.values())
