"""The page a person reads: scores with their intervals, what they rest on and what they cannot say, in one file.

Nothing is fetched when the page is opened, it runs no script, and no clinical text or picture stands in it unless it
was asked for.  This module knows nothing of models; it lays out what the summary counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2

from medgpt_cli.core.wording import counted
from medgpt_cli.evaluation.outcomes import Outcome
from medgpt_cli.evaluation.page import curves
from medgpt_cli.evaluation.page.examples import Pictures
from medgpt_cli.evaluation.page.sections import forest, sections
from medgpt_cli.evaluation.page.strips import TICKS
from medgpt_cli.evaluation.scores import TaskScore
from medgpt_cli.evaluation.statistics.subgroups import SMALL
from medgpt_cli.evaluation.statistics.tables import between, number

TEMPLATES = Path(__file__).parent / "templates"


def render(
    scores: Sequence[TaskScore],
    outcomes: Sequence[Outcome],
    *,
    model: str,
    facts: Mapping[str, str],
    notice: str,
    pictures: Pictures | None = None,
    withheld: Mapping[str, str] | None = None,
) -> str:
    """The report as a self-contained HTML page.

    Args:
        scores: One for each task and each probe.
        outcomes: Of all of them; wrong answers whose texts were kept are shown.
        model: What the model is called.
        facts: Names and values of what made the numbers: hashes, versions, hardware.
        notice: What the software must not be used for, in one line.
        pictures: Gives the pictures of a question as data URIs; none are shown when None.
        withheld: By a task's name, why its wrong answers are not shown although their texts were kept.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,  # answers are untrusted text
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"number": number, "between": between, "counted": counted, "curves": curves}
    found = sections(scores, outcomes, pictures, withheld or {})
    return environment.get_template("report.html.jinja").render(
        sections=found,
        lines=forest(found),
        questions=sum(each.score.overall.n for each in found),
        clinical=any(each.examples for each in found),
        model=model,
        facts=facts,
        notice=notice,
        ticks=TICKS,
        few=SMALL,
    )
