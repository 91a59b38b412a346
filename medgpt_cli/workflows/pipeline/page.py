"""The summary for a person: a table on the terminal, and one self-contained page.

This module knows nothing of run folders; it lays out what the summary counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from medgpt_cli.chat.notice import NOTICE
from medgpt_cli.core import tables
from medgpt_cli.training.progress import duration
from medgpt_cli.training.report import draw

HEADERS = ("stage", "steps", "tokens", "time", "loss")
NOTE = (
    "loss: nats a learnt token, mean of the first and of the last tenth of the steps; scores: over all questions, "
    "with their 95 % interval; gain: against the model before, on the same questions, with its 95 % interval and the "
    "verdict at p < 0.05 after Holm"
)


def table(document: Mapping[str, Any]) -> str:
    """The summary as aligned columns.

    Args:
        document: The summary.
    """
    tasks = tasks_of(document)
    headers = [*HEADERS, *(name for task in tasks for name in (task, "gain"))]
    rows = [
        [*_row(stage), *(cell for task in tasks for cell in (score(stage, task), gain(stage, task)))]
        for stage in document["stages"]
    ]
    return tables.aligned(headers, rows)


def tasks_of(document: Mapping[str, Any]) -> list[str]:
    """Every task that some model was scored on, in order."""
    return list(dict.fromkeys(task for stage in document["stages"] for task in stage.get("scores", ())))


def _row(stage: Mapping[str, Any]) -> Sequence[str]:
    if "steps" not in stage:
        return (stage["name"], "", "", "", "")
    return (
        stage["name"],
        f"{stage['steps']:,}",
        f"{stage['tokens']:,}",
        duration(stage["seconds"]),
        f"{number(stage['loss_first'])} to {number(stage['loss_last'])}",
    )


def number(value: float | None) -> str:
    """A loss, or a dash."""
    return "–" if value is None else f"{value:.3f}"


def score(stage: Mapping[str, Any], task: str) -> str:
    """A score with its interval and its count."""
    found = stage.get("scores", {}).get(task)
    return f"{found['value']:.3f}{_interval(found)} of {found['n']:,}" if found else ""


def gain(stage: Mapping[str, Any], task: str) -> str:
    """What a stage gained, with its interval and the verdict."""
    found = stage.get("gains", {}).get(task)
    return f"{found['difference']:+.3f}{_interval(found)} {found['verdict']}" if found else ""


def _interval(found: Mapping[str, Any]) -> str:
    return "" if found["low"] is None else f" [{found['low']:.3f}, {found['high']:.3f}]"


def export_lines(document: Mapping[str, Any]) -> list[str]:
    """A sentence for each export: what it is, and what was compared."""
    return [
        f"{each['name']}: {each['folder']}, {each['to']}, {each['bytes'] / 1e6:,.1f} MB; {_compared(each)}; "
        "its files and what stands behind them verified"
        for each in document["exports"]
    ]


def _compared(each: Mapping[str, Any]) -> str:
    proof = each["verification"]
    if "max_logit" not in proof:
        return "every tensor read back"
    rounded = " with its experts rounded" if each["to"] == "mxfp4" else ""
    return (
        f"{proof['inputs']} prompts answered as the model{rounded} answers them (largest difference of a logit "
        f"{proof['max_logit']:.3g}, same words {proof['greedy']:.0%})"
    )


def page(document: Mapping[str, Any]) -> str:
    """The summary as HTML.

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
    curves = [
        (stage["name"], curve)
        for stage in document["stages"]
        if (curve := _curve(stage.get("losses", []))) is not None
    ]
    return environment.get_template("summary.html.jinja").render(
        summary=document,
        tasks=tasks_of(document),
        exports=export_lines(document),
        curves=curves,
        score=score,
        gain=gain,
        number=number,
        duration=duration,
        note=NOTE,
        notice=NOTICE,
    )


def _curve(points: Sequence[Sequence[float]]) -> dict[str, Any] | None:
    lines = [{"step": step, "loss": loss} for step, loss in points]
    return draw(lines, "loss", "training loss, nats a token")
