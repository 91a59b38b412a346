"""What was asked for: the words of the command line and the recipe, as sources to read and options to decide by."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from medgpt_cli.core.errors import NotThere, UsageError
from medgpt_cli.core.recipe import STAGES, Resolved, read_recipe
from medgpt_cli.data.filters.building import build
from medgpt_cli.data.filters.settings import FilterSettings
from medgpt_cli.data.jsonl import STDIN
from medgpt_cli.data.prepared.judging import Settings
from medgpt_cli.data.prepared.planning import Options
from medgpt_cli.data.prepared.raw import RECORDS, Source, source_at
from medgpt_cli.data.sources import registry
from medgpt_cli.workflows.prep.fitting import scorer
from medgpt_cli.workflows.prep.working import Share, Work


class Asked(NamedTuple):
    """Everything a preparation needs to know.

    Attributes:
        resolved: The recipe.
        sources: What is read.
        work: What processes are told.
        options: How the whole is divided.
    """

    resolved: Resolved
    sources: list[Source]
    work: Work
    options: Options


def understand(
    words: Sequence[str],
    *,
    recipe: str | None,
    against: Sequence[str],
    image_root: Path | None,
    max_bad: int | None,
    out: Path | None,
) -> Asked:
    """Reads the recipe and finds the sources.

    Args:
        words: Sources (`PATH` or `NAME=PATH`) and `KEY=VALUE` words, as typed.
        recipe: A recipe's name or file; `data` when None.
        against: Evaluation sets.
        image_root: Folder that image paths are relative to.
        max_bad: Bad records allowed.
        out: Where the set shall stand.

    Raises:
        UsageError: No adapter has that name, or the result would stand inside a source.
        BadRecipe: The recipe is not valid.
        NotThere: A source, or an evaluation set, does not exist, or none was named.
        InputError: Nothing says how a source is to be read.
    """
    named, overrides = _told_apart(words)
    resolved = read_recipe(
        recipe or "data",
        stage="data",
        overrides=overrides,
        flags={
            "SOURCE": named,
            "--against": list(against),
            "--image-root": str(image_root) if image_root else None,
            "--max-bad": max_bad,
        },
    )
    data = resolved.recipe.data
    if not data.sources:
        raise NotThere("no source was named", repair="medgpt data prep local.jsonl --out prepared")
    told = []
    sources = []
    for each in data.sources:
        root = each.image_root or data.image_root
        if Path(each.path) == STDIN:
            raise UsageError(
                "a preparation reads its sources more than once, and standard input can be read only once",
                repair="save the records to a file and name it",
            )
        source = source_at(
            Path(each.path),
            adapter=each.adapter or "",
            columns=each.columns,
            image_root=Path(root) if root else None,
            cap=each.cap,
            cut=each.cut,
        )
        _refuse_inside(out, source)
        sources.append(source)
        told.append(
            {
                "path": source.path,
                "adapter": "" if each.columns else source.name,
                "columns": each.columns,
                "image_root": Path(root) if root else None,
                "cap": source.cap,
                "cut": source.cut,
            }
        )
    for path in data.against:
        if not Path(path).exists():
            raise NotThere(f"there is no evaluation set {path}", repair="name a JSONL file or a folder")
    filters = resolved.recipe.filters
    settings = Settings(
        embed=resolved.recipe.output.images == "embed",
        filters=FilterSettings(**{name: getattr(filters, name) for name in FilterSettings.__slots__}),
        against=tuple(data.against),
        towers=filters.mismatch.model or "",
        max_unread=data.max_unread,
        published=resolved.recipe.splits.published or not data.against,  # nothing else is judged by it
    )
    if model := resolved.recipe.output.tokenizer:
        from medgpt_cli.workflows.prep.lengths import counter

        counter(model)  # one that cannot be read is told before anything is judged
    if settings.towers:
        scorer(settings.towers)  # likewise
    build(settings.filters)  # an unknown language or flag is told before anything is read
    work = Work(out or Path(), tuple(told), settings, resolved.recipe.output.block)
    return Asked(resolved, sources, work, _options(resolved.recipe))


def _options(recipe: Any) -> Options:
    return Options(
        shares={name: getattr(recipe.splits, name) for name in ("train", "validation", "test")},
        seed=recipe.splits.seed,
        published=recipe.splits.published,
        texts=recipe.duplicates.text,
        images=recipe.duplicates.image,
        max_per_cluster=recipe.duplicates.max_per_cluster,
        misfits=recipe.filters.mismatch.percentile if recipe.filters.mismatch.model else None,
        strict=recipe.gates.phi.level == "strict",
        attested=recipe.gates.phi.attest.classes,
    )


def share_of(text: str | None) -> Share:
    """`3/8` as the third of eight shares, counted from 1.

    Raises:
        UsageError: It is not written so.
    """
    if text is None:
        return Share(0, 1)
    number, slash, of = text.partition("/")
    if not (slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise UsageError(
            f"--shards {text} is no share", repair="write the third of eight as --shards 3/8"
        )
    return Share(int(number) - 1, int(of))


def again(words: Sequence[str], out: Path, *, add: Sequence[str] = (), **flags: Any) -> str:
    """The command line that goes on with a preparation, with more words where they are needed."""
    line = ["medgpt", "data", "prep", *words, *add, "--out", str(out)]
    for name, value in flags.items():
        flag = "--" + name.replace("_", "-")
        for one in value if isinstance(value, list) else [value]:
            line += [flag, str(one)] if one is not None else []
    return shlex.join([*line, "--resume"])


def _told_apart(words: Sequence[str]) -> tuple[list[dict[str, str]], list[str]]:
    """(sources, KEY=VALUE words)."""
    fields = STAGES["data"].model_fields
    named: list[dict[str, str]] = []
    overrides: list[str] = []
    for word in words:
        left, equals, right = word.partition("=")
        if not equals or Path(word).exists():
            named.append({"path": word})
        elif left.partition(".")[0] in fields or not Path(right).exists():
            overrides.append(word)
        else:
            name = left if left == RECORDS else registry.find(left).name
            named.append({"path": right, "adapter": name})
    return named, overrides


def _refuse_inside(out: Path | None, source: Source) -> None:
    """A result inside a source would be read as part of it the next time."""
    if out is None:
        return
    place, read = out.resolve(), source.path.resolve()
    if (
        place == read
        or read.is_relative_to(place)
        or (source.path.is_dir() and place.is_relative_to(read))
    ):
        raise UsageError(f"{out} and the source {source.path} overlap", repair="name another --out")
