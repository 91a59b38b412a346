"""How fast sets are prepared and in how much memory, beside the same work done with `datasets.map`.

    python tests/benchmarks/bench_prep.py FOLDER [RECORDS ...]

For each number of records (10,000 and 100,000 when none is given) a file of questions without pictures and one with a
small picture each is prepared by both, each in a process of its own with one worker: records read and checked, every
text screened for identifiers, texts and pictures printed, near-duplicates and groups found, splits drawn, Parquet
written.  Both call our own functions for a record, so what makes these quicker helps both; what is compared is what
carries the records.  Every line is measured with and without the screen, to tell what it costs.  Both must keep the
same records in the same splits.  Above 100,000 records only ours is run, with the screen: its memory is what is asked.

CPU and wall seconds from after the imports on, and the peak memory of the process.  Writes FOLDER/prep.json and prints
a table.  Nothing is asserted but that the outputs are equal.
"""

from __future__ import annotations

import json
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from medgpt_cli.core import tables

SIZES = (10_000, 100_000)
BOTH_UP_TO = 100_000
"""Records up to which the other is run as well; beyond, it would hold more than a small machine has."""
PICTURES = 500
"""Different pictures; every record of the second file shows one of them."""
SIDE = 64
SYLLABLES = (
    "ba",
    "cor",
    "den",
    "fil",
    "gran",
    "hel",
    "jun",
    "kal",
    "lum",
    "mor",
    "nes",
    "pul",
    "ros",
    "tin",
    "vas",
)


def words(draw: random.Random, count: int) -> str:
    """A text of so many words out of 3,375."""
    return " ".join("".join(draw.choices(SYLLABLES, k=3)) for _ in range(count))


