"""What a training run leaves behind beside its weights: recipe, manifest, and the sentence at the end.

A run that is resumed must be the run that was begun: the same recipe and the same data, or it is refused.
"""

from __future__ import annotations

import datetime
import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, files
from medgpt_cli.core.distributed import launch_words, ranks
from medgpt_cli.core.errors import Complaint, HashMismatch, UsageError
from medgpt_cli.core.manifest import deeper_sizes, environment, file_hashes, write_manifest
from medgpt_cli.core.recipe import Resolved
from medgpt_cli.core.recipe.showing import flat
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.workflows import mix
from medgpt_cli.workflows.picture_files import PictureFiles, refuse_changed


def begin(
    run: RunFolder,
    resolved: Resolved,
    data: Mapping[str, str],
    base: Mapping[str, str],
    gates: Mapping[str, Any],
    pictures: PictureFiles,
) -> None:
    """Writes the recipe and the first manifest, or checks them when the run goes on.

    Args:
        run: The run.
        resolved: Its recipe.
        data: SHA-256 of each data file.
        base: SHA-256 of each model it starts from, by name.
        gates: What each gate found, and what was attested.
        pictures: What the data files show.

    Raises:
        UsageError: The run was begun with another recipe, or by another number of processes.
        HashMismatch: The data files, their pictures or the model it starts from are not those the run was begun with.
    """
    document = resolved.as_json()
    if run.manifest.exists():
        refuse_other(run.path, document, data, base, pictures)
        begun_by = json.loads(run.manifest.read_text())["ranks"]
        if begun_by != ranks():
            raise UsageError(
                f"{run.path} was begun by {begun_by} processes, and these are {ranks()}",
                repair="launch as many as before, or start anew from its last model with --model",
            )
        return
    files.write_text(run.path / "recipe.yaml", resolved.written)
    files.write_text(run.path / "overrides.txt", "".join(f"{word}\n" for word in resolved.overrides))
    files.write_json(run.recipe, document)
    pictures.keep(run.path)
    write_manifest(
        run.path,
        {
            "stage": resolved.recipe.stage,
            "begun": _now(),
            "data": dict(data),
            "pictures": pictures.told(),
            "base": start_of(resolved.recipe),
            "base_hash": dict(base),
            "recipe_sha256": files.sha256_file(run.recipe),
            "gates": dict(gates),
            "seed": resolved.recipe.train.seed,
            "ranks": ranks(),
            "environment": environment(),
        },
    )


def refuse_other(
    run: Path,
    document: Mapping[str, Any],
    data: Mapping[str, str],
    base: Mapping[str, str],
    pictures: PictureFiles,
) -> None:
    """Refuses a run that was begun with something else.

    Args:
        run: The run folder.
        document: The recipe, resolved.
        data: SHA-256 of each data file.
        base: SHA-256 of each model it starts from, by name.
        pictures: What the data files show.

    Raises:
        UsageError: It was begun with another recipe.
        HashMismatch: The data files, their pictures or the model it starts from are not those it was begun with.
    """
    before = json.loads((run / "recipe.json").read_text())
    one, other = dict(flat(before)), dict(flat(document))
    if changed := _unlike(one, other):
        raise UsageError(
            f"{run} was begun with another recipe; what differs: {', '.join(changed)}",
            repair="give the same words as before, or start anew with another --out",
        )
    manifest = json.loads((run / "manifest.json").read_text())
    for what, key, now in (("data files", "data", data), ("model files", "base_hash", base)):
        if differing := _unlike(manifest[key], now):
            raise HashMismatch(
                f"the {what} are not those that {run} was begun with",
                repair="restore them, or start anew with another --out",
                complaints=[Complaint("is not as it was, or was not there", name) for name in differing],
            )
    refuse_changed(run, manifest.get("pictures"), pictures)


