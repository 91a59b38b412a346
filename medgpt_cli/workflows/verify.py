"""Is a folder still what was written, and is what stands behind it still what it was made of?

Questions told apart: where a key is named, whether its owner signed; the folder's own files against their hashes;
every link of the chain behind it that is still here; and, of an export whose original is here, whether both still
answer alike.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, rundir, signature
from medgpt_cli.core.errors import Complaint, HashMismatch, InputError, NotThere
from medgpt_cli.core.files import sha256_file
from medgpt_cli.core.manifest import SUMS, verify_files
from medgpt_cli.data.prepared.opening import PreparedSet, is_prepared
from medgpt_cli.workflows import lineage
from medgpt_cli.workflows.export import KIND
from medgpt_cli.workflows.naming import ADAPTER_CONFIG, Named, named_model

CHANGED = "changed"


def verify_folder(
    folder: Path,
    *,
    against: str | None = None,
    hashes_only: bool = False,
    key: Path | None = None,
    as_json: bool = False,
) -> None:
    """Tells what holds, line by line.

    Args:
        folder: A run, a model, an adapter, an export, a prepared set or an evaluation.
        against: Where the original of an export lies now; where its manifest says when None.
        hashes_only: Ask no model anything.
        key: Public keys, one of which has to have signed the folder.
        as_json: Print one JSON document.

    Raises:
        NotThere: There is no such folder.
        InputError: It carries no hashes, or `against` was given and it is no export.
        Missing, NotSigned: As `signature.check` says.
        HashMismatch: Something is not what it was.
    """
    if not folder.is_dir():
        raise NotThere(f"there is no folder {folder}", repair="mend the path")
    manifest = lineage.read_manifest(folder)
    if against is not None and (manifest.get("kind") != KIND or manifest.get("to") == "gguf"):
        raise InputError(
            f"{folder} is no export that can be asked, so it is not compared with an original",
            repair="leave --against out",
        )
    rows = []
    if key is not None:
        rows.append({"what": "signer", "name": signature.check(folder, key), "state": "same"})
    rows += [*_own(folder, manifest), *_chain(folder, manifest)]
    compared = None
    whole = all(row["state"] != CHANGED for row in rows)
    if manifest.get("kind") == KIND and manifest.get("to") != "gguf" and not hashes_only and whole:
        compared = _compared(folder, manifest, against)
    _tell(folder, rows, compared, as_json=as_json)
    wrong = [
        Complaint(row.get("why") or "is not what it was", where=f"{row['what']} {row['name']}")
        for row in rows
        if row["state"] == CHANGED
    ]
    if compared is not None and not compared["holds"]:
        wrong.append(Complaint("does not answer as the original does", where=str(folder)))
    if wrong:
        raise HashMismatch(
            f"{folder} does not hold: {len(wrong)} thing{'s' * (len(wrong) > 1)} changed",
            repair="restore it from its source; what has changed is not used",
            complaints=wrong,
        )


def _own(folder: Path, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    if is_prepared(folder):
        return [_row("files", folder, lambda: PreparedSet.open(folder).verify())]
    if rundir.is_run(folder) and "files" not in manifest:
        rundir.require_done(folder)
        inner = [folder / name for name in ("model", "adapter") if (folder / name).is_dir()]
        return [
            _row("recipe", folder / "recipe.json", lambda: _recipe(folder, manifest)),
            *(_row("files", each, partial(_promised, each, manifest)) for each in inner),
        ]
    if not (folder / SUMS).exists() and not (folder / "manifest.json").exists():
        raise InputError(
            f"{folder} carries no hashes",
            repair="name a folder that medgpt wrote: it holds manifest.json or SHA256SUMS",
        )
    return [_row("files", folder, lambda: verify_files(folder))]


def _row(what: str, place: Path, check: Any) -> dict[str, Any]:
    try:
        check()
    except HashMismatch as error:
        return {"what": what, "name": str(place), "state": CHANGED, "why": error.what}
    return {"what": what, "name": str(place), "state": "same"}


def _recipe(run: Path, manifest: dict[str, Any]) -> None:
    if sha256_file(run / "recipe.json") != manifest.get("recipe_sha256"):
        raise HashMismatch("is not the recipe that the run was begun with")


def _promised(folder: Path, manifest: dict[str, Any]) -> None:
    verify_files(folder)
    for name, digest in manifest.get(folder.name, {}).items():
        if not (folder / name).is_file() or sha256_file(folder / name) != digest:
            raise HashMismatch(f"{name} is missing or not the file that the run wrote")


def _chain(folder: Path, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Every link behind a folder, with whether it still holds."""
    if "lineage" in manifest:
        links = manifest["lineage"]
    elif manifest.get("kind") == "eval":
        name = manifest["asked"]["model"]
        digest = manifest["model_hash"]  # none where an endpoint or a file answered
        links = [{"what": "model", "name": name, "sha256": digest}] if digest else []
    elif (folder / "model").is_dir() or any(
        (folder / name).is_file() for name in ("config.json", ADAPTER_CONFIG)
    ):
        own = ("model", "adapter")  # looked at already
        links = [link for link in lineage.behind(named_model(str(folder))) if link["what"] not in own]
    elif (folder / "adapter").is_dir():
        links = [link for link in lineage.behind(named_model(str(folder))) if link["what"] != "adapter"]
    else:
        links = []
    return [
        {
            **{name: link[name] for name in ("what", "name", "sha256")},
            "state": lineage.state_of(link, folder),
        }
        for link in links
    ]


