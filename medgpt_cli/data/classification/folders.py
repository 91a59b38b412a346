"""Classification sets as folders: `SET/label/picture`, or `SET/split/label/picture`.

Splits are told by name (train, val, test, and their longer forms).  File names hold patients' names, so a picture is
called by its number among the files of its folder.  This module knows nothing of how pictures are decoded.
"""

from __future__ import annotations

from pathlib import Path

from medgpt_cli.core.errors import BadImage, BadRecord, Complaint
from medgpt_cli.core.files import sha256_file
from medgpt_cli.core.wording import counted
from medgpt_cli.data.classification.archive import Read
from medgpt_cli.data.classification.sets import Example
from medgpt_cli.data.images.paths import ImageRoot
from medgpt_cli.data.images.reading import open_image

NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "heldout"), "test"),
}
"""What splits are called, in folders and in tables."""


def read_folders(path: Path) -> Read:
    """Reads a folder of folders; hidden files and folders are passed over.

    Args:
        path: The set.

    Raises:
        BadRecord: There are no folders of pictures, or folders of splits stand beside folders of labels.
    """
    inner = _folders(path)
    splits = [folder for folder in inner if folder.name.casefold() in NAMES]
    if splits and len(splits) < len(inner):
        raise BadRecord(
            "folders of splits and folders of labels stand side by side",
            where=str(path),
            repair="make it SET/label/picture, or SET/split/label/picture",
        )
    placed = [
        (NAMES[split.name.casefold()], folder) for split in splits for folder in _folders(split)
    ] or [("", folder) for folder in inner if not splits]
    labels = tuple(sorted({folder.name for _, folder in placed}))
    root = ImageRoot(path)
    examples: list[Example] = []
    complaints: list[Complaint] = []
    for split, folder in placed:
        files = sorted(item for item in folder.iterdir() if not item.name.startswith("."))
        for number, file in enumerate(files, start=1):
            place = f"{folder.relative_to(path).as_posix()}, picture {number} by name"
            try:
                # A hash sign begins a fragment in a reference, and may stand in a file's name.
                real = root.resolve(str(file.relative_to(path)))
            except BadImage as error:
                complaints.append(Complaint(error.what, place, error.repair))
                continue
            examples.append(
                Example(place, real, labels.index(folder.name), sha256_file(Path(real)), "", split)
            )
    if complaints:
        raise BadRecord(
            f"{counted(len(complaints), 'file')} cannot be used", where=str(path), complaints=complaints
        )
    if not examples:
        raise BadRecord(
            "there are no folders of pictures", where=str(path), repair="make it SET/label/picture"
        )
    return labels, examples, lambda example: open_image(str(example.source), where=example.place)


def _folders(path: Path) -> list[Path]:
    return sorted(item for item in path.iterdir() if item.is_dir() and not item.name.startswith("."))
