"""What a preparation ends with on the screen: rows by split, what was left out and why, and the next step."""

from __future__ import annotations

from pathlib import Path

from medgpt_cli.core import console, tables
from medgpt_cli.core.wording import counted
from medgpt_cli.data.prepared.opening import PreparedSet
from medgpt_cli.data.prepared.parts import FOLDER
from medgpt_cli.workflows.prep.working import Share

REASONS = 12
"""Reasons shown; the manifest has all."""


def whole(out: Path, *, as_json: bool) -> None:
    """Shows a finished set.

    Args:
        out: The prepared set.
        as_json: Print its manifest.
    """
    prepared = PreparedSet.open(out)
    manifest = prepared.manifest
    if as_json:
        console.print_json({"out": str(out), **manifest})
        return
    rows = [("read", f"{manifest['read']:,}")]
    rows += [(name, f"{found['rows']:,}") for name, found in manifest["splits"].items()]
    dropped = [
        (count, f"left out ({stage}): {reason}")
        for stage, reasons in manifest["dropped"].items()
        for reason, count in reasons.items()
    ]
    dropped.sort(key=lambda pair: (-pair[0], pair[1]))
    rows += [(reason, f"{count:,}") for count, reason in dropped[:REASONS]]
    if len(dropped) > REASONS:
        rest = sum(count for count, _ in dropped[REASONS:])
        rows.append((f"left out for {len(dropped) - REASONS} other reasons", f"{rest:,}"))
    console.result().print(tables.aligned(("records", str(out)), rows))
    if dropped:
        console.say(f"{out}/rejects.jsonl lists what was left out, {out}/report.html counts it")
    compared = manifest["against"]
    if compared["records_not_read"] or compared["images_not_opened"]:
        console.warn(
            f"{counted(compared['records_not_read'], 'record')} and {counted(compared['images_not_opened'], 'image')} "
            "of the evaluation sets could not be read, so nothing was compared with them; medgpt data check names them"
        )
    if doubtful := manifest["phi"]["doubtful"]:
        words = ", ".join(f"{name} {count:,}" for name, count in doubtful.items())
        console.warn(
            f"places that may identify patients: {words}; gates.phi.level=strict refuses them, "
            "medgpt data scan names them"
        )
    console.say(f"next: medgpt sft --data {out}")


def share(out: Path, own: Share, *, as_json: bool) -> None:
    """Shows that one share is judged."""
    blocks = sum(1 for _ in (out / FOLDER).glob("*.parquet"))
    if as_json:
        console.print_json({"out": str(out), "share": own.mine + 1, "of": own.of, "blocks": blocks})
        return
    console.result().print(
        f"share {own.mine + 1} of {own.of} is judged; {out} holds {counted(blocks, 'block')}"
    )
    console.say("when every share is judged: the same line with --merge in place of --shards")
