"""Record files and pictures for preparations, made in code; the same in every run."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from medgpt_cli.app import main

WORDS = re.findall(
    r"\w+",
    "lungs clear pleural effusion pneumothorax heart size normal nodule left right upper lobe opacity basal mild "
    "consolidation moderate severe stable acute chronic atelectasis hilar mediastinal bony contour intact",
)


def text(number: int, words: int = 24) -> str:
    """A sentence that no other number has."""
    draw = random.Random(number)
    return " ".join(draw.choices(WORDS, k=words))


def picture(path: Path, number: int, size: int = 96) -> Path:
    """A picture that is like no other number's."""
    draw = np.random.default_rng(number)
    coarse = Image.fromarray(draw.integers(0, 255, (24, 24, 3), dtype=np.uint8))
    coarse.resize((size, size), Image.Resampling.BICUBIC).save(path)
    return path


def pair(number: int, **more: Any) -> dict[str, Any]:
    """A question and its answer."""
    return {"id": f"r{number}", "question": text(number), "answer": text(-number - 1), **more}


def written(path: Path, *records: Any) -> Path:
    """A JSONL file; a text stands as it is."""
    lines = (record if isinstance(record, str) else json.dumps(record) for record in records)
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def prep(*words: object) -> int:
    """`medgpt data prep` in this process, with one worker."""
    return main(["data", "prep", *map(str, words), "--workers", "1"])


def rows(folder: Path, split: str) -> list[dict[str, Any]]:
    """The rows of a split, read by pyarrow alone."""
    import pyarrow.parquet as pq

    found = sorted((folder / "data").glob(f"{split}-*.parquet"))
    return [row for path in found for row in pq.read_table(path).to_pylist()]


def rejected(folder: Path) -> list[tuple[int, str, str]]:
    """(line, stage, reason) of everything that was left out."""
    found = map(json.loads, (folder / "rejects.jsonl").read_text().splitlines())
    return [(each["line"], each["stage"], each["reason"]) for each in found]


def contents(folder: str | Path) -> dict[str, bytes]:
    """Every file that says what the set is; the log says when it was made."""
    root = Path(folder)
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name not in ("log.txt", ".lock")
    }
