"""Which validation records each of several processes looks at: every one exactly once, in equally many batches.

The stock loader evens ranks out by showing records twice, which a mean would count twice; and under ZeRO-3 a process
that had one batch less would leave the others waiting.  So a process without records of its own takes part with some
in which nothing is learnt.  This module knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from medgpt_cli.training.loss import IGNORED


def batches(
    dataset: Any,
    collate: Callable[[Sequence[Any]], dict[str, Any]],
    size: int,
    *,
    share: int = 0,
    shares: int = 1,
) -> Iterator[dict[str, Any]]:
    """The batches of one process.

    Args:
        dataset: Records by position.
        collate: Records to a batch.
        size: Records in one batch.
        share: Which of them this process takes.
        shares: How many processes, or groups that share rows, look at other records.
    """
    count = len(dataset)
    for start in range(share * size, -(-count // (size * shares)) * size * shares, size * shares):
        own = range(start, min(start + size, count))
        batch = collate([dataset[number] for number in own or range(1)])
        if not own:
            batch["labels"].fill_(IGNORED)
        yield batch
