"""A page of samples as a model will see them: its tokens, what of them is learnt, pictures as its tower gets them.

The page holds clinical text, so it is written for its owner alone, where the person said, and nothing of it is printed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medgpt_cli.core import console
from medgpt_cli.core.errors import BadImage, NotThere, OutputExists
from medgpt_cli.core.types import Sample
from medgpt_cli.data.dialogue import IGNORED, DialogueEncoder
from medgpt_cli.data.filters.building import build
from medgpt_cli.data.filters.filter import Filter
from medgpt_cli.data.filters.settings import FilterSettings
from medgpt_cli.data.images.flags import flags_of
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.images.tiles import grid_of, tiles_of
from medgpt_cli.data.looking.choosing import Choice
from medgpt_cli.data.looking.counts import form
from medgpt_cli.data.looking.marking import blocks, pieces
from medgpt_cli.data.looking.page import Card, Chip, Shown, data_uri, laid_out, write_page
from medgpt_cli.data.privacy.text import find_text
from medgpt_cli.models.checkpoint import load_processor
from medgpt_cli.models.processor import tokens_per_image
from medgpt_cli.models.tiles import max_tiles
from medgpt_cli.workflows.loading import encoder_of, tiling_of
from medgpt_cli.workflows.naming import model_folder
from medgpt_cli.workflows.samples import find_samples

LOOKED_FOR = FilterSettings(
    boilerplate=True,
    refusals=True,
    repetition=True,
    placeholders=True,
    truncated=True,
    priors=True,
    leaked_answers=True,
)
"""Filters whose objections are shown; they are objections, and nothing was left out for them."""


def write_preview(
    path: Path,
    out: Path,
    *,
    number: int,
    seed: int,
    model: str,
    split: str | None,
    image_root: Path | None,
    online: bool,
    force: bool,
) -> None:
    """Writes the page and prints its path.

    Args:
        path: A prepared set, a record file, or a data set's folder.
        out: The page.
        number: Samples on it.
        seed: Of their choice.
        model: Who will see them.
        split: The split they are chosen from; all when None.
        image_root: The folder image paths of a record file are relative to.
        online: Whether a hub id may be fetched.
        force: Overwrite `out`.

    Raises:
        OutputExists: `out` exists and `force` is not given, or is a folder.
        NotThere: The folder of `out` does not exist.
    """
    if out.is_dir() or (out.exists() and not force):
        what = "is a folder" if out.is_dir() else "exists"
        raise OutputExists(
            f"{out} {what}", repair="name another file with --out, or overwrite with --force"
        )
    if not out.parent.is_dir():
        raise NotThere("there is no such folder", where=str(out.parent), repair="make it, or mend --out")
    found = find_samples(path, image_root=image_root)
    processor = load_processor(model_folder(model, online=online))
    choice: Choice[Sample] = Choice(number, seed)
    for sample in found.samples(split):
        choice.offer(sample)
    encoder, filters = encoder_of(processor), build(LOOKED_FOR)
    cards = [_card(sample, encoder, processor, filters) for sample in choice.items]
    write_page(
        out,
        cards,
        title=str(path) + (f", {split}" if split else ""),
        model=model,
        seen=choice.seen,
        side=processor.image_processor.size["height"],
        max_tiles=max_tiles(processor),
    )
    console.result().print(str(out))


def _card(sample: Sample, encoder: DialogueEncoder, processor: Any, filters: list[Filter]) -> Card:
    record = encoder.encode(sample)
    found = pieces(
        record,
        processor.tokenizer,
        image_id=processor.tokenizer.convert_tokens_to_ids(processor.image_token),
        tokens_per_image=tokens_per_image(processor),
    )
    shown: list[Shown] = []
    flags: list[str] = []
    tiling = tiling_of(processor)
    for image in record.images:
        picture, odd = _picture(image, tiling.size, tiling.max_tiles)
        shown.append(picture)
        flags += odd
    return Card(
        place=str(sample.place),
        chips=[*_facts(sample), *_findings(sample), *_objections(sample, filters), *_flags(flags)],
        images=shown,
        blocks=blocks(found),
        tokens=len(record.input_ids),
        learnt=sum(label != IGNORED for label in record.labels),
    )


def _picture(path: str, side: int, max_tiles: int) -> tuple[Shown, tuple[str, ...]]:
    try:
        picture = open_image(path)
    except BadImage as error:
        return Shown("", error.what), ()
    columns, rows = grid_of(*picture.size, side, max_tiles)
    seen = f"{side} × {side}"
    if columns * rows > 1:
        seen = f"{columns} × {rows} tiles and a thumbnail of {seen}"
    note = f"{picture.width} × {picture.height} pixels, seen at {seen}"
    squares = tiles_of(picture, side, max_tiles)
    return Shown(data_uri(laid_out(squares, columns)), note), flags_of(picture)


def _facts(sample: Sample) -> Iterator[Chip]:
    words = [form(sample), sample.split, sample.source, sample.licence]
    yield from (Chip(word, "fact") for word in words if word)
    yield from (Chip(f"{name}: {value}", "fact") for name, value in sample.facets)


def _findings(sample: Sample) -> Iterator[Chip]:
    """Identifiers by class; the page shows the text itself, so where they stand is plain."""
    texts = [turn.text for turn in sample.turns] + [turn.thinking for turn in sample.turns]
    texts.append("".join(part for part in sample.document if isinstance(part, str)))
    counts = Counter((find.sure, find.identifier.value) for text in texts for find in find_text(text))
    for (sure, name), count in sorted(counts.items(), reverse=True):
        times = f" × {count}" if count > 1 else ""
        word = name.replace("_", " ")
        yield Chip(f"identifies: {word}{times}" if sure else f"may identify: {word}{times}",
                   "finding" if sure else "doubt")  # fmt: skip


def _objections(sample: Sample, filters: list[Filter]) -> Iterator[Chip]:
    for each in filters:
        if reason := each(sample):
            yield Chip(f"{each.name.replace('_', ' ')}: {reason}", "flag")


def _flags(flags: list[str]) -> Iterator[Chip]:
    yield from (Chip(f"picture: {flag}", "flag") for flag in dict.fromkeys(flags))
