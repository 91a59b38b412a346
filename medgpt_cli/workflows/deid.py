"""A de-identified copy of records, texts and images: made beside, verified by reading it again, then put in place.

Patients stay themselves: one stand-in for a name, a number or a UID wherever it stands, dates moved by one number of
days.  Nothing that a record says, and no path in it, is printed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, tables
from medgpt_cli.core.errors import BadRecord, Complaint, NotThere, OutputExists, PhiFound, UsageError
from medgpt_cli.core.files import sha256_file, staged_folder
from medgpt_cli.core.manifest import environment, versions, write_manifest
from medgpt_cli.core.wording import counted
from medgpt_cli.data.privacy.burned_in import LOWER_BOUND
from medgpt_cli.data.privacy.entities import reader
from medgpt_cli.data.privacy.findings import NOT_ASSESSED, Identifier
from medgpt_cli.data.privacy.folder_copy import FolderCopy
from medgpt_cli.data.privacy.keyfile import keep_key, new_key, read_key
from medgpt_cli.data.privacy.listing import list_source
from medgpt_cli.data.privacy.manifest import KIND
from medgpt_cli.data.privacy.ocr_policy import OcrMode
from medgpt_cli.data.privacy.profile import Profile
from medgpt_cli.data.privacy.tag_classes import TABLE
from medgpt_cli.workflows.deid_outlook import foretell

TOLD = 20
"""Places told of what was left out; all are counted by reason."""


def run_deid(
    source: Path,
    out: Path,
    *,
    key: Path | None,
    no_key: bool,
    profile: str,
    ocr: str,
    image_root: Path | None,
    ner: bool = False,
    ner_model: Path | None = None,
    dry_run: bool = False,
    json: bool,
) -> None:
    """Makes a de-identified copy and shows what was replaced.

    Args:
        source: A record file, a text, an image, or a folder of them.
        out: The copy; must not exist or be empty.
        key: The key file, made where it does not exist; `OUT.key` when None.
        no_key: Use a key that is thrown away.
        profile: A `Profile`.
        ocr: An `OcrMode`.
        image_root: The folder that image paths are relative to; each record file's own when None.
        ner: Let a named-entity model read the texts beside the rules.
        ner_model: Folder of a token classifier that does that instead of spaCy.
        dry_run: Say what would be read and where it would go; write nothing.
        json: Show the outcome as one JSON document.

    Raises:
        UsageError: `out`, `source` and `key` lie inside one another.
        OutputExists: `out` is not empty.
        NotThere: There is no such source.
        BadRecord: Nothing in the source could be copied.
        PhiFound: The copy still identifies somebody; it is thrown away.
        Missing: Pictures are to be read and the extra `[ocr]` is not installed, or `[deid]` for names.
    """
    kept = None if no_key else (key or out.with_name(f"{out.name}.key"))
    _refuse(source, out, kept)
    find, readers = reader(ner, ner_model)
    made = kept is None or not kept.exists()
    if dry_run:
        foretell(list_source(source), out, kept, made, profile, ocr, readers, json=json)
        return
    secret = new_key() if made or kept is None else read_key(kept)
    listing = list_source(source)
    copy = FolderCopy(listing, secret, Profile(profile), OcrMode(ocr), find, image_root=image_root)
    console.say("looking through the images …")
    copy.look_through(console.say)
    with staged_folder(out) as staging:
        copy.write(staging)
        _refuse_leftovers(copy, source)
        document = _manifest(copy, staging, profile, ocr, kept, readers)
        write_manifest(staging, document)
        if made and kept is not None:
            keep_key(kept, secret)
    _tell(copy.left_out)
    if json:
        console.print_json({"out": str(out), "key": str(kept) if kept else None, **_outcome(document)})
    else:
        _show(out, kept, document)


def _tell(complaints: Sequence[Complaint]) -> None:
    """Says where what was left out stands."""
    for complaint in complaints[:TOLD]:
        console.say(f"left out: {complaint.where} {complaint.what}")
    if len(complaints) > TOLD:
        console.say(f"and {len(complaints) - TOLD:,} more left out")


def _refuse(source: Path, out: Path, key: Path | None) -> None:
    if not source.exists():
        raise NotThere("there is no such file or folder", where=str(source))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputExists(f"{out} exists and is not empty", repair="name another --out")
    inside, root = out.resolve(), source.resolve()
    if inside == root or (source.is_dir() and root in inside.parents):
        raise UsageError("--out lies inside the source", repair="name a folder beside it")
    if inside in root.parents:
        raise UsageError("the source lies inside --out", repair="name another --out")
    if key is not None and inside in key.resolve().parents:
        raise UsageError(
            "the key would lie inside the copy it can undo", repair="name a file elsewhere with --key"
        )


def _refuse_leftovers(copy: FolderCopy, source: Path) -> None:
    if not copy.files:
        raise BadRecord(
            "nothing could be copied",
            where=str(source),
            repair="JSONL, texts (.txt) and images are read; de-identify sources before data prep, not after",
            complaints=copy.left_out,
        )
    if copy.left:
        raise PhiFound(
            f"the copy still identifies somebody in {counted(len(copy.left), 'place')}, so it was thrown away",
            repair="leave these records out, or mend them by hand, and run it again",
            complaints=[
                Complaint(f"{identifier.value} is left", place) for place, identifier in copy.left
            ],
        )


def _manifest(
    copy: FolderCopy, staging: Path, profile: str, ocr: str, key: Path | None, readers: str
) -> dict[str, Any]:
    return {
        "kind": KIND,
        "verified": True,
        "profile": profile,
        "key": "kept apart from this copy" if key else "not kept",
        "records": copy.records,
        "texts": copy.texts,
        "images": len(copy.pictures.all),
        "replaced": {
            "texts": _classes(copy.in_texts),
            "headers": _classes(copy.written.counts),
        },
        "not_assessed": sorted(NOT_ASSESSED),
        "burned_in": {
            "ocr": ocr,
            "read": copy.written.read,
            "with_text": copy.written.with_text,
            "rectangles_blanked": copy.written.blanked,
            "note": LOWER_BOUND,
        },
        "columns_left_behind": copy.columns,
        "left_out": _reasons(copy),
        "rules": {
            "dicom_profile": f"PS3.15 table E.1-1, {TABLE}",
            "texts": "medgpt rules for 18 classes",
            "readers": readers,
        },
        "files": {
            file.relative_to(staging).as_posix(): sha256_file(file)
            for file in sorted(staging.rglob("*"))
            if file.is_file()
        },
        "environment": environment()
        | {"privacy": versions(("dicom-anonymizer", "names", "rapidocr", "onnxruntime", "spacy"))},
    }


def _classes(counts: Counter[Identifier]) -> dict[str, int]:
    """All 18 classes, so that a zero is seen as one."""
    return {each.value: counts[each] for each in Identifier if each not in NOT_ASSESSED}


def _reasons(copy: FolderCopy) -> dict[str, int]:
    reasons = Counter(
        re.sub(r" at column \d+|; its keys: .*", "", complaint.what) for complaint in copy.left_out
    )
    return dict(reasons + copy.listing.others)


def _outcome(document: dict[str, Any]) -> dict[str, Any]:
    return {
        name: document[name]
        for name in (
            "verified", "profile", "records", "texts", "images", "replaced", "not_assessed", "burned_in",
            "columns_left_behind", "left_out",
        )
    }  # fmt: skip


def _show(out: Path, key: Path | None, document: dict[str, Any]) -> None:
    rows = [(name, f"{document[name]:,}") for name in ("records", "texts", "images") if document[name]]
    for where, counts in document["replaced"].items():
        rows += [
            (f"{where}: {name.replace('_', ' ')}", f"{count:,}")
            for name, count in counts.items()
            if count
        ]
    burned = document["burned_in"]
    rows += [
        ("images read for burned-in text", f"{burned['read']:,}"),
        ("images in which text was blanked", f"{burned['with_text']:,}"),
        ("columns left behind", f"{document['columns_left_behind']:,}"),
        *((f"left out: {reason}", f"{count:,}") for reason, count in document["left_out"].items()),
    ]
    console.result().print(tables.aligned(("de-identified", str(out)), rows))
    console.say(f"read again: nothing that is certain is left; {LOWER_BOUND}")
    console.say(
        "biometric data and faces were not looked for (head CT and MR show a face when rendered)"
    )
    console.say(
        f"the key in {key} ties the copy to the originals: keep it apart" if key else "no key was kept"
    )
