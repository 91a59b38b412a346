"""Files looked through for what identifies patients, and told by class and place.

Nothing is changed, and what was found is not shown unless a person at a terminal asks for it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, tables
from medgpt_cli.core.errors import (
    BadRecord,
    Complaint,
    InputError,
    MedGPTError,
    NotThere,
    OutputExists,
    PhiFound,
    UsageError,
)
from medgpt_cli.core.files import sha256_file, write_json
from medgpt_cli.core.manifest import environment
from medgpt_cli.core.wording import counted
from medgpt_cli.data.jsonl import STDIN
from medgpt_cli.data.prepared.opening import is_prepared, samples_of
from medgpt_cli.data.prepared.raw import source_at
from medgpt_cli.data.privacy.entities import reader
from medgpt_cli.data.privacy.listing import list_source
from medgpt_cli.data.privacy.manifest import vouched_for
from medgpt_cli.data.privacy.ocr_policy import OcrMode
from medgpt_cli.data.privacy.scan_report import ScanProfile, document, rows
from medgpt_cli.data.privacy.scanned_pixels import scan_pixels
from medgpt_cli.data.privacy.scanning import Scanner, Seen


def scan_data(
    paths: Sequence[Path],
    *,
    ner: bool = False,
    ner_model: Path | None = None,
    ocr: str = OcrMode.AUTO,
    profile: str = ScanProfile.SAFE_HARBOR,
    image_root: Path | None = None,
    out: Path | None = None,
    force: bool = False,
    show_values: bool = False,
    json: bool = False,
) -> int:
    """Looks through files and shows what identifies, by class.

    Args:
        paths: Record files, prepared sets, data sets that an adapter knows, texts, images, or folders of them.
        ner: Let a named-entity model read the texts beside the rules.
        ner_model: Folder of a token classifier that does that instead of spaCy.
        ocr: An `OcrMode`.
        profile: A `ScanProfile`.
        image_root: The folder that image paths of record files are relative to; each file's own when None.
        out: A JSON file for the findings.
        force: Replace `out`.
        show_values: Show what was found; on a terminal only.
        json: Show the findings as one JSON document.

    Returns:
        The exit code: 0, or that of the error when `json` is given.

    Raises:
        PhiFound: Something certain was found and `json` is not given.
        BadRecord: Nothing certain was found, but something could not be read; not with `json`.
        UsageError: `show_values` without a terminal, or with `json`; `out` exists.
        NotThere: There is nothing at a path.
        Missing: A reader that was asked for is not installed.
    """
    _refuse(paths, out, force=force, show_values=show_values, json=json)
    find, readers = reader(ner, ner_model)
    chosen, mode = ScanProfile(profile), OcrMode(ocr)
    scanner = Scanner(find, chosen.allows, values=show_values)
    names: dict[str, Path] = {}
    left: Counter[str] = Counter()
    copies: list[Path] = []
    for path in paths:
        console.say(f"reading {'standard input' if path == STDIN else path} …")
        left += _look_through(scanner, path, image_root, names, copies)
    scanner.headers()
    if scanner.images and mode is not OcrMode.OFF:
        console.say("looking for text in the pixels …")
    pictures = scan_pixels(scanner, mode)
    found = document(scanner, profile=chosen, readers=readers, ocr=mode.value, pictures=pictures)
    found["not_scanned"] = dict(left)
    found["deidentified_copies"] = len(copies)
    error = _error(scanner, found)
    if out is not None:
        write_json(out, found | {"environment": environment()})
        out.chmod(0o600)
    if json:
        console.print_json(found | (error.as_dict() if error else {"complaints": []}))
        return error.exit_code if error else 0
    if show_values:
        _show_values(scanner.seen, names)
    _show(found)
    if out is not None:
        console.say(f"places and classes of the findings stand in {out}")
    if error:
        raise error
    console.say("nothing certain was found; rules see no further than their wording")
    return 0


def _refuse(
    paths: Sequence[Path], out: Path | None, *, force: bool, show_values: bool, json: bool
) -> None:
    for path in paths:
        if path != STDIN and not path.exists():
            raise NotThere("there is no such file or folder", where=str(path))
    if show_values and (json or not sys.stdout.isatty()):
        raise UsageError(
            "--show-values shows what identifies patients, so it needs a terminal to show it on",
            repair="leave it out: places, offsets and lengths are in --json and --out",
        )
    if out is not None and out.exists() and not (force and out.is_file()):
        raise OutputExists(f"{out} exists", repair="name another --out, or replace it with --force")


def _look_through(
    scanner: Scanner,
    path: Path,
    image_root: Path | None,
    names: dict[str, Path],
    copies: list[Path],
) -> Counter[str]:
    """Looks through what stands at one path.

    `names` learns which file a number stands for, `copies` which files are de-identified ones.

    Returns:
        How many files were not looked through, by reason.
    """
    if path == STDIN:
        scanner.record_file(path, image_root)
        return Counter()
    if path.is_dir() and (is_prepared(path) or _is_known_set(path)):
        scanner.samples(samples_of(path, image_root=image_root, on_bad=scanner.complaints.append))
        return Counter()
    listing = list_source(path)
    copies += [file for file in (*listing.records, *listing.texts) if _is_copy(file)]
    for file in listing.records:
        scanner.record_file(file, image_root)
    for number, file in enumerate(listing.texts, 1):
        name = str(path) if file == path else f"{path} text {number}"
        names[name] = file
        scanner.text_file(file, name)
    for number, file in enumerate(listing.images, 1):
        name = str(path) if file == path else f"{path} image {number}"
        names[name] = file
        scanner.images.setdefault(str(file.resolve()), name)
    return listing.others


def _is_copy(file: Path) -> bool:
    """Whether a file belongs to a verified de-identified copy, and is as it was verified."""
    file = file.resolve()
    return any((folder / "manifest.json").is_file() for folder in file.parents) and vouched_for(
        file, sha256_file(file)
    )


def _is_known_set(path: Path) -> bool:
    try:
        return source_at(path, image_root=None).adapter is not None
    except InputError:
        return False


def _error(scanner: Scanner, found: Mapping[str, Any]) -> MedGPTError | None:
    if sure := found["sure"]:
        return PhiFound(
            f"{counted(sure, 'certain finding')} of what identifies patients",
            repair="these may be stand-ins: a copy that data deid made and verified is read here, and its names and "
            "numbers look like the real ones"
            if found["deidentified_copies"]
            else "make a copy without them: medgpt data deid SOURCE --out DIR",
            complaints=[
                Complaint(f"{each.identifier.value.replace('_', ' ')}: {each.rule}", each.place)
                for each in scanner.seen
                if each.sure
            ],
        )
    if not any(found[what] for what in ("records", "texts", "images")):
        return BadRecord(
            "nothing here could be read",
            repair="records (JSONL), prepared sets, known data sets, texts (.txt) and images are read",
            complaints=scanner.complaints,
        )
    if number := len(scanner.complaints):
        return BadRecord(
            f"nothing certain was found, but {counted(number, 'thing was', 'things were')} not read",
            repair="mend them and scan again; what was not read is not clean",
            complaints=scanner.complaints,
        )
    return None


def _show_values(seen: Sequence[Seen], names: Mapping[str, Path]) -> None:
    """For a person at a terminal alone: the characters found, and which file a number stands for."""
    for name, file in names.items():
        if name != str(file):
            console.result().print(f"{name} is {file}")
    for each in seen:
        console.result().print(f"{each.place}  {each.identifier.value}  {each.value or each.rule}")


def _show(found: Mapping[str, Any]) -> None:
    console.result().print(tables.aligned(("class", "sure", "doubtful"), rows(found)))
    read = " · ".join(
        counted(found[name], name.removesuffix("s"))
        for name in ("records", "texts", "images")
        if found[name]
    )
    console.say(f"read: {read or 'nothing'}, by {found['read_by']}")
    if found["images"]:
        burned = found["burned_in"]
        console.say(
            f"pixels of {counted(burned['pictures_read'], 'picture')} were read; {burned['note']}"
        )
    if found["sure"] and (unread := len(found["unread"])):
        console.warn(f"{counted(unread, 'thing was', 'things were')} not read (--json lists them)")
    for reason, count in found["not_scanned"].items():
        console.warn(f"{counted(count, 'file')} not scanned: {reason}")
