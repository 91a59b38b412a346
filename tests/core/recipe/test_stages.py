from __future__ import annotations

import pytest
from pydantic import ValidationError

from medgpt_cli.core.recipe.stages import STAGES, defaults


@pytest.mark.parametrize(
    ("stage", "learns", "lr"),
    [
        ("align", {"projector"}, 1e-3),
        ("midtrain", {"vision", "projector", "llm"}, 2e-5),
        ("sft", {"vision", "projector", "llm"}, 2e-5),
    ],
)
def test_what_learns_by_default_and_how_fast(stage: str, learns: set[str], lr: float) -> None:
    tree = defaults(stage)
    assert {part for part, values in tree["parts"].items() if values["train"]} == learns
    assert {part for part, values in tree["parts"].items() if values["train"] is None} == {
        "experts",
        "router",
    }
    assert tree["train"]["lr"] == lr


@pytest.mark.parametrize("stage", STAGES)
def test_frozen(stage: str) -> None:
    recipe = STAGES[stage]()
    with pytest.raises(ValidationError, match="frozen"):
        recipe.stage = "chat"  # type: ignore[attr-defined]
    section, word = (
        (recipe.model, "base") if stage in ("eval", "export") else (recipe.data, "image_root")
    )  # type: ignore[attr-defined]
    with pytest.raises(ValidationError, match="frozen"):
        setattr(section, word, "elsewhere")
