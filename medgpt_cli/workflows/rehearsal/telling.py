"""What a rehearsal found, for the terminal or as a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medgpt_cli.core import console
from medgpt_cli.workflows.rehearsal.one_stage import Rehearsed
from medgpt_cli.workflows.rehearsal.small_model import Told


def tell(
    stages: Sequence[Rehearsed],
    shrunk: Told,
    *,
    scored: int | None = None,
    exported: Sequence[str] = (),
    as_json: bool,
) -> None:
    """Prints it.

    Args:
        stages: In order.
        shrunk: What of the model was shrunk.
        scored: Questions that were asked of each model; None where nothing was scored.
        exported: A sentence for each export.
        as_json: Print one JSON document.
    """
    if as_json:
        document: dict[str, Any] = {
            "rehearsed": [
                {
                    "name": each.name,
                    "records": each.records,
                    "tokens": each.tokens,
                    "supervised": each.supervised,
                    "losses": list(each.losses),
                    "checks": list(each.checks),
                    "seconds": each.seconds,
                }
                for each in stages
            ],
            "shrunk": shrunk,
            "scored": scored,
            "exported": list(exported),
        }
        console.print_json(document)
        return
    page = console.result()
    for part, words in shrunk.items():
        if words:
            told = ", ".join(
                f"{word} {before:,} to {after:,}" for word, (before, after) in words.items()
            )
            page.print(f"shrunk, {part}: {told}", soft_wrap=True)
    for each in stages:
        losses = " to ".join(f"{loss:.3f}" for loss in each.losses if loss is not None)
        page.print(
            f"{each.name}: {each.records:,} records, {each.tokens:,} tokens of which {each.supervised:,} are "
            f"learnt, loss {losses}; {each.seconds:.0f} s",
            soft_wrap=True,
        )
        for check in each.checks:
            page.print(f"  {check}", soft_wrap=True)
    if scored is not None:
        page.print(f"every model was asked {scored:,} questions of each task", soft_wrap=True)
    for line in exported:
        page.print(line, soft_wrap=True)
    page.print("rehearsed; nothing was kept", soft_wrap=True)
