"""What benchmarks of one thing against another share: turns, medians, memory, and what machine it was.

Processor seconds are told because a busy machine stretches wall seconds of both sides, and not alike.  This module
knows nothing of what is measured.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import torch

ROOT = Path(__file__).parents[2]


def environment(*packages: str) -> dict[str, Any]:
    """The machine and the versions, for a document of results."""
    names = ("torch", "transformers", *packages)
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    chip = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "python": platform.python_version(),
        "machine": platform.platform(),
        "chip": chip,
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "versions": {name: found for name in names if (found := installed(name)) is not None},
    }


def installed(name: str) -> str | None:
    """The version of a package, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def resident(word: str) -> int:
    """Bytes behind a word of this process's status: VmRSS now, VmHWM at the peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{word}:"))


def forget_peak() -> int:
    """Sets the kernel's high-water mark back, and returns what is resident now, in bytes."""
    Path("/proc/self/clear_refs").write_text("5")
    return resident("VmRSS")


def in_turns(
    works: Mapping[str, Callable[[], Any]], rounds: int, *, warm: bool = True
) -> dict[str, dict[str, float]]:
    """Median processor and wall seconds of each, one after the other in every round, the order turned each time.

    Args:
        works: What is measured, by name.
        rounds: How often.
        warm: Whether each runs once before it is measured.
    """
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    if warm:
        for work in works.values():
            work()
    for turn in range(rounds):
        for name in list(works) if turn % 2 == 0 else list(works)[::-1]:
            cpu, wall = time.process_time(), time.perf_counter()
            works[name]()
            spent[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    return {
        name: {
            "cpu_seconds": median(cpu for cpu, _ in found),
            "wall_seconds": median(wall for _, wall in found),
        }
        for name, found in spent.items()
    }


def child(
    module: str, *words: str, python: str = sys.executable, threads: int | None = None
) -> dict[str, Any]:
    """What a process of its own tells as JSON in its last line.

    Args:
        module: Of this folder.
        words: Its arguments.
        python: Another environment's interpreter.
        threads: Processor threads; as this process when None.

    Raises:
        RuntimeError: It failed; its last lines are told.
    """
    count = str(threads or torch.get_num_threads())
    done = subprocess.run(
        [python, "-m", f"tests.benchmarks.{module}", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": count, "TOKENIZERS_PARALLELISM": "false"},
    )
    if done.returncode:
        raise RuntimeError(f"{module} {' '.join(words)}\n" + "\n".join(done.stderr.splitlines()[-12:]))
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def write(folder: Path, name: str, document: Mapping[str, Any]) -> None:
    """Writes `NAME.json` into a folder of results."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n")
