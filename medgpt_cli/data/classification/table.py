"""Classification sets as a CSV table: `image,label` and, where they are known, `split` and `patient`.

Paths are relative to the table's folder and may not leave it; what stands behind a `#` picks a frame or a slice.
Values are never quoted in a complaint.  This module knows nothing of how pictures are decoded.
"""

from __future__ import annotations

import csv
from pathlib import Path

from medgpt_cli.core.errors import BadImage, BadRecord, Complaint
from medgpt_cli.core.files import sha256_file
from medgpt_cli.data.classification.archive import Read
from medgpt_cli.data.classification.folders import NAMES
from medgpt_cli.data.classification.sets import Example
from medgpt_cli.data.images.paths import ImageRoot
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.images.references import read_reference

NEEDED = ("image", "label")
LONGEST = 80
"""Characters of a label; what is longer is no name of a class."""


def read_table(path: Path) -> Read:
    """Reads a table.

    Args:
        path: The CSV file, in UTF-8.

    Raises:
        BadRecord: Columns are missing, or rows cannot be used; all of them are told.
    """
    rows = _rows(path)
    root = ImageRoot(path.parent)
    digests: dict[str, str] = {}
    read: list[tuple[str, Example]] = []
    complaints: list[Complaint] = []
    for line, row in rows:
        place = f"{path.name}:{line}"
        label, split = row["label"], row.get("split", "")
        if not label or len(label) > LONGEST:
            what = f"is longer than {LONGEST} characters, which no class is" if label else "is empty"
            complaints.append(Complaint(what, f"{place} label"))
        if split and split.casefold() not in NAMES:
            complaints.append(Complaint("is not train, val or test", f"{place} split"))
        try:
            real = root.resolve(row["image"])
            file = read_reference(real).path
            digest = digests.get(real) or digests.setdefault(real, _digest(real, file))
        except BadImage as error:
            complaints.append(Complaint(error.what, f"{place} image", error.repair))
            continue
        where = NAMES.get(split.casefold(), "")
        read.append((label, Example(f"{place} image", real, 0, digest, row.get("patient", ""), where)))
    if complaints:
        bad = len({complaint.where.split(" ")[0] for complaint in complaints})
        raise BadRecord(
            f"{bad} of {len(rows)} rows cannot be used", where=str(path), complaints=complaints
        )
    labels = tuple(sorted({label for label, _ in read}))
    examples = [
        Example(each.place, each.source, labels.index(label), each.digest, each.patient, each.split)
        for label, each in read
    ]
    return labels, examples, lambda example: open_image(str(example.source), where=example.place)


def _digest(reference: str, file: str) -> str:
    # Two frames of one file are two pictures.
    return sha256_file(Path(file)) + reference[len(file) :]


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True, restval="")
            header = [name.strip() for name in reader.fieldnames or ()]
            if missing := [name for name in NEEDED if name not in header]:
                raise BadRecord(
                    f"there is no column {' and none called '.join(missing)}",
                    where=str(path),
                    repair="the first line names them: image,label and perhaps split,patient",
                )
            reader.fieldnames = header
            wanted = (*NEEDED, "split", "patient")
            return [
                (reader.line_num, {name: (row[name] or "").strip() for name in wanted if name in row})
                for row in reader
            ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadRecord(
            "is no table in UTF-8", where=str(path), repair="save it as CSV in UTF-8"
        ) from error
