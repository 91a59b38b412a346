"""Small classification sets in every form, drawn here: class 0 is dark above, class 1 dark below, class 2 striped."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 28
LABELS = ("above", "below", "striped")


def picture(label: int, seed: int) -> NDArray[np.uint8]:
    """(SIDE, SIDE) grey, noisy."""
    rng = np.random.default_rng((label, seed))
    drawn = rng.integers(120, 256, size=(SIDE, SIDE))
    rows = {0: slice(0, SIDE // 2), 1: slice(SIDE // 2, SIDE), 2: slice(0, SIDE, 4)}[label]
    drawn[rows] //= 4
    made: NDArray[np.uint8] = drawn.astype(np.uint8)
    return made


def write_npz(path: Path, counts: dict[str, int] | None = None, classes: int = 3) -> Path:
    """As MedMNIST: so many pictures of each class in each split."""
    arrays = {}
    first = 0
    for split, count in (counts or {"train": 8, "val": 4, "test": 6}).items():
        pairs = [(label, first + number) for label in range(classes) for number in range(count)]
        arrays[f"{split}_images"] = np.stack([picture(*pair) for pair in pairs])
        arrays[f"{split}_labels"] = np.array([[label] for label, _ in pairs])
        first += count
    np.savez(path, **arrays)
    return path


def write_folders(path: Path, count: int = 10, splits: tuple[str, ...] = ("",)) -> Path:
    """SET/label/picture, or SET/split/label/picture."""
    for place, split in enumerate(splits):
        for label, name in enumerate(LABELS):
            folder = path / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = picture(label, 1000 * place + number)
                Image.fromarray(pixels).save(folder / f"Mrs Miller {number:02d}.png")
    return path


def write_table(path: Path, rows: list[dict[str, str]], columns: tuple[str, ...]) -> Path:
    """A table, without pictures."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def patient_rows(folder: Path, patients: int = 12) -> list[dict[str, str]]:
    """Two pictures of each patient, written into `folder`, and their rows."""
    rows = []
    for patient in range(patients):
        for view in range(2):
            name = f"Miller-{patient}-{view}.png"
            Image.fromarray(picture(patient % 3, 10 * patient + view)).save(folder / name)
            rows.append({"image": name, "label": LABELS[patient % 3], "patient": f"Miller {patient}"})
    return rows