def _compared(folder: Path, manifest: dict[str, Any], against: str | None) -> dict[str, Any] | None:
    """How the export and its original answer; None where the original is not here."""
    from medgpt_cli.workflows import export_check

    original = manifest["original"]
    if against is None:
        named = _original(original, folder)
        if named is None:
            return None
    else:
        named = named_model(against)
        if named.hash() != original["sha256"]:
            raise HashMismatch(
                f"{against} is not the model that {folder} was exported from",
                repair="name the original, or leave --against out",
            )
    console.say("asking the original and the copy the fixed prompts")
    if manifest["to"] == "mxfp4":
        from medgpt_cli.workflows.export_mxfp4 import rounded_original

        heard = rounded_original(named)
    else:
        heard = export_check.hear(*export_check.load_original(named))
    differs = export_check.hear_again(folder, heard)
    return {"original": named.base, "holds": differs.none, **differs.as_json()}


def _original(original: dict[str, Any], folder: Path) -> Named | None:
    """The original where the manifest names it, if it is there and still itself."""
    name, adapter, digest = original["name"], original["adapter"], original["sha256"]
    if adapter is None:
        place = lineage.same_place({"what": "model", "name": name, "sha256": digest}, folder)
        return None if place is None else named_model(str(place))
    link = {"what": "whole", "name": adapter, "sha256": digest}
    place = lineage.same_place(link, folder)
    return None if place is None else named_model(None, str(place))


def _tell(
    folder: Path, rows: list[dict[str, Any]], compared: dict[str, Any] | None, *, as_json: bool
) -> None:
    if as_json:
        holds = all(row["state"] != CHANGED for row in rows) and (compared is None or compared["holds"])
        console.print_json(
            {"folder": str(folder), "holds": holds, "links": rows, "comparison": compared}
        )
        return
    lines = [f"{row['state']:<9} {row['what']:<8} {row['name']}" for row in rows]
    if compared is not None:
        lines.append(
            f"{'same' if compared['holds'] else CHANGED:<9} answers  largest difference of a logit "
            f"{compared['max_logit']:.3g}, same words {compared['greedy']:.0%}, {compared['inputs']} prompts"
        )
    console.result().print("\n".join(lines), soft_wrap=True, markup=False, highlight=False)
