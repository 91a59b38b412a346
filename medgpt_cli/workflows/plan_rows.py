"""The rows a stage would train on, as far as a plan asks: how many, how full, how many images.

With data named they are the very rows of the first pass, packed as training packs them.  Without, they are assumed,
and the assumption is a sentence that the plan prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import BadRecord, Complaint
from medgpt_cli.core.types import Sample
from medgpt_cli.core.wording import counted
from medgpt_cli.data.dialogue import IGNORED
from medgpt_cli.data.images.tiling import Tiling
from medgpt_cli.data.prepared.opening import PreparedSet, is_prepared
from medgpt_cli.data.records import read_records
from medgpt_cli.models.checkpoint import load_processor
from medgpt_cli.models.tiles import set_max_tiles
from medgpt_cli.training.micro_batches import MicroBatch, require_room, rows_of_pass
from medgpt_cli.training.packing import fill
from medgpt_cli.training.plan.activations import Batch
from medgpt_cli.training.plan.shapes import Shape
from medgpt_cli.workflows import training_files
from medgpt_cli.workflows.fitting import own_learnt
from medgpt_cli.workflows.loading import encoder_of
from medgpt_cli.workflows.mix import examples_of, mixture_of

CHARACTERS = 4.0
"""Characters of a token where there is no tokenizer to ask; what English text has in large vocabularies."""
FRAME = 64
"""Tokens of a dialogue's frame, where there is no template to ask."""
TOKENS = 1_000_000_000
"""Tokens that are planned for where no data are named."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What a stage trains on.

    Attributes:
        records: How many; None where they are assumed.
        tokens: Of one pass.
        count: Rows of one pass.
        fill: The share of a row's tokens that records fill, 0 to 1; 1 where a row is one record.
        longest: Tokens of the longest record.
        fullest: One of the rows of the fullest micro-batch.
        average: An average row.
        basis: Where the numbers come from, as a sentence.
    """

    records: int | None
    tokens: int
    count: int
    fill: float
    longest: int
    fullest: Batch
    average: Batch
    basis: str


@dataclass(frozen=True, slots=True)
class _Size:
    tokens: int
    learnt: int
    tiles: int


def rows_of(recipe: Any, shape: Shape, folder: Path | None, batch: MicroBatch) -> Rows:
    """The rows of a recipe.

    Args:
        recipe: A stage recipe.
        shape: The model.
        folder: Of the model's tokenizer; None where there is none, and characters are counted.
        batch: What a forward pass of a device takes in.

    Raises:
        NotThere: A data file does not exist.
        BadRecord: A record is longer than `train.max_length`, or there is none.
        BadRecipe: A forward pass does not hold the longest record.
    """
    if not recipe.data.mix:
        return _assumed(recipe, shape, batch)
    paths = [Path(source.path) for source in recipe.data.mix]
    training_files.require_files(paths)
    root = Path(recipe.data.image_root) if recipe.data.image_root else None
    found = [_samples(path, root)[: recipe.data.limit] for path in paths]
    if not any(found):
        raise BadRecord(
            "there is no record to train on", where=str(paths[0]), repair="medgpt data check"
        )
    asked = examples_of(recipe, found)
    samples = [sample for each in asked for sample in each.samples]
    firsts = [first for each in asked for first in each.own_from]
    sizes = (
        _estimated(samples, firsts, shape, recipe.model.max_tiles or 1)
        if folder is None
        else _measured(samples, firsts, folder, recipe.model.max_tiles)
    )
    _refuse_long(samples, sizes, recipe.train.max_length)
    lengths = [size.tokens for size in sizes]
    order = mixture_of(recipe, [len(each) for each in found], lengths).of_pass(0).tolist()
    require_room(recipe.train, lengths, batch.processes)
    rows = rows_of_pass(
        recipe.train,
        order,
        lengths,
        [size.tiles for size in sizes],
        processes=batch.processes,
        seed=recipe.train.seed,
    )
    filled = 1.0 if batch.row_tokens is None else fill(rows, lengths, batch.row_tokens)
    how = (
        "tokens counted with the model's own tokenizer and template"
        if folder is not None
        else f"{CHARACTERS:g} characters a token and {FRAME} tokens of frame a record are assumed, "
        "since a shape has no tokenizer"
    )
    return Rows(
        len(sizes),
        sum(lengths[number] for row in rows for number in row),
        len(rows),
        filled,
        max(lengths),
        _fullest(rows, sizes, batch.rows),
        _mean(rows, sizes),
        f"{counted(len(sizes), 'record')}; {how}",
    )


