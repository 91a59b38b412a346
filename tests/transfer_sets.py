"""Small real classification sets, cut from the pictures of `medgpt data sample`, in the three forms that are read.

    python -m tests.transfer_sets SAMPLE OUT

`plane.npz` (axial, coronal, sagittal slices of a head), `level.csv` (which third of the brain), `side.csv` (left, right
or midline), `modality/` (CT, MR, ultrasound, fundus photograph).  Test pictures are those the sample holds out, so a
tower trained on the sample's `local.jsonl` has not met them, though it has met their neighbours and their kind.
Validation is cut from training pictures by slabs of 40 mm, or by the crop's number.  The sample's licences hold.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Facts = dict[str, Any]
MODALITIES = ("CT", "MR", "ultrasound", "fundus photograph")
"""Those of which the sample holds other originals out than it trains on."""


def labelled(sample: Path, label: Callable[[Facts], str]) -> Iterator[tuple[str, str, str]]:
    """Path, label and split of every picture that has this label."""
    for number, (path, facts) in enumerate(json.loads((sample / "truth.json").read_text()).items()):
        if (found := label(facts)) and not facts.get("hidden"):
            yield path, found, split_of(facts, number)


def split_of(facts: Facts, number: int) -> str:
    """The sample's own split; a part of its training pictures is for validation."""
    if facts["split"] == "heldout":
        return "test"
    if "mm" in facts:
        return "val" if abs(facts["mm"]) % 40 >= 32 else "train"
    return "val" if number % 5 == 0 else "train"


def write_npz(sample: Path, out: Path, label: Callable[[Facts], str]) -> None:
    """As MedMNIST publishes its sets."""
    rows = list(labelled(sample, label))
    names = sorted({name for _, name, _ in rows})
    arrays = {}
    for split in ("train", "val", "test"):
        own = [(path, name) for path, name, where in rows if where == split]
        arrays[f"{split}_images"] = np.stack(
            [np.asarray(Image.open(sample / path).convert("L")) for path, _ in own]
        )
        arrays[f"{split}_labels"] = np.array([[names.index(name)] for _, name in own])
    np.savez_compressed(out, **arrays)


def write_csv(sample: Path, out: Path, label: Callable[[Facts], str]) -> None:
    """A table beside copies of its pictures."""
    with out.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["image", "label", "split"])
        for path, name, split in labelled(sample, label):
            target = out.parent / "pictures" / Path(path).name
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(sample / path, target)
            writer.writerow([f"pictures/{target.name}", name, split])


def write_folders(sample: Path, out: Path, label: Callable[[Facts], str]) -> None:
    """SET/split/label/picture."""
    for path, name, split in labelled(sample, label):
        target = out / split / name / Path(path).name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sample / path, target)


def write_sets(sample: Path, out: Path) -> list[Path]:
    """All four, and where they lie."""
    out.mkdir(parents=True, exist_ok=True)
    write_npz(sample, out / "plane.npz", lambda facts: facts.get("plane", ""))
    write_csv(
        sample,
        out / "level.csv",
        lambda facts: f"{facts['plane']} {facts['level']}" if facts.get("level") else "",
    )
    write_csv(sample, out / "side.csv", lambda facts: facts.get("side", ""))
    write_folders(
        sample,
        out / "modality",
        lambda facts: facts["modality"] if facts["modality"] in MODALITIES and "mm" not in facts else "",
    )
    return [out / "plane.npz", out / "level.csv", out / "side.csv", out / "modality"]


if __name__ == "__main__":
    write_sets(Path(sys.argv[1]), Path(sys.argv[2]))
