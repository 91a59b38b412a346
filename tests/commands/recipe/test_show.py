from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

MINE = """\
stage: align
train: {seed: 3}
data:
  mix:
    - path: a.jsonl
"""

SHOWN = """\
stage: align            # mine.yaml:1
model:
  base: tiny            # command line
  llm: null             # default
  vision: null          # default
  adapter: null         # default
  dtype: auto           # default
  attention: auto       # default
  yarn:
    factor: null        # default
    original: null      # default
  feature_layer: -2     # default
  max_tiles: null       # default
data:
  mix:
    - path: a.jsonl     # mine.yaml:5
      weight: null      # default
      cap: null         # default
      epochs: null      # default
      shots: 0          # default
  temperature: null     # default
  order: shuffled       # default
  validation: []        # default
  against: []           # default
  image_root: null      # default
  max_bad: 0            # default
  limit: null           # default
train:
  seed: 3               # mine.yaml:2
  epochs: 1.0           # default
  max_steps: null       # default
  batch_size: 8         # default
  batch_tokens: null    # default
  accumulate: 1         # default
  max_length: 2048      # default
  overlong: refuse      # default
  packing: false        # default
  max_images: 64        # default
  lr: 1e-05             # command line
  schedule: cosine      # default
  warmup: 0.03          # default
  weight_decay: 0.0     # default
  clip: 1.0             # default
  save_steps: 500       # default
  eval_steps: null      # default
  keep: 2               # default
  keep_best: false      # default
  guard:
    spike: 10.0         # default
    window: 50          # default
    warmup: 20          # default
    patience: 5         # default
  router_aux: 0.0       # default
  qat: null             # default
  qat_share: 0.25       # default
  log_steps: 1          # default
  threads: null         # default
parts:
  vision:
    train: false        # default
    lr: null            # default
  projector:
    train: true         # default
    lr: null            # default
  llm:
    train: false        # default
    lr: null            # default
  experts:
    train: null         # default
    lr: null            # default
  router:
    train: null         # default
    lr: null            # default
lora:
  r: null               # default
  alpha: null           # default
  dropout: 0.0          # default
  targets:
    - attention         # default
    - projector         # default
  experts: false        # default
  ranks:
    attention: null     # default
    mlp: null           # default
    projector: null     # default
    vision: null        # default
    experts: null       # default
  dora: false           # default
  rslora: false         # default
  quantise_base: null   # default
  merge: true           # default
engine:
  deepspeed: false      # default
  zero: 3               # default
  offload: none         # default
  sequence_parallel: 1  # default
  checkpointing: none   # default
  report_to: []         # default
gates:
  phi:
    level: normal       # default
    attest:
      by: null          # default
      basis: null       # default
      classes: []       # default
chat:
  reasoning: low        # default
  date: 2026-01-01      # default
  max_new_tokens: 256   # default
"""


def test_show(medgpt: Callable[..., Any]) -> None:
    Path("mine.yaml").write_text(MINE)
    assert medgpt("recipe", "show", "mine.yaml", "train.lr=1e-5", "model.base=tiny") == (0, SHOWN, "")


def test_show_with_comments(medgpt: Callable[..., Any]) -> None:
    lines = medgpt("recipe", "show", "sft", "--comments").out.splitlines()
    place = lines.index("  # Peak learning rate.")
    assert lines[place + 1].startswith("  lr: 0.0005 ")
    assert lines[place + 1].endswith("# recipes/sft.yaml:9")


def test_show_as_json(medgpt: Callable[..., Any]) -> None:
    document = json.loads(medgpt("recipe", "show", "sft", "train.seed=7", "--json").out)
    assert document["recipe"]["train"]["seed"] == 7
    assert document["recipe"]["model"]["base"] is None
    assert document["origins"]["train.seed"] == "command line"
    assert document["origins"]["train.lr"] == "recipes/sft.yaml:9"


def test_an_error_as_json(medgpt: Callable[..., Any]) -> None:
    done = medgpt("recipe", "show", "sft", "train.lrr=7", "--json")
    assert (done.code, done.err) == (3, "")
    assert json.loads(done.out) == {
        "error": "BAD_RECIPE",
        "exit_code": 3,
        "what": "1 problem in the recipe (recipes/sft.yaml)",
        "where": "",
        "repair": "medgpt recipe fields sft explains every field",
        "complaints": [
            {"what": "no such field", "where": "train.lrr=7", "repair": "did you mean train.lr?"}
        ],
    }
