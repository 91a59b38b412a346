"""The small real data set: generated, counted, and the next step named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medgpt_cli.core import console
from medgpt_cli.data.sample.make import check, make_sample
from medgpt_cli.data.sample.material import HELD_OUT, TRAIN
from medgpt_cli.data.sample.report import SampleReport


def run_sample(
    out: Path, *, seed: int, slices: float, sources: Sequence[str], force: bool, json: bool
) -> None:
    """Makes the sample set and shows what is in it.

    Args:
        out: Folder to make.
        seed: Seed of jitter, crops, wordings and forms.
        slices: Part of everything to make, above 0 and at most 1.
        sources: What to make it from; everything when empty.
        force: Replace an older sample set in `out`.
        json: Show the counts as one JSON document.

    Raises:
        UsageError: `slices` is out of range, or there is no such source.
        OutputExists: `out` is not empty.
        Missing: The extra `[demo]` is not installed.
    """
    chosen = sources or None
    check(out, slices=slices, sources=chosen, force=force)
    console.say("cutting pictures from the volumes and images that installed packages carry …")
    report = make_sample(out, seed=seed, slices=slices, sources=chosen, force=force)
    if json:
        console.print_json(report.as_dict())
    else:
        _show(report)
    console.say(f"README.md and LICENCES.md in {out} say what it is and under which terms")
    console.say(f"next: medgpt sft --data {out}/local.jsonl")


def _show(report: SampleReport) -> None:
    from rich import box
    from rich.table import Table

    table = Table("questions", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("training", "held out", "commonest", "share"):
        table.add_column(heading, justify="right" if heading != "commonest" else "left")
    train, heldout = report.kinds[TRAIN], report.kinds[HELD_OUT]
    for kind in sorted({*train, *heldout}):
        counts = [split[kind].questions if kind in split else 0 for split in (train, heldout)]
        # What guessing scores is of interest where scores are made: on the held-out questions.
        common = heldout.get(kind)
        share = (common.majority, f"{common.share:.2f}") if common else ("", "")
        table.add_row(kind, *map(str, counts), *share)
    console.result().print(table)
    for split, name in ((TRAIN, "local.jsonl"), (HELD_OUT, "heldout.jsonl")):
        console.result().print(
            f"{name:14} {report.records[split]:5} records, {report.images[split]:4} images"
            f" ({report.slice_images[split]} of brain slices)"
        )