def _unlike(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The names of what two documents do not say alike, or one of them does not say."""
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


Weights = Mapping[str, Any] | None
"""Tensors by name, where processes share them; None where the model holds its own."""
SaveModel = Callable[[Path, Weights], None]


def save_hashed(
    run: str,
    save: SaveModel,
    folder: Path,
    weights: Weights = None,
    *,
    told: Mapping[str, Any] | None = None,
) -> None:
    """Saves a model into an empty folder, with the hashes by which every loader checks it.

    Args:
        run: Name of the run the model comes from.
        save: Writes the model's files.
        folder: Where they go.
        weights: Gathered from all processes, or None.
        told: What the manifest says beside them.
    """
    save(folder, weights)
    deeper = deeper_sizes(folder)
    sizes = {"sizes": deeper} if deeper else {}
    write_manifest(folder, {"run": run, **(told or {}), "files": file_hashes(folder), **sizes})


def keep_model(run: RunFolder, save: SaveModel, weights: Weights) -> None:
    """Puts the result into `model/`, whole or not at all.

    Args:
        run: The run.
        save: Writes the model's files and their hashes.
        weights: Gathered from all processes, or None.
    """
    if not run.model.exists():
        with files.staged_folder(run.model) as staging:
            save(staging, weights)


def note(run: RunFolder, entries: Mapping[str, Any]) -> None:
    """Adds entries to the manifest while the run goes on."""
    write_manifest(run.path, json.loads(run.manifest.read_text()) | dict(entries))


def end(run: RunFolder, gathered: Any, counts: Mapping[str, Any], steps: int) -> None:
    """Completes the manifest."""
    manifest = json.loads(run.manifest.read_text())
    manifest |= {
        "ended": _now(),
        "steps": steps,
        "records": len(gathered.train),
        "records_left_out": gathered.left_out,
        "records_parted": {"records": gathered.parted[0], "pieces": gathered.parted[1]},
        "leakage": {"left_out": gathered.leaking},
        "shots": gathered.shots,
        "mix": mix.document(gathered.mixture),
        "parameters": {part: count._asdict() for part, count in counts.items()},
        **{each.name: file_hashes(each) for each in (run.model, run.adapter) if each.exists()},
    }
    write_manifest(run.path, manifest)


def start_of(recipe: Any) -> str:
    """What a stage started from, as a person names it."""
    chosen = recipe.model
    if chosen.adapter is not None:
        return f"{chosen.base} with {chosen.adapter}" if chosen.base else str(chosen.adapter)
    return chosen.base or ("tiny" if chosen.llm is None else f"{chosen.llm} + {chosen.vision}")


def _measured(path: Path) -> list[dict[str, Any]]:
    lines = map(json.loads, (path / "metrics.jsonl").read_text().splitlines())
    return [line for line in lines if line.get("loss") is not None]


def resume_line(run: RunFolder) -> str:
    """The command line that goes on with a run, as it can be typed."""
    recipe, out = shlex.quote(str(run.recipe)), shlex.quote(str(run.path))
    before, after = launch_words()
    return f"{before} {run.kind} --recipe {recipe} --out {out} --resume{after}"


def tell(path: Path, *, as_json: bool) -> None:
    """One sentence, or one JSON document: where the result lies and how to use it.

    Args:
        path: A finished run folder.
        as_json: Print the document.
    """
    steps = _measured(path)
    outcome = {
        "run": str(path),
        **{name: str(path / name) for name in ("model", "adapter") if (path / name).exists()},
        "steps": json.loads((path / "manifest.json").read_text())["steps"],
        "first_loss": steps[0]["loss"],
        "last_loss": steps[-1]["loss"],
        "report": str(path / "report.html"),
    }
    if as_json:
        console.print_json(outcome)
        return
    console.result().print(
        f"{path}: {outcome['steps']} steps, loss {outcome['first_loss']:.3f} to {outcome['last_loss']:.3f}; "
        f"ask it with: medgpt chat --model {path} --image FILE"
    )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
