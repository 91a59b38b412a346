"""A training set held against evaluation sets: which records meet, why, and how nearly.

Nothing is changed and nothing is dropped; what records say is not told unless it was asked for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, tables
from medgpt_cli.core.errors import BadImage, Complaint, LeakageFound, MedGPTError, OutputExists
from medgpt_cli.core.files import staged_folder, write_json, write_text
from medgpt_cli.core.manifest import environment
from medgpt_cli.core.types import Place, Sample
from medgpt_cli.core.wording import counted
from medgpt_cli.data.leakage.against import Against
from medgpt_cli.data.leakage.findings import Findings
from medgpt_cli.data.leakage.material import told
from medgpt_cli.data.leakage.report import render
from medgpt_cli.data.leakage.roles import evaluation_samples, training_samples
from medgpt_cli.data.prepared.opening import samples_of

FILES = ("leakage.json", "report.html")
SHOWN = 20
"""Overlaps printed; the others are counted."""


def find_leakage(
    train: Path,
    against: Sequence[Path],
    *,
    image_root: Path | None = None,
    out: Path | None = None,
    force: bool = False,
    keep_text: bool = False,
    json: bool = False,
) -> int:
    """Compares a training set with evaluation sets and shows where they overlap.

    Args:
        train: A record file, a prepared set, or the folder of a data set that an adapter knows; what it publishes as
            held out is passed over.
        against: Evaluation sets, each one of the same; what they publish as train is passed over.
        image_root: The folder that image paths of record files are relative to; each file's own when None.
        out: Where `report.html` and `leakage.json` go.
        force: Replace an older report in `out`.
        keep_text: Let the texts of overlapping records stand in the documents.
        json: Show everything found as one JSON document.

    Returns:
        The exit code: 0, or that of the error when `json` is given.

    Raises:
        LeakageFound: Records overlap and `json` is not given.
        BadImage: Nothing overlaps as far as could be told, but images could not be opened; not with `json`.
        BadRecord, NotThere, InputError: A set cannot be read.
        OutputExists: `out` is not empty, and `force` is not given or something else stands there.
    """
    if out is not None:
        _refuse_to_overwrite(out, force=force)
    sizes: dict[str, int] = {}

    def evaluation() -> Iterator[Sample]:
        for path in against:
            sizes[str(path)] = 0
            for sample in evaluation_samples(path, image_root=image_root):
                sizes[str(path)] += 1
                yield sample

    console.say("reading the evaluation sets …")
    held = Against.build(evaluation())
    console.say(f"comparing with {len(held.places):,} evaluation records …")
    held.learn(training_samples(train, image_root=image_root))
    findings = Findings()
    for sample in training_samples(train, image_root=image_root):
        findings.add(sample.place, held.matches(sample))
    document = {
        "train": str(train),
        **findings.as_dict(
            held=_contaminated(sizes, held.contaminated),
            unread=held.unread,
            passed_over=held.passed_over,
            texts=_texts((train, *against), findings.places(), image_root) if keep_text else None,
        ),
    }
    if out is not None:
        _write(out, document)
    error = _error(document, held.unread)
    if json:
        console.print_json(document | (error.as_dict() if error else {}))
        return error.exit_code if error else 0
    _show(document)
    if out is not None:
        console.say(f"report.html and leakage.json stand in {out}")
    if error:
        raise error
    console.say("nothing overlaps")
    return 0


def _contaminated(sizes: Mapping[str, int], met: Sequence[int]) -> dict[str, tuple[int, int]]:
    """For each evaluation set its records, and how many of them training records meet."""
    held, begin = {}, 0
    for name, size in sizes.items():
        held[name] = size, bisect_left(met, begin + size) - bisect_left(met, begin)
        begin += size
    return held


def _texts(paths: Sequence[Path], places: set[Place], image_root: Path | None) -> dict[Place, str]:
    return {
        sample.place: told(sample)
        for path in paths
        for sample in samples_of(path, image_root=image_root)
        if sample.place in places
    }


def _refuse_to_overwrite(out: Path, *, force: bool) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not out.is_dir():
        raise OutputExists(f"{out} is a file", repair="name a folder with --out")
    if {item.name for item in out.iterdir()} - set(FILES):
        raise OutputExists(f"{out} holds something else", repair="name another --out")
    if not force:
        raise OutputExists(
            f"{out} is not empty", repair="name another --out, or replace it with --force"
        )


def _write(out: Path, document: dict[str, Any]) -> None:
    with staged_folder(out) as folder:
        write_json(folder / "leakage.json", document | {"environment": environment()})
        write_text(folder / "report.html", render(document))
        for name in FILES:  # an older report, which --force allows to replace
            (out / name).unlink(missing_ok=True)


def _error(document: Mapping[str, Any], unread: Sequence[Complaint]) -> MedGPTError | None:
    """What the command ends with: an overlap before what could not be compared."""
    if document["leaking"]:
        met = sum(each["contaminated"] for each in document["against"])
        return LeakageFound(
            f"{document['leaking']:,} of {counted(document['records'], 'training record')} "
            f"{'meets' if document['leaking'] == 1 else 'meet'} {counted(met, 'evaluation record')}",
            repair="leave them out: name the evaluation sets in data.against of the recipe",
        )
    passed_over = document["not_compared"]["train_images"]
    if unread or passed_over:
        return BadImage(
            f"{counted(len(unread) + passed_over, 'image')} could not be opened, so what they show was not compared",
            repair="mend them; medgpt data check names those of the training set",
            complaints=unread,
        )
    return None


def _show(document: Mapping[str, Any]) -> None:
    listed = document["listed"]
    rows = [
        (_where(each, "train"), _where(each, "against"), each["reason"], each["evidence"])
        for each in listed[:SHOWN]
    ]
    result = console.result()
    if rows:
        result.print(tables.aligned(("training", "evaluation", "reason", "evidence"), rows))
        if document["overlaps"] > SHOWN:
            result.print(f"… and {document['overlaps'] - SHOWN:,} more (--json and --out list them)")
        result.print()
    counted = [
        ("training records", f"{document['records']:,}"),
        *((f"meeting by {reason}", f"{count:,}") for reason, count in document["by_reason"].items()),
        *(
            (f"contaminated in {each['set']}", f"{each['contaminated']:,} of {each['records']:,}")
            for each in document["against"]
        ),
    ]
    result.print(tables.aligned(("counted", document["train"]), counted))


def _where(each: Mapping[str, Any], side: str) -> str:
    place = f"{each[side]['file']}:{each[side]['line']}"
    return f"{place} images[{each['images'][side]}]" if "images" in each else place
