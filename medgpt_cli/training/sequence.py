"""Which part of a row each of several ranks computes, where they share one (sequence parallelism).

A row of S tokens is filled up to a multiple of the ranks with one more document, in which nothing is learnt, and cut
into equal slices.  Targets are shifted before the cut, so that a rank's last token still knows its next.  This module
knows nothing of models.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch.nn.functional import pad
from torch.utils.data import DataLoader, Dataset, Sampler


class Part(NamedTuple):
    """This rank's tokens of a row.

    Attributes:
        start: The first.
        end: Behind the last.
        tokens: Of the row, S.
        filled: Of the row when filled up.
    """

    start: int
    end: int
    tokens: int
    filled: int

    @classmethod
    def of(cls, tokens: int, group: Any = None) -> Part:
        """The part of a row of so many tokens.

        Args:
            tokens: S.
            group: The ranks that share the row; None for this one alone.
        """
        if group is None:
            return cls(0, tokens, tokens, tokens)
        each = -(-tokens // group.size())
        start = group.rank() * each
        return cls(start, start + each, tokens, group.size() * each)

    @property
    def own(self) -> int:
        """How many tokens of it are of the row and no filling."""
        return max(min(self.end, self.tokens) - self.start, 0)

    def cut(self, row: torch.Tensor, fill: int = 0) -> torch.Tensor:
        """The part of something that each token has, (1, S) to (1, end - start)."""
        return pad(row, (0, self.filled - self.tokens), value=fill)[:, self.start : self.end]

    def bounds(self, bounds: torch.Tensor) -> torch.Tensor:
        """The bounds of the row's documents, the filling being one more; the whole row's, for attention."""
        if self.filled == self.tokens:
            return bounds
        return torch.cat([bounds, bounds.new_tensor([self.filled])])


def shared_loader(
    dataset: Dataset[Any],
    sampler: Sampler[Any],
    batch_size: int,
    collate: Any,
    accelerator: Any,
    ranks: int,
) -> Any:
    """A loader that gives the ranks which share a row the same batches.

    Args:
        dataset: Of rows.
        sampler: Which of them come when.
        batch_size: Rows in one batch.
        collate: Rows to a batch.
        accelerator: The trainer's.
        ranks: How many neighbouring ranks share a row.
    """
    from accelerate.data_loader import prepare_data_loader

    return prepare_data_loader(
        DataLoader(dataset, batch_size=batch_size, sampler=sampler, collate_fn=collate),
        accelerator.device,
        num_processes=accelerator.num_processes // ranks,
        process_index=accelerator.process_index // ranks,
        put_on_device=accelerator.device_placement,
        even_batches=accelerator.even_batches,
    )
