"""How long a person waits for help: wall time of `medgpt --help` and of one command's, beside `import typer, rich`.

    python tests/benchmarks/bench_help.py FOLDER [ROUNDS]

Each round runs every command line once, in turn, so that a busy moment of the machine falls on all alike; medians
of the rounds are reported.  Writes FOLDER/help.json and prints a table.  Nothing is asserted here.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

from medgpt_cli.commands import COMMANDS
from medgpt_cli.core import tables

ROOT = Path(__file__).parents[2]
ROUNDS = 9
BASE = "import typer, rich"
LINES = {
    "python": ["-c", "pass"],
    BASE: ["-c", BASE],
    "medgpt --help": ["-m", "medgpt_cli", "--help"],
    **{f"medgpt {words} --help": ["-m", "medgpt_cli", *words.split(), "--help"] for words in COMMANDS},
}


def seconds(args: list[str]) -> float:
    """Wall time of one interpreter from start to end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *args], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    return time.perf_counter() - began


def measure(rounds: int) -> dict[str, list[float]]:
    """Seconds of every command line in every round, the first of which only warms the disk's cache."""
    taken: dict[str, list[float]] = {name: [] for name in LINES}
    for number in range(rounds + 1):
        for name, args in LINES.items():
            spent = seconds(args)
            if number:
                taken[name].append(spent)
    return taken


def run(folder: Path, rounds: int = ROUNDS) -> None:
    """Measures, writes `help.json` into `folder`, and prints the table."""
    taken = measure(rounds)
    medians = {name: statistics.median(spent) for name, spent in taken.items()}
    document = {
        "what": "wall seconds, median",
        "rounds": rounds,
        "python": platform.python_version(),
        "machine": platform.platform(),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "base": BASE,
        "medians": medians,
        "times_base": {name: median / medians[BASE] for name, median in medians.items()},
        "spread": {name: [min(spent), max(spent)] for name, spent in taken.items()},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "help.json").write_text(json.dumps(document, indent=2) + "\n")
    rows = [
        (
            name,
            f"{median:.3f}",
            f"{median / medians[BASE]:.2f}",
            f"{min(taken[name]):.3f}-{max(taken[name]):.3f}",
        )
        for name, median in medians.items()
    ]
    sys.stdout.write(tables.aligned(("command line", "seconds", "x base", "spread"), rows) + "\n")


if __name__ == "__main__":
    run(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