def _assumed(recipe: Any, shape: Shape, batch: MicroBatch) -> Rows:
    record = min(recipe.train.max_length, batch.row_tokens or recipe.train.max_length)
    length = batch.row_tokens or record
    tiles = max(1, length // (2 * shape.tower.handed_on))
    if recipe.train.packing:
        tiles = min(tiles, recipe.train.max_images)
    row = Batch(length, length // 2, tiles, float(record))
    records = "one record" if record == length else f"records of {record:,} tokens"
    return Rows(
        None,
        TOKENS,
        -(-TOKENS // length),
        1.0,
        record,
        row,
        row,
        f"no data named: {TOKENS:,} tokens are assumed, in full rows of {records} with {counted(tiles, 'image')} each, "
        "half of the tokens learnt",
    )


def _samples(path: Path, root: Path | None) -> list[Sample]:
    if is_prepared(path):
        return list(PreparedSet.open(path).samples(training_files.TRAIN))
    return list(read_records(path, image_root=root, max_bad=None).samples)


def _measured(
    samples: Sequence[Sample], firsts: Sequence[int], folder: Path, max_tiles: int | None
) -> list[_Size]:
    processor = load_processor(folder)
    if max_tiles is not None:
        set_max_tiles(processor, max_tiles)
    encoder = encoder_of(processor)
    sizes = []
    for sample, first in zip(samples, firsts, strict=True):
        record = encoder.encode(sample)
        if first:
            record = own_learnt(record, sample, first, encoder)
        learnt = sum(label != IGNORED for label in record.labels)
        sizes.append(_Size(len(record.input_ids), learnt, record.shown))
    return sizes


def _estimated(
    samples: Sequence[Sample], firsts: Sequence[int], shape: Shape, max_tiles: int
) -> list[_Size]:
    tiling = Tiling(shape.tower.side, max_tiles)
    sizes = []
    for sample, first in zip(samples, firsts, strict=True):
        said = _text(sample.document) + sum(
            len(turn.thinking) + _text(turn.parts)
            for turn in sample.turns[first:]
            if turn.role == "assistant"
        )
        asked = (
            _text(sample.document)
            - said
            + sum(len(turn.thinking) + _text(turn.parts) for turn in sample.turns)
        )
        tiles = sum(map(tiling.count, sample.images))
        text = round((said + asked) / CHARACTERS) + (FRAME if sample.turns else 1)
        sizes.append(_Size(text + tiles * shape.tower.handed_on, round(said / CHARACTERS) + 1, tiles))
    return sizes


def _text(parts: Sequence[str | int]) -> int:
    return sum(len(part) for part in parts if isinstance(part, str))


def _refuse_long(samples: Sequence[Sample], sizes: Sequence[_Size], limit: int) -> None:
    long = [
        Complaint(f"is {size.tokens:,} tokens long", str(sample.place))
        for sample, size in zip(samples, sizes, strict=True)
        if size.tokens > limit
    ]
    if long:
        raise BadRecord(
            f"{counted(len(long), 'record is', 'records are')} longer than train.max_length={limit:,}",
            repair="raise train.max_length, or split the records",
            complaints=long,
        )


def _fullest(rows: Sequence[tuple[int, ...]], sizes: Sequence[_Size], together: int) -> Batch:
    """One of the rows of a micro-batch that takes the longest rows, those with most images and most to learn."""

    def most(of_record: Sequence[int]) -> int:
        largest = sorted((sum(of_record[number] for number in row) for row in rows), reverse=True)[
            :together
        ]
        return -(-sum(largest) // len(largest))

    tokens = [size.tokens for size in sizes]
    return Batch(
        most(tokens),
        most([size.learnt for size in sizes]),
        most([size.tiles for size in sizes]),
        sum(tokens) / len(tokens),
    )


def _mean(rows: Sequence[tuple[int, ...]], sizes: Sequence[_Size]) -> Batch:
    chosen = [sizes[number] for row in rows for number in row]
    tokens = sum(size.tokens for size in chosen)
    return Batch(
        round(tokens / len(rows)),
        round(sum(size.learnt for size in chosen) / len(rows)),
        round(sum(size.tiles for size in chosen) / len(rows)),
        tokens / len(chosen),
    )
