from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

LIST = """\
recipe    stage     makes
adapt     adapt     an adapter for one institution, and the whole model with it added
align     align     a projector that puts images into the language model's space (stage 1)
data      data      one prepared set of raw ones: checked, screened, de-duplicated, split by patient, counted
eval      eval      scores on named tasks, each with its interval, its protocol and its calibration, and a page to show
export    export    a folder that transformers and vLLM load, with card, hashes and bill of materials
midtrain  midtrain  a model that has read medical texts and image-text records (stage 2)
sft       sft       a model that answers questions about images (stage 3)
"""


def test_list(medgpt: Callable[..., Any]) -> None:
    done = medgpt("recipe", "list")
    own = [line for line in done.out.splitlines() if "/" not in line.split()[0]]
    # Recipes of families stand behind their folder's name, which widens the first column.
    assert [" ".join(line.split()) for line in own] == [
        " ".join(line.split()) for line in LIST.splitlines()
    ]
    assert (done.code, done.err) == (0, "")


def test_list_as_json(medgpt: Callable[..., Any]) -> None:
    rows = json.loads(medgpt("recipe", "list", "--json").out)
    own = [row for row in rows if "/" not in row["name"]]
    assert [row["name"] for row in own] == [
        "adapt",
        "align",
        "data",
        "eval",
        "export",
        "midtrain",
        "sft",
    ]
    assert own[6] == {
        "name": "sft",
        "stage": "sft",
        "makes": "a model that answers questions about images (stage 3)",
    }
