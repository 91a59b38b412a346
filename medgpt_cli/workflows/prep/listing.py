"""The data sets that can be read by name."""

from __future__ import annotations

from medgpt_cli.core import console, tables
from medgpt_cli.data.sources import registry


def list_adapters(*, json: bool) -> None:
    """Prints every set that has an adapter, with its terms and what it is used for."""
    found = registry.listing()
    if json:
        console.print_json(found)
        return
    rows = [
        (
            each["name"],
            each["title"] + ("" if each["verified"] else " (layout unverified)"),
            each["licence"],
            each["access"],
            ", ".join(each["use"]),
        )
        for each in found
    ]
    console.result().print(tables.aligned(("name", "set", "licence", "access", "used for"), rows))
