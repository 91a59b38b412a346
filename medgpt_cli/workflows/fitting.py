"""Records encoded, and those longer than a row refused or parted, as the recipe says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from medgpt_cli.core.errors import BadRecord, Complaint
from medgpt_cli.core.types import Sample
from medgpt_cli.data.dialogue import IGNORED, Encoded
from medgpt_cli.data.encoded_rows import EncodedRows
from medgpt_cli.data.overlong import part


@dataclass
class Fitted:
    """Encoded records, none longer than a row.

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
        BadRecord: Some are longer than `train.max_length`, and are not to be parted or cannot be.
    """
    limit, may_part = train.max_length, train.overlong == "split"
    found = Fitted(EncodedRows(), [0] * len(files))
    long: list[Complaint] = []

    def short_enough(piece: Sample) -> bool:
        return bool(len(encoder.encode(piece).input_ids) <= limit)

    def encoded(number: int) -> Iterator[Encoded]:
        firsts = repeat(0, len(files[number])) if own_from is None else own_from[number]
        each = zip(files[number], encoder.encode_all(files[number]), firsts, strict=True)
        for sample, read, first in each:
            whole = own_learnt(read, sample, first, encoder) if first else read
            if len(whole.input_ids) <= limit:
                found.counts[number] += 1
                yield whole
                continue
            pieces = part(sample, short_enough) if may_part else []
            if not pieces:
                long.append(Complaint(f"is {len(whole.input_ids):,} tokens long", str(sample.place)))
                continue
            found.parted += 1
            found.pieces += len(pieces)
            found.counts[number] += len(pieces)
            yield from encoder.encode_all(pieces)

    found.rows = EncodedRows(each for number in range(len(files)) for each in encoded(number))
    if long:
        raise _too_long(long, limit, may_part=may_part)
    return found


def own_learnt(record: Encoded, sample: Sample, first: int, encoder: Any) -> Encoded:
    """A record that is asked after examples, with nothing to learn before its own first question has been asked.

    Args:
        record: As encoded.
        sample: What it is made of.
        first: The number of its own first turn behind the system turn.
        encoder: What encoded it.
    """
    asked = len(encoder.prompt(sample.turns[: first + 1]))
    return Encoded(record.input_ids, [IGNORED] * asked + record.labels[asked:], record.images)


def _too_long(long: Sequence[Complaint], limit: int, *, may_part: bool) -> BadRecord:
    count = f"{len(long)} record{' is' if len(long) == 1 else 's are'} longer than train.max_length={limit:,}"
    if may_part:
        return BadRecord(
            f"{count}, in a single exchange or paragraph, where none is parted",
            repair="raise train.max_length, or shorten the records",
            complaints=long,
        )
    return BadRecord(
        f"{count}; nothing is cut off silently",
        repair="raise train.max_length, or part them between turns and paragraphs with train.overlong=split",
        complaints=long,
    )
