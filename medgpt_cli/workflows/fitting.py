"""Records encoded, and those that a row does not hold refused or parted, as the recipe says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, NamedTuple

from medgpt_cli.core.errors import BadRecord, Complaint
from medgpt_cli.core.types import Sample
from medgpt_cli.data.dialogue import IGNORED, Encoded
from medgpt_cli.data.encoded_rows import EncodedRows
from medgpt_cli.data.overlong import part


@dataclass
class Fitted:
    """Encoded records, each of which a row holds.

    Attributes:
        rows: File after file.
        counts: How many of them each file gave.
        parted: Records that became several.
        pieces: How many these became.
    """

    rows: EncodedRows
    counts: list[int] = field(default_factory=list)
    parted: int = 0
    pieces: int = 0


class _Long(NamedTuple):
    """A record that a row does not hold.

    Attributes:
        place: File and line.
        tokens: How long it is.
        pictures: That it shows.
        images: What they are to the tower: tiles, or pictures shown whole.
    """

    place: str
    tokens: int
    pictures: int
    images: int


def fit(
    files: Sequence[Sequence[Sample]],
    encoder: Any,
    train: Any,
    own_from: Sequence[Sequence[int]] | None = None,
) -> Fitted:
    """Encodes records.

    Args:
        files: The samples of each file.
        encoder: From samples to ids and labels.
        train: The recipe's `train` section.
        own_from: For each sample the number of its own first turn behind the system turn, where answered examples
            stand before it, which are read and not learnt; else 0.

    Raises:
        BadRecord: Some are longer than `train.max_length`, or show more images than `train.max_images` where rows are
            packed; and are not to be parted or cannot be.
    """
    may_part = train.overlong == "split"
    found = Fitted(EncodedRows(), [0] * len(files))
    long: list[_Long] = []

    def held(record: Encoded) -> bool:
        few = not train.packing or record.shown <= train.max_images
        return bool(few and len(record.input_ids) <= train.max_length)

    def encoded(number: int) -> Iterator[Encoded]:
        firsts = repeat(0, len(files[number])) if own_from is None else own_from[number]
        each = zip(files[number], encoder.encode_all(files[number]), firsts, strict=True)
        for sample, read, first in each:
            whole = own_learnt(read, sample, first, encoder) if first else read
            if held(whole):
                found.counts[number] += 1
                yield whole
                continue
            pieces = part(sample, lambda piece: held(encoder.encode(piece))) if may_part else []
            if not pieces:
                size = len(whole.input_ids), len(whole.images), whole.shown
                long.append(_Long(str(sample.place), *size))
                continue
            found.parted += 1
            found.pieces += len(pieces)
            found.counts[number] += len(pieces)
            yield from encoder.encode_all(pieces)

    found.rows = EncodedRows(each for number in range(len(files)) for each in encoded(number))
    if long:
        raise _too_long(long, encoder.tokens_per_image, train)
    return found


def own_learnt(record: Encoded, sample: Sample, first: int, encoder: Any) -> Encoded:
    """A record that is asked after examples, with nothing to learn before its own first question has been asked.

    Args:
        record: As encoded.
        sample: What it is made of.
        first: The number of its own first turn behind the system turn.
        encoder: What encoded it.
    """
    turns = sample.turns[: first + 1]
    tiles = record.tiles[: sum(len(turn.images) for turn in turns)]
    asked = len(encoder.prompt(turns, tiles))
    return record._replace(labels=[IGNORED] * asked + record.labels[asked:])


def _too_long(long: Sequence[_Long], tokens_per_image: int, train: Any) -> BadRecord:
    one, longer = len(long) == 1, any(each.tokens > train.max_length for each in long)
    bounds, limits = [], []
    if longer:
        bounds.append(f"{'is' if one else 'are'} longer than train.max_length={train.max_length:,}")
        limits.append("raise train.max_length")
    if any(each.tokens <= train.max_length for each in long):
        bounds.append(
            f"{'shows' if one else 'show'} more images than train.max_images={train.max_images:,}"
        )
        limits.append("raise train.max_images")
    if any(each.images > each.pictures for each in long):
        limits.append("lower model.max_tiles")
    count = f"{len(long)} {'record' if one else 'records'} {' or '.join(bounds)}"
    told = [Complaint(_size(each, tokens_per_image, train), each.place) for each in long]
    if train.overlong == "split":
        return BadRecord(
            f"{count}, in a single exchange or paragraph, where none is parted",
            repair=f"{', '.join(limits)}, or shorten the records",
            complaints=told,
        )
    return BadRecord(
        f"{count}; nothing is cut off silently",
        repair=f"{', '.join(limits)}, or part them between turns and paragraphs with train.overlong=split",
        complaints=told,
    )


def _size(record: _Long, tokens_per_image: int, train: Any) -> str:
    tiled = record.images > record.pictures
    shown = f"{record.pictures} {'image' if record.pictures == 1 else 'images'}"
    if tiled:
        shown += f" in {record.images} tiles"
    if record.tokens <= train.max_length:
        return f"shows {shown}"
    tokens = f"is {record.tokens:,} tokens long"
    return f"{tokens}, {record.images * tokens_per_image:,} of them for {shown}" if tiled else tokens
