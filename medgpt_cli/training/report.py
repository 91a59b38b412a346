"""The page a person reads after a run: curves, settings, what learnt.  No sample of the data stands in it.

One self-contained file: no script, no network.  This module reads a run folder's own files and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from medgpt_cli.core.files import write_text
from medgpt_cli.core.recipe.showing import flat

WIDTH, HEIGHT = 640, 200
LEFT, BOTTOM = 56, 24
CURVES = (
    ("loss", "training loss, nats a token"),
    ("validation_loss", "validation loss, nats a token"),
    ("lr", "learning rate"),
    ("grad_norm", "gradient norm before clipping"),
    ("tokens_per_s", "tokens a second"),
    ("supervised_per_s", "supervised tokens a second"),
    ("fill", "share of packed rows that records fill"),
)


def write_report(run: Path) -> None:
    """Writes `report.html` into a run folder from its metrics, recipe and manifest."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    manifest = json.loads((run / "manifest.json").read_text())
    recipe = json.loads((run / "recipe.json").read_text())
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,  # a path may hold anything
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.jinja").render(
        run=run.name,
        stage=manifest["stage"],
        manifest=manifest,
        curves=[curve for key, title in CURVES if (curve := draw(lines, key, title)) is not None],
        settings=sorted(flat(recipe)),
        refused=[(line["step"], line["refused"]) for line in lines if "refused" in line],
        sources=source_rows(lines, "sources"),
        validation_sources=source_rows(lines, "validation_sources"),
    )
    write_text(run / "report.html", page)


def source_rows(lines: Sequence[dict[str, Any]], key: str) -> list[dict[str, str]]:
    """The loss of each source at the beginning and at the end, nats a token.

    Args:
        lines: The lines of `metrics.jsonl`.
        key: `sources` or `validation_sources`.

    Returns:
        One row for each source: its mean over the first and the last tenth of the lines in which it was seen.
    """
    measured = [line[key] for line in lines if key in line]
    rows = []
    for name in measured[-1] if measured else ():
        seen = [line[name] for line in measured if name in line and line[name]["tokens"]]
        edge = -(-len(seen) // 10)
        rows.append(
            {
                "name": name,
                "tokens": f"{sum(each['tokens'] for each in seen):,}",
                "first": _mean_loss(seen[:edge]),
                "last": _mean_loss(seen[-edge:]) if seen else "–",
            }
        )
    return rows


def _mean_loss(seen: Sequence[dict[str, Any]]) -> str:
    tokens = sum(each["tokens"] for each in seen)
    if not tokens or any(each["loss_sum"] is None for each in seen):
        return "–"
    return _short(sum(each["loss_sum"] for each in seen) / tokens)


def draw(lines: Sequence[dict[str, Any]], key: str, title: str) -> dict[str, Any] | None:
    """One curve as the points of an SVG polyline, or None when it was not measured twice.

    Args:
        lines: The lines of `metrics.jsonl`.
        key: Which measure.
        title: Its name and unit.
    """
    points = [(line["step"], line[key]) for line in lines if isinstance(line.get(key), int | float)]
    if len(points) < 2:
        return None
    (first, last) = points[0][0], points[-1][0]
    low, high = min(value for _, value in points), max(value for _, value in points)
    wide = (WIDTH - LEFT) / max(last - first, 1)
    tall = (HEIGHT - BOTTOM) / ((high - low) or 1)

    def drawn(curve: Sequence[tuple[int, float]]) -> str:
        return " ".join(
            f"{LEFT + (step - first) * wide:.1f},{(high - value) * tall + 4:.1f}"
            for step, value in curve
        )

    return {
        "title": title,
        "points": drawn(points),
        "mean": drawn(running_mean(points)),
        "low": _short(low),
        "high": _short(high),
        "first": first,
        "last": last,
        "ends": f"{_short(points[0][1])} to {_short(points[-1][1])}",
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "bottom": HEIGHT - BOTTOM + 4,
    }


def running_mean(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """The mean over the newest thirtieth of all steps, by which a noisy curve is read; none for a short run."""
    window = len(points) // 30
    if window < 2:
        return []
    return [
        (points[i][0], sum(value for _, value in points[i - window + 1 : i + 1]) / window)
        for i in range(window - 1, len(points))
    ]


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
