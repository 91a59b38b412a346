"""The page a person reads about a prepared set: what went in, what was left out and why, what each split holds.

One self-contained file without a word of the records.  This module reads a manifest and nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from medgpt_cli.core.files import write_text
from medgpt_cli.core.recipe.showing import flat


def write_report(folder: Path, manifest: dict[str, Any]) -> None:
    """Writes `report.html` into a prepared set."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,  # a path may hold anything
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.jinja").render(
        manifest=manifest, settings=sorted(flat(manifest["recipe"]))
    )
    write_text(folder / "report.html", page)
