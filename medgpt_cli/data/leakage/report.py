"""The page a person reads: how much overlaps, why, and which records, in one file that fetches nothing.

This module knows nothing of how overlaps are found; it lays out what was counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

TEMPLATES = Path(__file__).parent / "templates"
SHOWN = 500
"""Overlaps on the page; the JSON beside it lists more."""


def render(document: Mapping[str, Any]) -> str:
    """The findings as a self-contained HTML page.

    Args:
        document: As `Findings.as_dict` gives it, with `train` for the name of the training set.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,  # texts and paths are not to be trusted
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("leakage.html").render(**document, shown=SHOWN)
