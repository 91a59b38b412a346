from __future__ import annotations

from typing import Any, get_args

import pytest

from medgpt_cli.core.recipe.gate_sections import IdentifierWord
from medgpt_cli.core.recipe.layers import DEFAULT, Origin, Sheet
from medgpt_cli.core.recipe.rules import conflicts
from medgpt_cli.core.recipe.stages import defaults
from medgpt_cli.data.privacy.findings import Identifier

WHOLE: dict[str, Any] = {"by": "Radiology", "basis": "IRB 2026-123", "classes": ["name"]}


def broken(attest: dict[str, Any]) -> list[tuple[Any, str, str]]:
    sheet = Sheet()
    sheet.lay(defaults("sft"), lambda _: DEFAULT)
    sheet.lay({"gates": {"phi": {"attest": attest}}}, lambda _: Origin("r.yaml:1", "r.yaml:1", (2, 1)))
    return list(conflicts(sheet))


def test_the_words_are_those_of_the_finder() -> None:
    assert get_args(IdentifierWord) == tuple(Identifier)


@pytest.mark.parametrize("stage", ["align", "midtrain", "sft"])
def test_nobody_answers_for_anything_by_default(stage: str) -> None:
    assert defaults(stage)["gates"] == {
        "phi": {"level": "normal", "attest": {"by": None, "basis": None, "classes": []}}
    }


@pytest.mark.parametrize("attest", [{}, WHOLE])
def test_nothing_or_a_whole_attestation(attest: dict[str, Any]) -> None:
    assert broken(attest) == []


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        (["by"], "by is empty"),
        (["classes"], "classes is empty"),
        (["by", "basis"], "by and basis are empty"),
    ],
)
def test_half_an_attestation(left_out: list[str], said: str) -> None:
    [(place, what, repair)] = broken({key: value for key, value in WHOLE.items() if key not in left_out})
    assert place == ("gates", "phi", "attest")
    assert what == f"is half an attestation: {said}"
    assert repair == "name who answers (by), on what ground (basis) and which identifiers (classes)"
