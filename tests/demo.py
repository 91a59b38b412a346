"""`make demo`: the main job from beginning to end, on real pictures, through the commands a person would type.

    python -m tests.demo FOLDER

Makes the sample set, trains `tiny-untrained` on it (random weights, so that the gain is all its own), asks the trained
model about pictures it has not seen, and scores it before and after.  Every line it runs is printed first, so that the
next thing you try can be one of them.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from medgpt_cli.core import tables

SHOWN = 3
"""Held-out questions that are asked through `medgpt chat` and shown."""

KINDS = ("mni152/plane", "mni152/level", "pictures/modality")
"""One shown question of each of these."""

REPLY = "12"
"""Tokens an answer may take: the untrained model never stops by itself."""


def medgpt(*words: str, quiet: bool = False) -> str:
    """Runs one medgpt command, printing it first, and returns what it wrote to stdout."""
    sys.stdout.write(f"\n$ {shlex.join(['medgpt', *words])}\n")
    sys.stdout.flush()
    done = subprocess.run(
        [sys.executable, "-m", "medgpt_cli", *words],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    if done.returncode:
        sys.stdout.write(done.stdout)
        raise SystemExit(done.returncode)
    if not quiet:
        sys.stdout.write(done.stdout)
        sys.stdout.flush()
    return done.stdout


def score(model: str, sample: Path, out: Path) -> dict[str, Any]:
    """Accuracy by question type, as `medgpt eval run` counts it; the demo has no scorer of its own."""
    medgpt(
        *("eval", "run", "--model", model, "--task", str(sample / "heldout.jsonl")),
        *("--majority", str(sample / "local.jsonl"), "--max-new-tokens", REPLY),
        *("--out", str(out), "--resume"),
    )
    document: dict[str, Any] = json.loads((out / "scores.json").read_text())
    return document


def ask(model: str, sample: Path) -> None:
    """Puts a few held-out questions to the trained model, beside their gold answers."""
    rows = [json.loads(line) for line in (sample / "heldout.jsonl").read_text().splitlines()]
    for kind in KINDS:
        row = next(row for row in rows if row["source"] == kind)
        medgpt(
            *("chat", "--model", model, "--image", str(sample / row["image"])),
            *("--prompt", row["question"], "--quiet"),
        )
        sys.stdout.write(f"  (right is: {row['answer']})\n")


def table(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Accuracy on held-out questions before and after, beside the majority answer of the training set."""
    first = {group["group"]: group for group in rows_of(before)}
    rows = [
        (
            group["group"],
            str(group["n"]),
            f"{group['majority']:.3f}",
            f"{first[group['group']]['accuracy']:.3f}",
            f"{group['accuracy']:.3f}",
            f"{group['low']:.3f}-{group['high']:.3f}",
        )
        for group in rows_of(after)
    ]
    return (
        tables.aligned(("held-out questions", "n", "majority", "before", "after", "95 %"), rows) + "\n"
    )


def rows_of(scores: dict[str, Any]) -> list[dict[str, Any]]:
    """All questions together, then each type."""
    (task,) = scores["tasks"]
    return [task["overall"], *task["groups"]]


def main(folder: Path) -> None:
    """The story."""
    began = time.perf_counter()
    sample = folder / "sample"
    if not (sample / "heldout.jsonl").exists():
        medgpt("data", "sample", "--out", str(sample))
    before = score("tiny-untrained", sample, folder / "before")
    trained = json.loads(
        medgpt(
            *("sft", "--data", str(sample / "local.jsonl"), "--model", "tiny-untrained"),
            *("--out", str(folder / "sft"), "--resume", "--json"),
            quiet=True,
        )
    )
    after = score(trained["run"], sample, folder / "after")
    ask(trained["run"], sample)
    sys.stdout.write(f"\nloss {trained['first_loss']:.3f} to {trained['last_loss']:.3f} ")
    sys.stdout.write(
        f"over {trained['steps']} steps; {(time.perf_counter() - began) / 60:.1f} minutes this time\n"
    )
    sys.stdout.write(table(before, after))
    sys.stdout.write(f"\nreports: {trained['report']}  {folder / 'after' / 'report.html'}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
