from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from medgpt_cli.core.recipe.fields import fields


def test_fields(medgpt: Callable[..., Any]) -> None:
    out = medgpt("recipe", "fields", "align").out
    assert out.startswith(
        "stage  (align, default align)\n    What the recipe is for.\nmodel\n    Which model is trained.\n"
    )
    assert "\ntrain.lr  (number, default 0.001)\n    Peak learning rate.\n" in out
    assert "\ndata.mix[].path  (text)\n" in out
    assert [line for line in out.splitlines() if not line.startswith(" ")] == [
        line
        for line in out.splitlines()
        if line.split("  ")[0] in {field.name for field in fields("align")}
    ]


@pytest.mark.parametrize("stage", ["align", "midtrain", "sft"])
def test_the_json_schema_has_the_docstrings(stage: str, medgpt: Callable[..., Any]) -> None:
    schema = json.loads(medgpt("recipe", "fields", stage, "--json").out)
    assert schema["$defs"]["Train"]["properties"]["lr"]["description"] == "Peak learning rate."
    assert schema["properties"]["stage"]["const"] == stage
    assert schema["additionalProperties"] is False


def test_an_unknown_stage(medgpt: Callable[..., Any]) -> None:
    assert medgpt("recipe", "fields", "sfft") == (
        2,
        "",
        "error: STAGE must be one of data, align, midtrain, sft, adapt, eval, export\n"
        "medgpt recipe fields --help explains every word\n",
    )
