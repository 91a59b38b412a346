"""Answered examples before a chat's first question, said as in training and evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.core.in_context import Spoken, after_examples
from medgpt_cli.core.types import Generate, Reply, Turn
from medgpt_cli.data.images.check import check_images
from medgpt_cli.data.records import read_records


def examples_in(path: Path) -> list[Spoken]:
    """The dialogues of a record file, in its order, old reasoning left out.

    Raises:
        NotThere: There is no such file.
        BadRecord: A record or one of its images cannot be used, or a record is no dialogue.
    """
    samples = read_records(path).samples
    if bad := check_images(samples, decode=True):
        raise BadRecord("images of the examples cannot be shown", where=str(path), complaints=bad)
    for sample in samples:
        if not sample.turns:
            raise BadRecord(
                "is a plain document and no example",
                where=str(sample.place),
                repair="examples have a question and an answer",
            )
    return [
        ([Turn(turn.role, turn.parts) for turn in sample.turns], sample.images) for sample in samples
    ]


def behind(examples: Sequence[Spoken], generate: Generate) -> Generate:
    """The model as it answers when every dialogue begins with the examples."""

    def answer(turns: Sequence[Turn], images: Sequence[str], **words: Any) -> Reply:
        return generate(*after_examples(examples, (turns, images)), **words)

    return answer
