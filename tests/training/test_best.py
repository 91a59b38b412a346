from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgpt_cli.training.best import Best, best_of


@pytest.mark.parametrize(
    ("reached", "expected"),
    [(1, None), (2, Best(2, 3.0)), (4, Best(2, 3.0)), (6, Best(2, 3.0)), (8, Best(8, 1.0))],
)
def test_the_lowest_up_to_a_step(tmp_path: Path, reached: int, expected: Best | None) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(
        "".join(
            json.dumps({"step": step, key: value}) + "\n"
            for step, key, value in [
                (1, "loss", 0.1),
                (2, "validation_loss", 3.0),
                (4, "validation_loss", None),
                (6, "validation_loss", 3.0),
                (8, "validation_loss", 1.0),
            ]
        )
    )
    assert best_of(path, reached) == expected


def test_nothing_was_measured_yet(tmp_path: Path) -> None:
    assert best_of(tmp_path / "metrics.jsonl", 9) is None
