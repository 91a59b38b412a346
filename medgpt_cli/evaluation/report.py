"""The page a person reads: scores with their intervals, the protocol and the hashes, in one file.

Nothing is fetched when the page is opened, and no clinical text stands in it unless it was asked for.
This module knows nothing of models; it lays out what the summary counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import msgspec

from medgpt_cli.evaluation.outcomes import Outcome
from medgpt_cli.evaluation.score_table import lines_below, note
from medgpt_cli.evaluation.scores import TaskScore

TEMPLATES = Path(__file__).parent / "templates"


def render(
    scores: Sequence[TaskScore],
    outcomes: Sequence[Outcome],
    *,
    model: str,
    facts: Mapping[str, str],
    notice: str,
) -> str:
    """The report as a self-contained HTML page.

    Args:
        scores: One for each task.
        outcomes: Of all tasks, in order; those with texts are listed.
        model: What the model is called.
        facts: Names and values of what made the numbers: hashes, versions, hardware.
        notice: What the software must not be used for, in one line.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,  # answers are untrusted text
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    samples = {
        score.task: [o for o in outcomes if o.task == score.task and o.texts is not msgspec.UNSET]
        for score in scores
    }
    return environment.get_template("report.html").render(
        scores=scores,
        samples=samples,
        model=model,
        facts=facts,
        notice=notice,
        note=note,
        lines_below=lines_below,
    )
