from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from medgpt_cli.training.report import draw, running_mean, write_report


def lines(count: int) -> list[dict[str, float]]:
    return [{"step": step, "loss": 10.0 - step / 10, "lr": 1e-3} for step in range(1, count + 1)]


def test_a_curve_runs_from_top_left_to_bottom_right_of_its_frame() -> None:
    curve = draw(lines(50), "loss", "loss")
    assert curve is not None
    points = [tuple(map(float, pair.split(","))) for pair in curve["points"].split()]
    assert points[0] == (curve["left"], 4.0)
    assert points[-1] == (curve["width"], curve["bottom"])
    assert (curve["high"], curve["low"], curve["ends"]) == ("9.9", "5", "9.9 to 5")


@pytest.mark.parametrize("key", ["grad_norm", "validation_loss"])
def test_what_was_not_measured_is_not_drawn(key: str) -> None:
    assert draw(lines(50), key, "x") is None
    assert draw([*lines(3), {"step": 3, key: 1.0}], key, "x") is None


def test_a_running_mean_ends_with_the_mean_of_its_window() -> None:
    assert running_mean([(step, 1.0) for step in range(30)]) == []
    smooth = running_mean([(step, float(step)) for step in range(90)])
    assert smooth[0] == (2, 1.0)
    assert smooth[-1] == (89, 88.0)


def test_the_page_stands_alone_and_escapes_what_it_prints(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines(60)))
    (tmp_path / "recipe.json").write_text(json.dumps({"train": {"lr": 1e-3}, "model": {"base": None}}))
    manifest = {
        "stage": "sft",
        "begun": "b",
        "ended": "e",
        "steps": 60,
        "records": 3,
        "base": "tiny",
        "data": {"<script>alert(1)</script>.jsonl": "0" * 64},
        "parameters": {"projector": {"trained": 5, "total": 5, "dead": 0}},
        "environment": {"python": "3.11", "packages": {"torch": "2"}},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    write_report(tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "<script" not in page
    assert "http" not in page
    assert "train.lr" in page
    figures = page.count("<svg")
    assert figures == 2
    for part in page.split("<svg")[1:]:
        ET.fromstring("<svg" + part.split("</svg>")[0] + "</svg>")
