"""Evaluations that cannot be compared, through the workflow behind `medgpt eval compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.bad_inputs.case import Case
from tests.workflows.eval_folders import PROTOCOL, answers, evaluation


def comparison(
    name: str, says: str, code: str, exit_code: int = 3, *, right: int = 3, items: int = 4, **other: Any
) -> Case:
    """A run `a` of four questions against a run `b` of so many, made otherwise in one respect."""

    def refused() -> object:
        from medgpt_cli.workflows.compare import compare

        evaluation("a", answers("slake", [1.0, 1.0, 0.0, 0.0]))
        folder = evaluation("b", answers("slake", [1.0] * right + [0.0] * (items - right)), **other)
        if exit_code == 4:
            (folder / "scores.json").write_text("{}")
        return compare([Path("a"), folder])

    return Case(name, refused, says, code, exit_code)


CASES = [
    comparison(
        "comparison: another protocol",
        "slake  decoding: 'greedy, 64 tokens' in a, 'greedy' in b\n"
        "these runs cannot be compared\n"
        "evaluate all runs in one way, or compare them nevertheless with --allow protocol",
        "BAD_INPUT",
        protocol=PROTOCOL.replace(", 64 tokens", ""),
    ),
    comparison(
        "comparison: other items",
        "slake  other items were asked: 4 items in a, 6 in b, 4 in both\n"
        "these runs cannot be compared\n"
        "evaluate all runs on the same items",
        "BAD_INPUT",
        items=6,
    ),
    comparison(
        "comparison: a run that has not finished",
        "b  has not finished\ngo on with it: medgpt eval run … --resume",
        "BAD_INPUT",
        state="running",
    ),
    comparison(
        "comparison: scores changed by hand",
        "b  scores.json is missing or not the file that b/manifest.json describes\n"
        "restore the folder from its source; a damaged checkpoint is not used",
        "HASH_MISMATCH",
        4,
    ),
]
"""Refusals of comparisons, to the letter."""
