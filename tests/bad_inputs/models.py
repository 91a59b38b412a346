"""Models that are not there, not whole or not ours, through the loaders every command uses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from medgpt_cli.workflows.naming import model_folder
from tests.bad_inputs.case import Case

WORDS = "tiny, tiny-untrained, tiny-siglip, small"


def named(
    name: str,
    ref: str,
    says: str,
    code: str,
    exit_code: int = 3,
    make: Callable[[], object] | None = None,
) -> Case:
    """A model's name that means nothing here."""

    def refused() -> object:
        if make is not None:
            make()
        return model_folder(ref)

    return Case(name, refused, says, code, exit_code)


def folder(name: str, files: dict[str, str], what: str, repair: str) -> Case:
    """A folder `m` with these files, refused as a checkpoint."""

    def refused() -> object:
        from medgpt_cli.models import checkpoint

        Path("m").mkdir()
        for file, text in files.items():
            (Path("m") / file).write_text(text)
        return checkpoint.load(Path("m"))

    return Case(name, refused, f"m  {what}\n{repair}", "BAD_CHECKPOINT")


def unfinished() -> None:
    """A run that was begun and never ended."""
    Path("r").mkdir()
    Path("r/state.json").write_text(json.dumps({"state": "running", "kind": "sft"}))


CASES = [
    named(
        "model: no such folder",
        "nowhere",
        f"there is no model folder nowhere\nname a run folder, a checkpoint folder, a hub id, or one of: {WORDS}",
        "NOT_FOUND",
    ),
    named(
        "model: a path that goes nowhere",
        "a/b/c",
        f"there is no model folder a/b/c\nname a run folder, a checkpoint folder, a hub id, or one of: {WORDS}",
        "NOT_FOUND",
    ),
    named(
        "model: an unfinished run",
        "r",
        "the run in r has not finished\n"
        "run its command again with --resume, or name one of its checkpoints/step-N",
        "BAD_CHECKPOINT",
        make=unfinished,
    ),
    named(
        "model: a hub id while offline",
        "someone/some-model",
        "the model someone/some-model is not in this machine's cache\n"
        "fetch it on a machine with network: medgpt chat --model someone/some-model --online",
        "MISSING",
        5,
    ),
    folder(
        "checkpoint: an empty folder",
        {},
        "there is no config.json",
        "name a run folder or a checkpoint folder",
    ),
    folder(
        "checkpoint: config.json is not JSON",
        {"config.json": "{"},
        "config.json is not JSON",
        "copy it from its source",
    ),
    folder(
        "checkpoint: a language model alone",
        {"config.json": '{"model_type": "gpt_oss"}'},
        "this is a gpt_oss model, not a LLaVA model",
        "join it with a vision tower: model.llm=… model.vision=…",
    ),
    folder(
        "checkpoint: a list for a configuration",
        {"config.json": "[]"},
        "this is a nameless model, not a LLaVA model",
        "join it with a vision tower: model.llm=… model.vision=…",
    ),
    folder(
        "checkpoint: no weights",
        {"config.json": '{"model_type": "llava"}'},
        "there are no weights",
        "copy the *.safetensors files here",
    ),
    folder(
        "checkpoint: pickled weights",
        {"config.json": '{"model_type": "llava"}', "pytorch_model.bin": "x"},
        "the weights are pickled, and a pickle can run any code",
        "convert them to safetensors on a machine you can throw away",
    ),
    folder(
        "checkpoint: no processor",
        {"config.json": '{"model_type": "llava"}', "model.safetensors": "x"},
        "the processor files cannot be read",
        "copy the whole folder from its source",
    ),
]
"""Refusals of models, to the letter."""
