from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from medgpt_cli.training.report import draw, running_mean, source_rows, write_report


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
    losses = {"<b>.jsonl": {"loss_sum": 12.5, "tokens": 10}, "c.jsonl": {"loss_sum": 1.0, "tokens": 1}}
    (tmp_path / "metrics.jsonl").write_text(
        "".join(json.dumps({**line, "sources": losses}) + "\n" for line in lines(60))
    )
    (tmp_path / "recipe.json").write_text(json.dumps({"train": {"lr": 1e-3}, "model": {"base": None}}))
    manifest = {
        "stage": "sft",
        "begun": "b",
        "ended": "e",
        "steps": 60,
        "records": 3,
        "base": "tiny",
        "data": {"<script>alert(1)</script>.jsonl": "0" * 64},
        "parameters": {
            "vision": {
                "trained": 0,
                "total": 7,
                "dead": 2,
                "lr": None,
                "dtype": "float32",
                "compute": "bfloat16",
            },
            "projector": {
                "trained": 5,
                "total": 5,
                "dead": 0,
                "lr": 2e-5,
                "dtype": "float32",
                "compute": "float32",
            },
        },
        "environment": {"python": "3.11", "packages": {"torch": "2"}},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    write_report(tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "<script" not in page
    assert "http" not in page
    assert "train.lr" in page
    assert page.count("Loss by source") == 1
    assert "Validation loss by file" not in page
    assert '&lt;b&gt;.jsonl</td><td class="number">600</td><td class="number">1.25</td>' in page
    assert '<td class="number">2e-05</td>\n<td>float32</td>' in page
    assert '<td class="number">frozen</td>\n<td>float32, computed in bfloat16</td>' in page
    assert "None: every step was taken." in page
    refused = json.dumps({"step": 61, "loss": None, "refused": 3})
    with (tmp_path / "metrics.jsonl").open("a") as more:
        more.write(refused + "\n")
    write_report(tmp_path)
    assert "3 of 60 steps were left out by the guard" in (tmp_path / "report.html").read_text()
    figures = page.count("<svg")
    assert figures == 2
    for part in page.split("<svg")[1:]:
        ET.fromstring("<svg" + part.split("</svg>")[0] + "</svg>")


def test_the_loss_of_each_source_at_both_ends() -> None:
    def line(step: int, a: tuple[float, int], b: tuple[float | None, int]) -> dict:
        pairs = {"a": a, "b": b}
        return {
            "step": step,
            "sources": {name: {"loss_sum": s, "tokens": n} for name, (s, n) in pairs.items()},
        }

    lines = [line(1, (8.0, 2), (None, 1)), *(line(n, (1.0, 1), (0.0, 0)) for n in range(2, 20))]
    lines += [line(20, (3.0, 2), (0.0, 0))]
    # Two lines are a tenth: (8 + 1) / 3 at the beginning, (1 + 3) / 3 at the end.
    assert source_rows(lines, "sources") == [
        {"name": "a", "tokens": "22", "first": "3", "last": "1.33"},
        {"name": "b", "tokens": "1", "first": "–", "last": "–"},
    ]
    assert source_rows(lines, "validation_sources") == []
    assert source_rows([line(1, (0.0, 0), (0.0, 0))], "sources")[0]["last"] == "–"
