"""How fast records are read and checked: records per CPU-second of `read_records`, without and with images.

    python tests/benchmarks/bench_records.py FOLDER [ROUNDS]

CPU time of this process, the best of the rounds, since a busy machine only ever adds.  Writes FOLDER/records.json
and prints a table.  Nothing is asserted here.
"""

from __future__ import annotations

import json
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from medgpt_cli.core import tables
from medgpt_cli.data.records import read_records

ROUNDS = 5
RECORDS = 100_000
TEXT = "the lungs are clear there is no pleural effusion or pneumothorax and the heart is of normal size"


def words(draw: random.Random, count: int) -> str:
    """A text of so many words, ASCII without escapes."""
    return " ".join(draw.choices(TEXT.split(), k=count))


def pair(draw: random.Random, number: int) -> dict[str, Any]:
    """A question of 15 words and an answer of 25."""
    return {
        "id": f"r{number}",
        "question": words(draw, 15),
        "answer": words(draw, 25),
        "source": "bench",
    }


def dialogue(draw: random.Random, number: int) -> dict[str, Any]:
    """Four turns of 20 words."""
    roles = ["user", "assistant"] * 2
    return {"messages": [{"role": role, "content": words(draw, 20)} for role in roles]}


def shown(draw: random.Random, number: int) -> dict[str, Any]:
    """A pair with one of 100 image files."""
    return pair(draw, number) | {"image": f"images/{number % 100}.png"}


KINDS: dict[str, Callable[[random.Random, int], dict[str, Any]]] = {
    "pair": pair,
    "messages, 4 turns": dialogue,
    "pair with an image": shown,
}


def run(folder: Path, rounds: int = ROUNDS) -> None:
    """Measures, writes `records.json` into `folder`, and prints the table."""
    rates = {}
    with tempfile.TemporaryDirectory() as scratch:
        images = Path(scratch) / "images"
        images.mkdir()
        for number in range(100):
            (images / f"{number}.png").touch()
        for name, kind in KINDS.items():
            draw = random.Random(0)
            path = Path(scratch) / "local.jsonl"
            path.write_text("".join(json.dumps(kind(draw, n)) + "\n" for n in range(RECORDS)))
            rates[name] = RECORDS / min(seconds(path) for _ in range(rounds))
    document = {
        "what": "records per CPU-second, best",
        "rounds": rounds,
        "python": platform.python_version(),
        "machine": platform.platform(),
        "rates": rates,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "records.json").write_text(json.dumps(document, indent=2) + "\n")
    rows = [(name, f"{rate:,.0f}") for name, rate in rates.items()]
    sys.stdout.write(tables.aligned(("records", "per CPU-second"), rows) + "\n")


def seconds(path: Path) -> float:
    """CPU time of reading the file once."""
    began = time.process_time()
    read_records(path)
    return time.process_time() - began


if __name__ == "__main__":
    run(Path(sys.argv[1]), *map(int, sys.argv[2:]))
