"""One file with everything wrong: what is said of each line, exactly and all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.recipe import read_recipe
from medgpt_cli.core.recipe.faults import ELSEWHERE
from medgpt_cli.core.recipe.fields import fields

FILE = """\
stage: sft
model:
  base: 7
  dtype: float16
  feature_layer: last
train:
  lrr: 2e-5
  lr: "1e-4"
  batch_size: 0
  epochs: -1
  learning_rate: 1
  max_steps: 1.5
  seed: true
  clip: .nan
  warmup: 2
  save_steps: 5_000
  threads: [2]
data:
  mix:
    - {path: a, wieght: 1}
    - b.jsonl
    - {}
  validation: a.jsonl
  max_bad: 2.0
parts:
  projector: {train: no, lr: {}}
  llm: {train: }
  adapter: {}
chat: low
lr: 5
trian: {}
seed: 4294967296
train:
  lr: 4
"""

SAYS = """\
bad.yaml:3 model.base  must be text, not a number; put it in quotes
bad.yaml:4 model.dtype  must be auto, float32 or bfloat16
bad.yaml:5 model.feature_layer  must be a whole number, not text
bad.yaml:7 train.lrr  no such field; did you mean train.lr?
bad.yaml:8 train.lr  must be a number, not text
bad.yaml:9 train.batch_size  must be at least 1
bad.yaml:10 train.epochs  must be more than 0
bad.yaml:11 train.learning_rate  no such field; here it is called train.lr
bad.yaml:12 train.max_steps  must be a whole number, without a decimal point
bad.yaml:13 train.seed  must be a whole number, not true or false
bad.yaml:14 train.clip  must be a finite number
bad.yaml:15 train.warmup  must be at most 1
bad.yaml:16 train.save_steps  must be a whole number, not text
bad.yaml:17 train.threads  must be a whole number, not a list
bad.yaml:20 data.mix.0.wieght  no such field; did you mean data.mix[].weight?
bad.yaml:21 data.mix.1  must be a section of KEY: VALUE lines, not text
bad.yaml:22 data.mix.2.path  is missing
bad.yaml:23 data.validation  must be a list, not text
bad.yaml:24 data.max_bad  must be a whole number, without a decimal point
bad.yaml:26 parts.projector.train  must be true or false, not text
bad.yaml:26 parts.projector.lr  must be a number, not a section
bad.yaml:27 parts.llm.train  must be true or false, not empty
bad.yaml:28 parts.adapter  no such field; did you mean model.adapter?
bad.yaml:29 chat  must be a section of KEY: VALUE lines, not text
bad.yaml:30 lr  no such field; did you mean train.lr?
bad.yaml:31 trian  no such field; did you mean train?
bad.yaml:32 seed  no such field; did you mean train.seed?
bad.yaml:33 train  written twice, first on line 6
""".splitlines()


def test_everything_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.yaml").write_text(FILE)
    with pytest.raises(BadRecipe) as caught:
        read_recipe("bad.yaml", stage="sft")
    assert [str(complaint) for complaint in caught.value.complaints] == SAYS


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("train.seed=4294967296", "must be less than 4294967296"),
        ("chat.date=2026-1-1", "must be a date such as 2026-01-31"),
        ("chat.date=2026-02-30", "must be a date such as 2026-01-31"),
        ("chat.date=20260101", "must be text, not a number; put it in quotes"),
        ("chat.date='20260101'", "must be a date such as 2026-01-31"),
        ("train.lr=0", "must be more than 0"),
        ("train.lr=inf", "must be a number, not text"),
        ("train.lr=.inf", "must be a finite number"),
        ("train.max_length=15", "must be at least 16"),
        ("xyzzy=1", "no such field"),
    ],
)
def test_values(word: str, says: str) -> None:
    with pytest.raises(BadRecipe) as caught:
        read_recipe(None, stage="sft", overrides=[word])
    key = word.partition("=")[0]
    [complaint] = caught.value.complaints
    assert str(complaint).removeprefix(word).removeprefix(f" {key}") == f"  {says}"


def test_names_from_other_trainers_point_to_fields_that_exist() -> None:
    known = {field.name for field in fields("sft")}
    assert set(ELSEWHERE.values()) <= known
    assert not {name for name in ELSEWHERE if name in {field.split(".")[-1] for field in known}}
