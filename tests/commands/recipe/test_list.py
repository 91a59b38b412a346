from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

LIST = """\
recipe    stage     makes
align     align     a projector that puts images into the language model's space (stage 1)
data      data      one prepared set of raw ones: checked, screened, de-duplicated, split by patient, counted
eval      eval      scores on named tasks, each with its interval, its protocol and its calibration, and a page to show
midtrain  midtrain  a model that has read medical texts and image-text records (stage 2)
sft       sft       a model that answers questions about images (stage 3)
"""


def test_list(medgpt: Callable[..., Any]) -> None:
    assert medgpt("recipe", "list") == (0, LIST, "")


def test_list_as_json(medgpt: Callable[..., Any]) -> None:
    rows = json.loads(medgpt("recipe", "list", "--json").out)
    assert [row["name"] for row in rows] == ["align", "data", "eval", "midtrain", "sft"]
    assert rows[4] == {
        "name": "sft",
        "stage": "sft",
        "makes": "a model that answers questions about images (stage 3)",
    }
