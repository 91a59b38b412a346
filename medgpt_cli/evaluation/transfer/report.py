"""The page of a transfer: the recipe, the sets, the towers, every score and comparison, in one file.

Nothing is fetched when the page is opened, and no picture or file name stands in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from medgpt_cli.evaluation.transfer.means import Compared
from medgpt_cli.evaluation.transfer.outcomes import Scored
from medgpt_cli.evaluation.transfer.table import COMPARED, HEADERS, compared_rows, score_rows
from medgpt_cli.evaluation.transfer.words import sentences

TEMPLATES = Path(__file__).parent / "templates"


def render(
    scores: Sequence[Scored],
    comparisons: Sequence[Compared],
    *,
    sets: Sequence[Mapping[str, Any]],
    towers: Sequence[Mapping[str, Any]],
    settings: Sequence[tuple[str, str]],
    facts: Mapping[str, str],
    notes: Sequence[str],
    notice: str,
) -> str:
    """The report as a self-contained HTML page.

    Args:
        scores: Of every set, and the means.
        comparisons: Of towers.
        sets: `name`, `form`, `parted`, `labels`, `support` (by split), `hash`, `notes` of each.
        towers: `name`, `kind`, `side`, `parameters`, `hash` of each.
        settings: Names and values of the recipe.
        facts: What made the numbers.
        notes: How the numbers are to be read.
        notice: What the software must not be used for.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,  # labels and names may hold anything
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja").render(
        headers=HEADERS,
        rows=score_rows(scores),
        scores=scores,
        compared_headers=COMPARED,
        compared=compared_rows(comparisons),
        found=sentences(comparisons),
        sets=sets,
        towers=towers,
        settings=settings,
        facts=facts,
        notes=notes,
        notice=notice,
    )
