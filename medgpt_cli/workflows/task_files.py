"""The tasks a person names: one that comes with medgpt, a file that declares one, or one's own records.

What is declared says itself what is asked and how; one's own records are asked as they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from medgpt_cli.core import console
from medgpt_cli.core.errors import BadRecord, InputError, UsageError
from medgpt_cli.core.nearest import did_you_mean
from medgpt_cli.core.wording import counted
from medgpt_cli.data.prepared.raw import source_at
from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.evaluation.items import Item, Kind, Rules, items_from
from medgpt_cli.evaluation.shots import draw, shots_hash, with_shots
from medgpt_cli.evaluation.tasks import catalogue
from medgpt_cli.evaluation.tasks.declaration import OURS, Declaration, read_declaration
from medgpt_cli.evaluation.tasks.prompts import Prompt, prompted
from medgpt_cli.evaluation.tasks.shared_prompts import PROMPTS, default_measures, default_prompt
from medgpt_cli.evaluation.tasks.task import AS_WRITTEN, Task, task_names
from medgpt_cli.workflows.own_records import other_samples, read_questions
from medgpt_cli.workflows.task_places import place_of
from medgpt_cli.workflows.task_records import Gathered, content_hash, gather

DECLARED = (".yaml", ".yml")
AS_IT_STANDS = Prompt("{question}\n{options}")
"""A question with its options as records are written, so that only their order can change."""
LIKELIHOOD = ("accuracy_likelihood", "accuracy_likelihood_norm")
"""What is measured where options are chosen by likelihood and nothing is written."""


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """How every task of a run is asked.

    Attributes:
        data: The folder the public sets lie in or below.
        profile: Name of the prompt profile; each task's own default when None.
        shots: Answered examples before each question.
        limit: Questions of each task at most, from the front.
        max_new_tokens: Tokens an answer may take; the task's own limit when None.
        shuffle: Seed by which options are put into another order than the profile has them; None leaves them.
    """

    data: Path = Path()
    profile: str | None = None
    shots: int = 0
    limit: int | None = None
    max_new_tokens: int | None = None
    shuffle: int | None = None


def read_tasks(words: Sequence[str], settings: TaskSettings | None = None) -> list[Task]:
    """The tasks a person named.

    Args:
        words: Names of tasks, files that declare one, record files, prepared sets, or folders of data sets.
        settings: How they are asked.

    Raises:
        UsageError: None is named, one is named twice, or there is no such task or profile.
        NotThere: There is no such file, or the data of a task are not where they were looked for.
        BadRecipe: A file that declares a task is wrong.
        BadRecord: Records cannot be asked; all of them are told.
        InputError: There is nothing to ask, or there are too few examples.
    """
    settings = settings or TaskSettings()
    if not words:
        raise UsageError("no task was named", repair="add --task slake or --task my.jsonl")
    if len(set(words)) < len(words):
        raise UsageError("a task is named twice", repair="name each --task once")
    known = {word for word in words if word in catalogue.names()}
    paths = [word for word in words if word not in known]
    called = dict(zip(paths, task_names(paths), strict=True)) | {word: word for word in known}
    return [_read(word, called[word], settings) for word in words]


def _read(word: str, name: str, settings: TaskSettings) -> Task:
    if word in catalogue.names():
        return _declared(name, catalogue.find(word), settings)
    path = Path(word)
    if path.suffix in DECLARED:
        return _declared(name, read_declaration(path), settings, path.parent)
    if not path.exists() and not path.suffix and "/" not in word:
        catalogue.find(word)  # tells the nearest name
    return _own(name, path, settings)


def _declared(name: str, declared: Declaration, settings: TaskSettings, beside: Path = Path()) -> Task:
    prompts = declared.prompts
    profile = settings.profile or next(iter(prompts))
    if profile not in prompts:
        raise _no_profile(profile, name, prompts)
    prompt = _moved(prompts[profile], settings.shuffle)
    place = None if declared.records else place_of(name, declared, settings.data)
    folder = place.folder if place else beside / declared.records
    source = source_at(folder, adapter=place.adapter.name if place else "")
    given = source_at(folder, adapter=declared.given) if declared.given else None
    found = gather(declared, source, shots=bool(settings.shots), given=given)
    rules = Rules(
        kind=declared.kind,
        longest=None if declared.reads else Rules().longest,
        letters=declared.letters,
        mixed=declared.mixed,
        cluster=declared.cluster,
    )
    items = _items(name, declared, found, folder, rules)
    examples, _ = items_from(found.examples, rules)
    asked, part, digest = _asked(
        name,
        items,
        examples,
        settings,
        lambda item: prompted(item, prompt, found.given.get(item.id, "")),
        declared.shots_alike,
    )
    choices_by = (prompt.choices_by or declared.choices_by) if declared.kind is Kind.CHOICE else "none"
    return Task(
        name,
        content_hash(found.asked, folder),
        asked,
        part,
        settings.max_new_tokens or prompt.max_new_tokens or declared.limit,
        version=declared.version,
        title=declared.title,
        kind=declared.kind,
        profile=profile,
        shots=settings.shots,
        shots_hash=digest,
        measures=LIKELIHOOD if choices_by == "likelihood" else declared.measured,
        choices_by=choices_by,
        likelihood_of=prompt.likelihood_of,
        licence=place.adapter.licence if place else "",
        access=source.access,
        sources=declared.sources,
        cluster=declared.cluster,
    )


def _items(name: str, declared: Declaration, found: Gathered, folder: Path, rules: Rules) -> list[Item]:
    items, complaints = items_from(found.asked, rules)
    complaints = found.complaints + complaints
    if complaints:
        raise BadRecord(
            f"{len(complaints)} of {counted(found.rows, 'row')} cannot be asked",
            where=str(folder),
            repair="mend them, or name the fault under leaves_out in a task file of your own",
            complaints=complaints,
        )
    if not items:
        raise InputError(
            f"none of its {counted(found.rows, 'row')} is a question of {name}",
            where=str(folder),
            repair=f"put {declared.put} there"
            if declared.put
            else "mend splits and filters in the task file",
        )
    for fault, rows in found.left_out.items():
        console.say(f"{name}: rows left out because {fault}: {rows:,}")
    if declared.published not in (None, len(items)):
        console.warn(f"{name}: {counted(len(items), 'question')} here, {declared.published:,} published")
    return items


def _own(name: str, path: Path, settings: TaskSettings) -> Task:
    profile = settings.profile or AS_WRITTEN
    if profile not in (AS_WRITTEN, OURS):
        raise _no_profile(profile, name, (AS_WRITTEN, OURS))
    samples, data_hash = read_questions(path)
    items, complaints = items_from(samples)
    if complaints:
        raise BadRecord(
            f"{len(complaints)} of {counted(len(samples), 'record')} cannot be scored",
            where=str(path),
            complaints=complaints,
        )
    examples, _ = items_from(other_samples(path, samples)) if settings.shots else ([], [])

    def said(item: Item) -> Item:
        if profile == OURS:
            return prompted(item, _moved(PROMPTS[default_prompt(item.kind)], settings.shuffle))
        moves = settings.shuffle is not None and item.options
        return prompted(item, _moved(AS_IT_STANDS, settings.shuffle)) if moves else item

    asked, part, digest = _asked(name, items, examples, settings, said)
    kinds = {item.kind for item in items}
    kind = Kind.CHOICE if kinds == {Kind.CHOICE} else Kind.SHORT
    return Task(
        name,
        data_hash,
        asked,
        part,
        settings.max_new_tokens,
        kind=kind,
        profile=profile,
        shots=settings.shots,
        shots_hash=digest,
        measures=default_measures(kind),
        choices_by="text" if Kind.CHOICE in kinds else "none",
        access=source_at(path).access if path.is_dir() else Access.LOCAL.value,
    )


def _asked(
    name: str,
    items: Sequence[Item],
    examples: Sequence[Item],
    settings: TaskSettings,
    said: Callable[[Item], Item],
    alike: Sequence[str] = (),
) -> tuple[list[Item], int | None, str]:
    """Questions as they are said, examples in front: (items, what they were limited to, hash of the examples)."""
    part = settings.limit if settings.limit is not None and settings.limit < len(items) else None
    asked = [said(item) for item in items[:part]]
    if not settings.shots:
        return asked, part, ""
    try:
        drawn = draw(items, examples, settings.shots, alike=alike)[:part]
    except InputError as error:
        error.where = error.where or name
        raise
    worded = {each.id: said(each) for shots in drawn for each in shots}
    shown = [tuple(worded[each.id] for each in shots) for shots in drawn]
    merged = [with_shots(item, shots) for item, shots in zip(asked, shown, strict=True)]
    return merged, part, shots_hash(shown)


def _moved(prompt: Prompt, seed: int | None) -> Prompt:
    return prompt if seed is None else msgspec.structs.replace(prompt, shuffle=seed)


def _no_profile(profile: str, name: str, known: Iterable[str]) -> UsageError:
    names = list(known)
    return UsageError(
        f"{name} has no prompt profile {profile!r}",
        repair=did_you_mean(profile, names) or f"it has {', '.join(names)}",
    )
