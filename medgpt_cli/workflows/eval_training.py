"""What a model was trained on, as its runs recorded it, and how much of that is at hand.

A run names its data files with their hashes and the model it started from, which may be a run again; the chain ends
where a model started from nothing, or from one that somebody else trained.  Nothing is compared here.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medgpt_cli.core import rundir
from medgpt_cli.core.errors import MedGPTError
from medgpt_cli.core.types import Sample
from medgpt_cli.data.prepared.opening import PreparedSet, is_prepared
from medgpt_cli.data.records import read_records
from medgpt_cli.workflows import lineage
from medgpt_cli.workflows.gates.leakage import against_hashes
from medgpt_cli.workflows.naming import meant, model_folder, named_model
from medgpt_cli.workflows.training_files import TRAIN, file_hashes

FROM_NOTHING = ("tiny-untrained", "tiny-siglip")
"""Words for models whose weights are drawn, not trained."""
LONGEST_CHAIN = 32
"""Runs that are followed; a longer chain goes in a circle."""


@dataclass(frozen=True)
class TrainedOn:
    """One file or prepared set of a run's mix, as it was.

    Attributes:
        path: Where it lies.
        sha256: As the run recorded it.
        image_root: The folder image paths of a record file are relative to; its own when None.
        against: Evaluation sets whose records were kept out of it, each with its SHA-256.
    """

    path: Path
    sha256: str
    image_root: Path | None
    against: tuple[tuple[Path, str], ...]

    def samples(self) -> Iterator[Sample]:
        """The records that were trained on, those that `against` kept out included."""
        if is_prepared(self.path):
            yield from PreparedSet.open(self.path).samples(TRAIN)
        else:
            yield from read_records(self.path, image_root=self.image_root, max_bad=None).samples


@dataclass
class History:
    """What a model was trained on.

    Attributes:
        files: What is at hand, byte for byte as it was trained on; the newest run's first.
        missing: What is not, and why, one sentence each.
        start: What the first run started from, where that was trained by somebody else; else empty.
        runs: Runs in the chain.
    """

    files: list[TrainedOn] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    start: str = ""
    runs: int = 0


def history(ref: str, *, online: bool = False) -> History:
    """Follows a model back to where it started.

    Args:
        ref: How the person named it.
        online: Whether a hub id may be fetched, as when it was loaded.
    """
    found = History()
    name = meant(ref)
    for _ in range(LONGEST_CHAIN):
        if name in FROM_NOTHING:
            return found
        run = _run_of(name, online=online)
        if run is None:
            _add_carried(found, name, online=online)
            break
        recipe, manifest = run
        found.runs += 1
        _add(found, recipe, manifest)
        chosen = recipe.get("model", {})
        if chosen.get("llm"):
            found.start = f"{chosen['llm']} + {chosen['vision']}"
            return found
        name = chosen.get("adapter") or chosen.get("base") or "tiny"
        if name not in FROM_NOTHING and not _is_same(name, manifest, online=online):
            found.missing.append(f"{name}, which it started from, is no longer there as it was")
            return found
    found.start = name
    if not found.runs and not found.files and not found.missing:
        found.missing.append(f"no training data is recorded for {ref}")
    return found


def _run_of(name: str, *, online: bool) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The recipe and the manifest of the run that made a model; None where no run of ours did."""
    named = [Path(name).absolute()]  # a run that keeps no whole model is one all the same
    with contextlib.suppress(MedGPTError):
        named.append(model_folder(name, online=online).absolute())
    # RUN itself, RUN/model, RUN/checkpoints/step-N
    for run in (each for folder in named for each in (folder, *list(folder.parents)[:2])):
        if rundir.is_run(run):
            try:
                recipe, manifest = (
                    json.loads((run / file).read_text()) for file in ("recipe.json", "manifest.json")
                )
            except (OSError, ValueError):
                return None
            return (recipe, manifest) if "data" in manifest and "data" in recipe else None
    return None


def _add_carried(found: History, name: str, *, online: bool) -> None:
    """What an export was trained on, as the lineage it carries tells it; `tiny` is one."""
    try:
        links = lineage.read_manifest(model_folder(name, online=online)).get("lineage", [])
    except MedGPTError:
        return
    for path, sha256 in {
        Path(link["name"]): link["sha256"] for link in links if link["what"] == "data"
    }.items():
        _add_file(found, TrainedOn(path, sha256 or "", None, ()))


def _is_same(name: str, manifest: dict[str, Any], *, online: bool) -> bool:
    try:
        return bool(named_model(name, online=online).hash() == manifest["base_hash"][name])
    except (MedGPTError, OSError, KeyError):
        return False


def _add(found: History, recipe: dict[str, Any], manifest: dict[str, Any]) -> None:
    data = recipe["data"]
    root = Path(data["image_root"]) if data.get("image_root") else None
    held_out = [Path(path) for path in data.get("against", ())]
    recorded: dict[str, str] = manifest["data"]
    now = against_hashes([path for path in held_out if path.exists()])
    against = tuple((path, now.get(str(path), "")) for path in held_out)
    if any(not sha256 or sha256 != recorded.get(str(path)) for path, sha256 in against):
        found.missing.append("evaluation sets whose records were kept out of training are not at hand")
        against = ()
    for path in dict.fromkeys(Path(part["path"]) for part in data["mix"]):
        _add_file(found, TrainedOn(path, recorded.get(str(path), ""), root, against))


def _add_file(found: History, wanted: TrainedOn) -> None:
    if not wanted.path.exists():
        found.missing.append(f"{wanted.path} is not at hand")
    elif not wanted.sha256 or _hash(wanted.path) != wanted.sha256:
        found.missing.append(f"{wanted.path} is not the file it was trained on")
    else:
        found.files.append(wanted)


def _hash(path: Path) -> str:
    try:
        return file_hashes([path])[str(path)]
    except OSError:
        return ""
