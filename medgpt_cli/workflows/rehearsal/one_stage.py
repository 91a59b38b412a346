"""One stage rehearsed: two steps on the first records, saved, cut off after the first, resumed, read again, compared.

It is the stage itself that runs, given the recipe's own words and a few stronger ones; only the model is another.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgpt_cli.core import files
from medgpt_cli.core.errors import RehearsalFailed
from medgpt_cli.core.rundir import STATE

RECORDS = 16
"""Records taken from the front of each file."""

MERGED_WITHIN = 1e-5
"""Largest difference between a merged weight and the same made anew from base and adapter."""


@dataclass(frozen=True)
class Rehearsed:
    """What a rehearsal of one stage found.

    Attributes:
        name: The stage, or the recipe's name.
        run: Its run folder, which the next stage starts from.
        records: Records it learnt from.
        tokens: Tokens of its two steps.
        supervised: Tokens of them that are learnt.
        losses: Of both steps.
        checks: What was found to hold, as sentences.
        seconds: It took.
    """

    name: str
    run: Path
    records: int
    tokens: int
    supervised: int
    losses: tuple[float, ...]
    checks: tuple[str, ...]
    seconds: float


def stronger_words(recipe: Any, words: Sequence[str], *, whole: bool) -> list[str]:
    """The KEY=VALUE words of a rehearsal: those given, but where a rehearsal's own are stronger.

    Args:
        recipe: The recipe, with the given words in it.
        words: As given.
        whole: Whether the recipe's parts (`model.llm`, `model.vision`) give way to one whole model.
    """
    train = recipe.train
    own = {
        "train.max_steps": "2",
        "train.save_steps": "1",
        "train.keep": "2",
        "train.log_steps": "1",
        "train.accumulate": "1",
        "train.batch_size": str(min(train.batch_size or 2, 2)),
        "train.batch_tokens": "",
        "train.eval_steps": "1" if train.eval_steps is not None else "",
        "data.limit": str(min(recipe.data.limit or RECORDS, RECORDS)),
        "engine.deepspeed": "false",
        "engine.offload": "none",
        "engine.sequence_parallel": "1",
        "engine.report_to": "[]",
    }
    if whole:
        own |= {"model.llm": "", "model.vision": "", "model.adapter": ""}
    kept = [word for word in words if word.partition("=")[0] not in own]
    return kept + [f"{key}={value}" for key, value in own.items()]


def rehearse(
    *,
    name: str,
    stage: str,
    recipe: str,
    words: Sequence[str],
    data: Sequence[str],
    model: Path,
    out: Path,
) -> Rehearsed:
    """Rehearses one stage.

    Args:
        name: How it is called.
        stage: Which it is.
        recipe: Its recipe's name or file.
        words: Its words, after `stronger_words`.
        data: Files given by `--data`.
        model: The small model it starts from.
        out: Where it may write.

    Raises:
        RehearsalFailed: The resumed run, or the model read again, is not what it must be.
        MedGPTError: Whatever the stage itself would have found.
    """
    from medgpt_cli.workflows.pipeline.walking import aside
    from medgpt_cli.workflows.stage import run_stage

    began = time.perf_counter()

    def run(folder: Path, *, resume: bool) -> None:
        with aside():
            run_stage(
                stage=stage,
                data=list(data),
                model=str(model),
                recipe=recipe,
                out=folder,
                overrides=words,
                resume=resume,
            )

    run(out, resume=False)
    again = out.with_name(f"{out.name}-again")
    _cut_off(out, again)
    run(again, resume=True)
    checks = [_same(out, again), *_read_again(out, model)]
    shutil.rmtree(again)
    manifest = json.loads((out / "manifest.json").read_text())
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if "tokens" in line]
    return Rehearsed(
        name=name,
        run=out,
        records=manifest["records"],
        tokens=sum(line["tokens"] for line in steps),
        supervised=sum(line["supervised"] for line in steps),
        losses=tuple(line["loss"] for line in steps),
        checks=tuple(checks),
        seconds=round(time.perf_counter() - began, 1),
    )


def _cut_off(run: Path, copy: Path) -> None:
    """A copy of a run as a kill after its first step would have left it."""
    shutil.copytree(run, copy)
    for name in ("model", "adapter", "checkpoints/step-2"):
        shutil.rmtree(copy / name, ignore_errors=True)
    state = json.loads((copy / STATE).read_text())
    files.write_json(copy / STATE, {**state, "state": "running"})


def _same(run: Path, again: Path) -> str:
    kept = [folder for folder in ("model", "adapter") if (run / folder).is_dir()]
    for folder in kept:
        for path in sorted((run / folder).glob("*.safetensors")):
            if files.sha256_file(path) != files.sha256_file(again / folder / path.name):
                raise RehearsalFailed(
                    f"resumed after its first step, the run ended in another {folder}/{path.name}",
                    repair="please report it with the recipe",
                )
    return "cut off after step 1 and resumed, it ends in the same weights"


def _read_again(run: Path, base: Path) -> list[str]:
    import torch

    from medgpt_cli.models import checkpoint
    from medgpt_cli.workflows.adding import add_adapter
    from medgpt_cli.workflows.naming import model_folder

    if not (run / "model").is_dir():
        return ["its adapter was read again where the stage wrote it"]
    model, _ = checkpoint.load(run / "model", dtype=torch.float32)
    found = ["model/ is read again, every tensor by its name"]
    if (run / "adapter").is_dir():
        merged = model.state_dict()
        anew, _ = checkpoint.load(model_folder(str(base)), dtype=torch.float32)
        add_adapter(anew, run / "adapter")
        off = max(float((merged[key] - each).abs().max()) for key, each in anew.state_dict().items())
        if off > MERGED_WITHIN:
            raise RehearsalFailed(
                f"the merged model and the base with its adapter differ by {off:.1e}",
                repair="please report it with the recipe",
            )
        found.append(f"merged, it is the base with its adapter (largest difference {off:.0e})")
    return found
