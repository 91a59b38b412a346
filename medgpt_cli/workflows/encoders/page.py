"""A study for a person: two tables on the terminal, and one self-contained page.

This module knows nothing of run folders; it lays out what the summary counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from medgpt_cli.chat.notice import NOTICE
from medgpt_cli.core import tables
from medgpt_cli.evaluation.statistics.tables import NOTHING, between, number
from medgpt_cli.training.progress import duration

SCORES = (
    *("task", "measure", "tower", "score", "95 %", "items/cases"),
    *("difference", "95 %", "p (Holm)", "verdict"),
)
TOWERS = ("tower", "kind", "parameters", "sees", "tokens a picture", "learnt last", "steps", "time")


def tables_of(document: Mapping[str, Any]) -> str:
    """Scores and towers as aligned columns.

    Args:
        document: The summary.
    """
    scores, towers = score_rows(document), tower_rows(document)
    return "\n".join(
        [
            tables.aligned(SCORES, scores, right=tables.numeric(scores)),
            "",
            tables.aligned(TOWERS, towers, right=tables.numeric(towers)),
        ]
    )


def score_rows(document: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """One row for each task and tower, under `SCORES`."""
    compared = {(each["task"], each["tower"]): each["result"] for each in document["comparisons"]}
    cases = {each["task"]: str(each["result"]["clusters"]) for each in document["comparisons"]}
    rows = []
    for task in document["protocols"]:
        for tower in document["towers"]:
            score = tower["scores"].get(task)
            if score is None:
                continue
            rows.append(
                (
                    task,
                    score["name"],
                    tower["name"],
                    number(score["value"]),
                    between(score["low"], score["high"]),
                    f"{score['n']:,}/{cases.get(task, NOTHING)}",
                    *_difference(compared.get((task, tower["name"]))),
                )
            )
    return rows


def _difference(result: Mapping[str, Any] | None) -> tuple[str, ...]:
    if result is None:
        return (NOTHING,) * 4
    return (
        f"{result['difference']:+.3f}",
        between(result["low"], result["high"]),
        "<0.001" if result["adjusted"] < 0.001 else number(result["adjusted"]),
        result["verdict"],
    )


def tower_rows(document: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """One row for each tower, under `TOWERS`."""
    return [
        (
            each["name"],
            each["kind"],
            f"{each['parameters']:,}",
            f"{each['side']} x {each['side']}",
            str(each["patches"]),
            f"{each['learnt']:,}",
            " + ".join(f"{stage['steps']:,}" for stage in each["stages"]),
            duration(each["seconds"]),
        )
        for each in document["towers"]
    ]


def sentence(tower: Mapping[str, Any]) -> str:
    """What a tower is, before anything is trained."""
    return (
        f"{tower['name']}: {tower['kind']}, {tower['parameters']:,} parameters, sees "
        f"{tower['side']} x {tower['side']} pixels, {tower['patches']} tokens a picture"
    )


def page(document: Mapping[str, Any]) -> str:
    """The study as HTML.

    Args:
        document: The summary.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,  # a path may hold anything
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("study.html.jinja").render(
        study=document,
        score_headers=SCORES,
        scores=score_rows(document),
        tower_headers=TOWERS,
        towers=tower_rows(document),
        number=number,
        duration=duration,
        notice=NOTICE,
    )