def write_source(folder: Path, records: int, *, pictures: bool) -> Path:
    """A file of questions of 15 words and answers of 25."""
    import numpy as np
    from PIL import Image

    draw = random.Random(0)
    if pictures:
        for number in range(PICTURES):
            coarse = np.random.default_rng(number).integers(0, 255, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(coarse).resize((SIDE, SIDE)).save(folder / f"{number}.png")
    path = folder / "source.jsonl"
    with path.open("w") as file:
        for number in range(records):
            record: dict[str, Any] = {
                "id": f"r{number}",
                "question": words(draw, 15),
                "answer": words(draw, 25),
            }
            record |= {
                "source": "bench",
                "patient_id": f"p{number % PICTURES if pictures else number // 3}",
            }
            if pictures:
                record["image"] = f"{number % PICTURES}.png"
            file.write(json.dumps(record) + "\n")
    return path


def without_screen() -> None:
    """Takes the search for identifiers out of both."""
    from medgpt_cli.data.prepared import screening

    screening.Screen.look = lambda self, sample, texts, notes: {"phi": 0, "sure": 0, "doubtful": 0}  # type: ignore[method-assign]


def ours(source: Path, out: Path) -> None:
    """`medgpt data prep` with one worker."""
    from medgpt_cli.app import main

    code = main(["data", "prep", str(source), "--out", str(out / "set"), "--workers", "1", "--quiet"])
    assert code == 0


def peer(source: Path, out: Path) -> None:
    """The same with `datasets`: load, map in batches, divide by the same rules, write a file a split."""
    import datasets
    import numpy as np

    from medgpt_cli.core.types import Place
    from medgpt_cli.data.prepared.judging import Judge, Settings
    from medgpt_cli.data.prepared.parts import Notes, part_schema
    from medgpt_cli.data.prepared.planning import Options, make_plan
    from medgpt_cli.data.prepared.raw import Item, source_at

    datasets.disable_progress_bars()
    raw = source_at(source)
    judge, notes = Judge(Settings(), [raw]), Notes(0)

    def judged(lines: dict[str, list[Any]], numbers: list[int]) -> dict[str, list[Any]]:
        items = [
            Item(Place(str(source), n + 1), line.encode())
            for n, line in zip(numbers, lines["text"], strict=True)
        ]
        rows = list(judge.rows(raw, items, notes))
        return {name: [row[name] for row in rows] for name in part_schema(embedded=False).names}

    loaded = datasets.load_dataset(
        "text", data_files=str(source), split="train", cache_dir=str(out / "cache")
    )
    features = datasets.Features.from_arrow_schema(part_schema(embedded=False))
    mapped = loaded.map(
        judged,
        batched=True,
        batch_size=1000,
        with_indices=True,
        remove_columns=["text"],
        features=features,
    )
    mapped.to_parquet(str(out / "mapped.parquet"))
    plan = make_plan([out / "mapped.parquet"], Options({"train": 0.9, "validation": 0.05, "test": 0.05}))
    kept = [
        name
        for name in mapped.column_names
        if name not in ("exact", "signature", "phash", "ties", "own")
    ]
    for number, name in enumerate(plan.splits):
        rows = np.flatnonzero(plan.split == number)
        mapped.select_columns(kept).select(rows).to_parquet(str(out / f"{name}-peer.parquet"))


def split_of_each(out: Path) -> dict[str, str]:
    """Which split each record is in."""
    import pyarrow.parquet as pq

    found = {}
    for path in [*out.glob("*-peer.parquet"), *out.glob("set/data/*.parquet")]:
        for name in pq.read_table(path, columns=["id"])["id"].to_pylist():
            found[name] = path.name.split("-")[0]
    return found


def measure(who: str, source: Path, out: Path, *, screen: bool) -> dict[str, float]:
    """CPU and wall seconds, and the peak memory in MB, of one process."""
    line = [
        sys.executable,
        __file__,
        "--child",
        who,
        str(source),
        str(out),
        "screen" if screen else "plain",
    ]
    done = subprocess.run(
        line, check=True, stdout=subprocess.PIPE, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def child(who: str, source: str, out: str, screen: str) -> None:
    """One measured process."""
    import datasets  # noqa: F401  (both pay for the same imports, before the clock starts)

    import medgpt_cli.workflows.prep.story  # noqa: F401

    if screen == "plain":
        without_screen()
    wall, cpu = time.perf_counter(), time.process_time()
    (ours if who == "ours" else peer)(Path(source), Path(out))
    spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    spent["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write("\n" + json.dumps(spent) + "\n")


def run(folder: Path, sizes: tuple[int, ...] = SIZES) -> None:
    """Measures, writes `prep.json` into `folder`, and prints the table."""
    lines: list[dict[str, Any]] = []
    for records in sizes:
        for kind in ("text", "image"):
            with tempfile.TemporaryDirectory() as scratch:
                source = write_source(Path(scratch), records, pictures=kind == "image")
                both = records <= BOTH_UP_TO
                for screen in (False, True) if both else (True,):
                    who_runs = ("ours", "datasets") if both else ("ours",)
                    outs = {who: Path(scratch) / f"{who}-{screen}" for who in who_runs}
                    spent = {}
                    for who, out in outs.items():
                        out.mkdir()
                        spent[who] = measure(who, source, out, screen=screen)
                    equal = [split_of_each(out) for out in outs.values()]
                    assert all(each == equal[0] for each in equal)
                    assert len(equal[0]) == records
                    lines.append({"records": records, "kind": kind, "screen": screen, **spent})
                    _tell(lines[-1])
    document = {
        "what": "records a CPU-second and peak memory, one worker each, equal output",
        "python": platform.python_version(),
        "machine": platform.platform(),
        "load": os.getloadavg()[0],
        "lines": lines,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prep.json").write_text(json.dumps(document, indent=2) + "\n")
    sys.stdout.write(tables.aligned(HEADS, [_row(line) for line in lines]) + "\n")


HEADS = (
    "records",
    "kind",
    "screen",
    "ours/CPU-s",
    "datasets/CPU-s",
    "ratio",
    "our peak MB",
    "its peak MB",
)


def _row(line: dict[str, Any]) -> tuple[str, ...]:
    mine, theirs = line["ours"], line.get("datasets")
    return (
        f"{line['records']:,}",
        line["kind"],
        "yes" if line["screen"] else "no",
        f"{line['records'] / mine['cpu']:,.0f}",
        f"{line['records'] / theirs['cpu']:,.0f}" if theirs else "not run",
        f"{theirs['cpu'] / mine['cpu']:.2f}" if theirs else "",
        f"{mine['peak_mb']:,.0f}",
        f"{theirs['peak_mb']:,.0f}" if theirs else "",
    )


def _tell(line: dict[str, Any]) -> None:
    sys.stderr.write("  ".join(_row(line)) + "\n")


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        child(*sys.argv[2:])
    else:
        run(Path(sys.argv[1]), tuple(map(int, sys.argv[2:])) or SIZES)
