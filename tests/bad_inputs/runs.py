"""Stages that cannot start, through the workflow behind align, midtrain and sft."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.bad_inputs.case import Case

RECORD = '{"question": "Which plane?", "answer": "axial"}\n'


def stage(
    name: str,
    says: str,
    code: str,
    exit_code: int = 3,
    *,
    files: dict[str, str] | None = None,
    **words: Any,
) -> Case:
    """`medgpt sft` with these words, in a folder with these files beside a good `local.jsonl`."""

    def refused() -> object:
        from medgpt_cli.workflows.stage import run_stage

        Path("local.jsonl").write_text(RECORD)
        for file, text in (files or {}).items():
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_text(text)
        return run_stage(**{"stage": "sft", "data": ["local.jsonl"], "out": Path("run"), **words})

    return Case(name, refused, says, code, exit_code)


CASES = [
    stage(
        "stage: no data named",
        "no training data was named\nmedgpt sft --data local.jsonl",
        "NOT_FOUND",
        data=[],
    ),
    stage(
        "stage: no such data file",
        "there is no data file absent.jsonl\nname a JSONL file with --data",
        "NOT_FOUND",
        data=["absent.jsonl"],
    ),
    stage(
        "stage: --out is a file",
        "out.txt is a file\nname a folder with --out",
        "OUTPUT_EXISTS",
        2,
        files={"out.txt": ""},
        out=Path("out.txt"),
    ),
    stage(
        "stage: --out is somebody's folder",
        "mine is not empty\ngo on with --resume, overwrite with --force, or name another --out",
        "OUTPUT_EXISTS",
        2,
        files={"mine/thesis.tex": "x"},
        out=Path("mine"),
    ),
    stage(
        "stage: --force on somebody's folder",
        "mine is not a run folder of medgpt, so it is left alone\nname another --out",
        "USAGE",
        2,
        files={"mine/thesis.tex": "x"},
        out=Path("mine"),
        force=True,
    ),
    stage(
        "stage: --resume of another stage",
        "run holds a run of 'align', not of 'sft'\nname another --out",
        "USAGE",
        2,
        files={"run/state.json": json.dumps({"state": "running", "kind": "align"})},
        resume=True,
    ),
    stage(
        "stage: a record longer than the recipe allows",
        "local.jsonl:1  is 72 tokens long\n"
        "1 record is longer than train.max_length=20; nothing is cut off silently\n"
        "raise train.max_length, or part them between turns and paragraphs with train.overlong=split",
        "BAD_RECORD",
        overrides=["train.max_length=20"],
    ),
    stage(
        "stage: more positions than the model has",
        "train.max_length  200,000 tokens are more than the model holds, 131,072\n"
        "set train.max_length=131072 or less",
        "BAD_RECIPE",
        overrides=["train.max_length=200000"],
    ),
    stage(
        "stage: a bad record among good ones",
        "x.jsonl:2  has question and no answer; add answer\n"
        "1 record cannot be used\n"
        "mend them, or let up to N be left out with data.max_bad=N",
        "BAD_RECORD",
        files={"x.jsonl": RECORD + '{"question": "Why?"}\n'},
        data=["x.jsonl"],
    ),
]
"""Refusals of stages, to the letter."""
