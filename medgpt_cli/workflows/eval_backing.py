"""Who answers the questions of an evaluation: a model on this machine, or an endpoint; with or without a memory.

Nothing is loaded before it is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from medgpt_cli.core import distributed
from medgpt_cli.core.cache import cache_dir
from medgpt_cli.core.errors import NotThere
from medgpt_cli.core.manifest import code_hash, versions
from medgpt_cli.core.types import MAX_NEW_TOKENS, AnswerMany, Reply, Request
from medgpt_cli.data.images.hashing import hash_picture
from medgpt_cli.data.images.references import read_reference
from medgpt_cli.evaluation.answer_cache import AnswerCache, Remembering
from medgpt_cli.evaluation.hashes import Hashes
from medgpt_cli.evaluation.tasks.task import Task
from medgpt_cli.workflows.eval_settings import EvalSettings


@dataclass(frozen=True)
class Answering:
    """Somebody ready to answer.

    Attributes:
        hashes: By what its answers are known.
        answer: Answers many questions.
        words: What stands in the manifest: the device and its number format, or the endpoint.
    """

    hashes: Hashes
    answer: AnswerMany
    words: dict[str, Any]

    def for_task(self, task: Task, remembered: AnswerCache | None) -> AnswerMany:
        """Who answers a task: with a memory, where there is one."""
        if remembered is None:
            return self.answer
        scope = [
            self.hashes.identity[1],
            repr(sorted(self.words.items())),
            f"{task.name}@{task.version}",
        ]
        return Remembering(self.answer, remembered, scope, picture_hash)


def as_recorded(manifest: Mapping[str, Any]) -> Answering:
    """Who answered a finished evaluation; nobody is loaded, and nobody can be asked."""

    def nobody(requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        raise RuntimeError("a finished evaluation asks nobody")

    return Answering(Hashes.read(manifest), nobody, manifest["answering"])


def name_of(settings: EvalSettings) -> str:
    """What the model is called, without loading it."""
    if settings.backing.endpoint is not None:
        return settings.backing.endpoint_model or settings.backing.endpoint
    if settings.adapter is not None:
        return f"{settings.model} with {settings.adapter}" if settings.model else settings.adapter
    from medgpt_cli.workflows import loading

    return settings.model or loading.default_model()


def limited(tasks: Sequence[Task], settings: EvalSettings, name: str) -> list[Task]:
    """The tasks, each with the longest answer it may take: where it names none, that of whoever answers.

    Args:
        tasks: What is asked.
        settings: What was asked for.
        name: How the model is named.
    """
    if all(task.max_new_tokens is not None for task in tasks):
        return list(tasks)
    if settings.backing.endpoint is not None:
        longest = MAX_NEW_TOKENS
    else:
        from medgpt_cli.workflows import loading

        longest = loading.reply_limit(settings.adapter or name)
    return [replace(task, max_new_tokens=task.max_new_tokens or longest) for task in tasks]


def check_there(settings: EvalSettings, name: str) -> None:
    """Refuses a model that is not there, before anything is written.

    Raises:
        NotThere, Missing, BadCheckpoint, HashMismatch: As `naming.named_model` says.
    """
    if settings.backing.endpoint is None:
        from medgpt_cli.workflows import naming

        own = settings.model if settings.adapter is not None else name
        naming.named_model(own, settings.adapter, online=settings.backing.online)


def in_tiles(tasks: Sequence[Task], settings: EvalSettings, name: str) -> list[Task]:
    """The tasks, those with pictures told in how many tiles the model is shown one; of an endpoint nobody knows.

    Args:
        tasks: What is asked.
        settings: What was asked for.
        name: How the model is named.
    """
    if settings.backing.endpoint is not None:
        return list(tasks)
    from medgpt_cli.models.tiles import tiles_of
    from medgpt_cli.workflows import naming

    own = settings.model if settings.adapter is not None else name
    try:
        named = naming.named_model(own, settings.adapter, online=settings.backing.online)
    except NotThere:  # whoever opens it says so
        return list(tasks)
    tiles = tiles_of(named.folder, named.adapter)
    return [
        replace(task, max_tiles=tiles) if any(item.images for item in task.items) else task
        for task in tasks
    ]


def opened(settings: EvalSettings, name: str) -> Answering:
    """Loads the model, or finds the endpoint.

    Args:
        settings: What was asked.
        name: How the model is named.
    """
    if settings.backing.endpoint is not None:
        return _endpoint(settings)
    from medgpt_cli.core.device import pick_device, pick_dtype
    from medgpt_cli.workflows import loading

    device, _ = pick_device()
    if device == "cuda" and distributed.ranks() > 1:
        import torch

        # More processes than devices share them.
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
    own = settings.model if settings.adapter is not None else name
    loaded = loading.load_model(own, settings.adapter, online=settings.backing.online)
    words = {
        "device": device,
        "dtype": pick_dtype(device)[0],
        "code": code_hash(),
        **versions(("torch", "transformers")),
    }
    return Answering(Hashes(loaded.hash), loaded.answer, words)


def _endpoint(settings: EvalSettings) -> Answering:
    from medgpt_cli.workflows.endpoints import endpoint_from

    backing = settings.backing
    assert backing.endpoint is not None
    found = endpoint_from(
        backing.endpoint,
        backing.endpoint_model,
        backing.endpoint_key,
        backing.online,
        key_file=backing.token_file,
        picture_size=backing.picture_size,
    )
    return Answering(Hashes(endpoint=found.hash), found, dict(found.identity))


def remembered() -> AnswerCache:
    """The answers that this user keeps."""
    return AnswerCache(cache_dir() / "answers")


def picture_hash(reference: str) -> str:
    """A hash of what a reference shows: the file's bytes, and which picture in it is meant.

    Raises:
        OSError: The file cannot be read.
    """
    return hash_picture(reference).hex() + reference[len(read_reference(reference).path) :]
