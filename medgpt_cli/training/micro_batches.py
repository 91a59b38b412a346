"""What one forward pass of one process takes in, and the rows of a pass over the data that follow from it.

A recipe counts either rows (`batch_size`: records, or rows packed with them) or tokens (`batch_tokens`: of a whole
optimiser step).  Nothing is padded, so tokens are counted as they are, and records of unlike length may share a forward
pass.  The rows of a pass are a pure function of its order, the lengths and the recipe, so a place in them is two
integers.  This module knows neither records nor models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.wording import counted
from medgpt_cli.training.packing import pack

Rows = Sequence[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """One forward pass of one process.

    Attributes:
        rows: So many, the same in every pass of every process.
        row_tokens: Tokens a row holds; None where a row is one record.
        packed: Whether rows are packed, which changes the order of records; else they are filled in it.
        passes: Forward passes of a step.
        processes: Processes with rows of their own.
        step_tokens: Tokens of a step at most; None where the recipe counts rows.
        longest: Tokens of the longest record allowed.
    """

    rows: int
    row_tokens: int | None
    packed: bool
    passes: int
    processes: int
    step_tokens: int | None
    longest: int

    @property
    def records_to_watch(self) -> int:
        """Validation records of one forward pass: those that take no more memory than training."""
        return (
            self.rows
            if self.row_tokens is None or self.step_tokens is None
            else max(1, self.rows * self.row_tokens // self.longest)
        )

    @property
    def rows_of_step(self) -> int:
        """Rows of one optimiser step, over all forward passes and processes."""
        return self.rows * self.passes * self.processes

    def sentence(self) -> str:
        """What a step takes in, for a person."""
        per_pass = ""
        if self.passes > 1 or self.processes > 1:
            per_pass = (
                f" in each of {counted(self.passes, 'forward pass', 'forward passes')} on "
                + counted(self.processes, "process", "processes")
            )
        row = "packed row" if self.packed else "record"
        if self.step_tokens is None:
            own = f": {self.rows:,}{per_pass}" if per_pass else ""
            return f"a step is {counted(self.rows_of_step, row)}{own}"
        most = f"a step is at most {self.step_tokens:,} tokens"
        if self.packed:
            return f"{most}: {counted(self.rows, row)} of {self.row_tokens:,}{per_pass}"
        own = f": up to {self.row_tokens:,}{per_pass}" if per_pass else ""
        return f"{most} of whole records{own}"


def micro_batch(train: Any, processes: int = 1) -> MicroBatch:
    """What one forward pass takes in.

    Args:
        train: A recipe's `train` section.
        processes: Processes with rows of their own.

    Raises:
        BadRecipe: `train.batch_tokens` is no multiple of what whole rows on all processes come to, or less than a
            token for each.
    """
    passes, tokens = train.accumulate, train.batch_tokens
    if tokens is None:
        length = train.max_length if train.packing else None
        return MicroBatch(
            train.batch_size, length, train.packing, passes, processes, None, train.max_length
        )
    if not train.packing:
        each = max(tokens // (passes * processes), 1)
        return MicroBatch(1, each, False, passes, processes, tokens, train.max_length)
    one = train.max_length * passes * processes
    shared = f"{counted(passes, 'forward pass', 'forward passes')} on {counted(processes, 'process', 'processes')}"
    if tokens % one:
        fewer, more = tokens // one * one, (tokens // one + 1) * one
        raise BadRecipe(
            f"{tokens:,} tokens are no multiple of a row of {train.max_length:,} in each of {shared}, {one:,}",
            where="train.batch_tokens",
            repair=f"set it to {f'{fewer} or {more}' if fewer else more}, or change train.accumulate",
        )
    return MicroBatch(tokens // one, train.max_length, True, passes, processes, tokens, train.max_length)


def require_room(train: Any, lengths: Sequence[int], processes: int = 1) -> None:
    """Refuses a step too small for its longest record, where records are not packed.

    Args:
        train: A recipe's `train` section.
        lengths: Tokens of each record.
        processes: Processes with rows of their own.

    Raises:
        BadRecipe: A forward pass does not hold the longest record.
    """
    each, longest = micro_batch(train, processes), max(lengths, default=0)
    if each.row_tokens is not None and not each.packed and longest > each.row_tokens:
        raise BadRecipe(
            f"{counted(each.passes, 'forward pass', 'forward passes')} on "
            f"{counted(processes, 'process', 'processes')} leave {each.row_tokens:,} tokens for each, "
            f"and the longest record has {longest:,}",
            where="train.batch_tokens",
            repair=f"set it to {longest * each.passes * processes} or more"
            + (", or lower train.accumulate" if each.passes > 1 else ""),
        )


def rows_of_pass(
    train: Any,
    order: Sequence[int],
    tokens: Sequence[int],
    images: Sequence[int],
    *,
    processes: int,
    seed: int | None,
) -> Rows:
    """The rows of one pass over the data.

    Args:
        train: A recipe's `train` section.
        order: The records of the pass, in its order.
        tokens: Length of each record by its number.
        images: Images (tiles) of each record by its number.
        processes: Processes with rows of their own.
        seed: Puts packed rows into an order of their own.
    """
    each = micro_batch(train, processes)
    if each.packed:
        return pack(
            order, tokens, images, max_tokens=train.max_length, max_images=train.max_images, seed=seed
        )
    if each.row_tokens is None:
        return [(record,) for record in order]
    return fill_in_order(order, tokens, each.row_tokens)


def fill_in_order(order: Sequence[int], tokens: Sequence[int], row_tokens: int) -> Rows:
    """Rows of whole records in the order of the pass, each as many as fit.

    Raises:
        ValueError: A record alone is longer than a row; whoever gathers records has told the person before.
    """
    rows: list[tuple[int, ...]] = []
    row: list[int] = []
    left = row_tokens
    for record in order:
        if tokens[record] > row_tokens:
            raise ValueError("a record is longer than a forward pass takes in")
        if tokens[record] > left:
            rows.append(tuple(row))
            row, left = [], row_tokens
        row.append(record)
        left -= tokens[record]
    return [*rows, tuple(row)] if row else rows
