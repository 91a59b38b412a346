"""The report of an evaluation: what made its numbers, and whose wrong answers and pictures may stand on it.

Texts stand on the page only where they were kept.  Those of a set that is lent under terms stand there only if its name
was given too: a page is mailed more easily than a log.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from PIL import Image

from medgpt_cli.chat.notice import NOTICE
from medgpt_cli.core.errors import MedGPTError, UsageError
from medgpt_cli.core.nearest import did_you_mean
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.evaluation.outcomes import Outcome
from medgpt_cli.evaluation.page import report
from medgpt_cli.evaluation.page.examples import Picture, Pictures
from medgpt_cli.evaluation.scores import TaskScore
from medgpt_cli.evaluation.tasks.task import Task
from medgpt_cli.workflows.eval_backing import Answering
from medgpt_cli.workflows.eval_settings import Keeping

SIDE = 384
"""Pixels of a picture's longer side on the page."""
MOST = 4
"""Pictures of one question that are shown."""
LENT = (Access.RESTRICTED.value, Access.CREDENTIALED.value)
"""Access under terms that name who may see the data."""


def refuse_names(keeping: Keeping, tasks: Sequence[Task]) -> None:
    """Refuses examples of what is not asked, or without texts.

    Raises:
        UsageError: There is no such task here, or texts are not kept.
    """
    names = [task.name for task in tasks]
    for name in keeping.examples:
        if name not in names:
            raise UsageError(
                f"--examples {name}: no such task is asked",
                repair=did_you_mean(name, names) or f"it is one of {', '.join(names)}",
            )
    if keeping.examples and not keeping.text:
        raise UsageError("--examples shows texts, and none are kept", repair="add --keep-text")


def page_of(
    tasks: Sequence[Task],
    scores: Sequence[TaskScore],
    outcomes: Sequence[Outcome],
    keeping: Keeping,
    facts: Mapping[str, str],
) -> str:
    """The page as HTML.

    Args:
        tasks: What was asked.
        scores: One for each task.
        outcomes: Of all of them.
        keeping: Whether texts were kept, and of which lent sets they may stand on the page.
        facts: What made the numbers, the model's name first.
    """
    return report.render(
        scores,
        outcomes,
        model=facts["model"],
        facts=facts,
        notice=NOTICE,
        pictures=pictures_of(tasks) if keeping.text else None,
        withheld=withheld(tasks, keeping.examples) if keeping.text else {},
    )


def withheld(tasks: Sequence[Task], named: Collection[str]) -> dict[str, str]:
    """Why the wrong answers of a task are not shown, by its name; only of those that are not."""
    return {
        task.name: f"Wrong answers are not shown: the set is {task.access}. They are in samples.jsonl; "
        f"--examples {task.name} shows them here."
        for task in tasks
        if task.access in LENT and task.name not in named
    }


def pictures_of(tasks: Sequence[Task]) -> Pictures:
    """From a task's name and an item's id to the pictures of the question itself, small."""
    items = {(task.name, item.id): item for task in tasks for item in task.items}

    def pictures(task: str, item_id: str) -> list[Picture]:
        item = items[task, item_id]
        own = [item.images[index] for index in item.turns[-1].images]
        shown = [_picture(path) for path in own[:MOST]]
        more = len(own) - MOST
        return [*shown, Picture("", f"and {more} more")] if more > 0 else shown

    return pictures


def _picture(path: str) -> Picture:
    try:
        picture = open_image(path)
    except MedGPTError as error:
        return Picture("", f"cannot be shown: {error.what}")
    note = f"{picture.width} × {picture.height} pixels"
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return Picture("data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii"), note)


def facts_of(
    model: str,
    answering: Answering,
    machine: Mapping[str, Any],
    scores: Sequence[TaskScore],
    hashes: Mapping[str, str],
) -> dict[str, str]:
    """What made the numbers, in words.

    Args:
        model: What the model is called.
        answering: Who answered: its hashes; device and number format, or the endpoint.
        machine: Versions and hardware, as `manifest.environment` tells them.
        scores: Of all tasks.
        hashes: Of the files beside the page.
    """
    facts = {"model": model}
    for name, value in answering.hashes.document.items():
        facts[name.replace("_hash", " SHA-256")] = value or "not told"
    packages = machine["packages"]
    for name, value in answering.words.items():
        if name == "reports":
            facts |= {f"{metric}, read by": str(each["read_by"]) for metric, each in value.items()}
        elif name not in ("code", "extracted", *packages):
            facts[name.replace("_", " ")] = str(value)
    facts |= {f"data SHA-256 of {score.task}": score.data_hash for score in scores if not score.effect}
    facts |= {f"SHA-256 of {name}": value for name, value in hashes.items()}
    facts["medgpt"] = f"{machine['medgpt']}, code {machine['code'][:12]}"
    facts["machine"] = f"{machine['platform']}, {machine['cores']} cores, Python {machine['python']}"
    facts["packages"] = ", ".join(f"{name} {version}" for name, version in packages.items())
    return facts
