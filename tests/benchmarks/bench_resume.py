"""How long a stopped run takes to find its place again, by the step it stopped at: ours beside the stock trainer.

    python -m tests.benchmarks.bench_resume FOLDER [ROUNDS]

No model is computed.  The place is found as each trainer finds it: ours begins its stream of rows at a kept cursor,
and makes the packed rows of one pass anew; the stock trainer skips (`accelerate.skip_first_batches`), numbers where
records have positions and whole batches where they come as a stream.  A record costs as little as reading two lists;
with pictures every skipped batch would cost their opening too.  Processor seconds until the next batch is there,
medians in turns.  Writes FOLDER/resume.json and prints a table.  Nothing is asserted here.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import skip_first_batches
from torch.utils.data import DataLoader, IterableDataset, RandomSampler

from medgpt_cli.core import tables
from medgpt_cli.data.batches import EncodedDataset, collate
from medgpt_cli.data.dialogue import Encoded
from medgpt_cli.training.packing import pack
from medgpt_cli.training.stream import Cursor, Row, Stream
from medgpt_cli.workflows.loading import pixels_of
from tests.benchmarks.measuring import environment, in_turns, write
from tests.benchmarks.step_material import model_and_processor

RECORDS, BATCH, ROW = 40_000, 8, 4096
STEPS = (0, 500, 1000, 2000, 4000)
ROUNDS = 5


def records() -> list[Encoded]:
    """Texts of skewed lengths."""
    draw = random.Random(0)
    lengths = [min(ROW, 16 + round(draw.lognormvariate(5, 1))) for _ in range(RECORDS)]
    return [Encoded([1] * length, [1] * length, ()) for length in lengths]


def rows_of_pass(lengths: list[int], number: int) -> list[Row]:
    """The packed rows of a pass, as a stage makes them."""
    order = torch.randperm(len(lengths), generator=torch.Generator().manual_seed(number)).tolist()
    return pack(order, lengths, [0] * len(lengths), max_tokens=ROW, max_images=1, seed=number)


def ours(rows: EncodedDataset, lengths: list[int], step: int, cursor: Cursor) -> Any:
    """The next batch of a stream that begins where a checkpoint says."""
    stream = Stream(partial(rows_of_pass, lengths), 10**9, start=cursor, done=step)
    return next(iter(DataLoader(rows, batch_size=1, sampler=stream, collate_fn=collate)))


def stock(rows: EncodedDataset, step: int) -> Any:
    """The next batch of the stock loader after those that were seen."""
    sampler = RandomSampler(rows, generator=torch.Generator().manual_seed(0))
    loader = DataLoader(rows, batch_size=BATCH, sampler=sampler, collate_fn=collate)
    return next(iter(skip_first_batches(loader, step) if step else loader))


class Streamed(IterableDataset[Any]):
    """Records that come one after the other, as large sets do in other toolboxes."""

    def __init__(self, rows: EncodedDataset) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[Any]:
        return (self._rows[number] for number in range(len(self._rows)))


def streamed(rows: EncodedDataset, step: int) -> Any:
    """The next batch of the stock loader over a stream."""
    loader = DataLoader(Streamed(rows), batch_size=BATCH, collate_fn=collate)
    return next(iter(skip_first_batches(loader, step) if step else loader))


def run(folder: Path, rounds: int = ROUNDS) -> None:
    """Measures, writes `resume.json` into `folder`, and prints the table."""
    rows = EncodedDataset(records(), pixels_of(model_and_processor("vocabulary 4,160")[1]))
    lengths = [len(record.input_ids) for record in rows.records]
    a_pass = len(rows_of_pass(lengths, 0))
    found: dict[str, Any] = {}
    for step in STEPS:
        number, row = divmod(step, a_pass)  # every pass has as many records, and nearly as many rows
        works = {
            "medgpt": partial(ours, rows, lengths, step, Cursor(number, row)),
            "trainer": partial(stock, rows, step),
            "trainer, streamed": partial(streamed, rows, step),
        }
        found[str(step)] = in_turns(works, rounds, warm=False)
    document = {
        "what": "until the next batch is there, from a step that a run stopped at",
        "records": RECORDS,
        "records_a_batch_of_the_stock_trainer": BATCH,
        "tokens_a_row_of_ours": ROW,
        "rounds": rounds,
        "threads": torch.get_num_threads(),
        **environment("accelerate"),
        "steps": found,
    }
    write(folder, "resume", document)
    lines = [
        (
            step,
            f"{each['medgpt']['cpu_seconds']:.2f}",
            f"{each['trainer']['cpu_seconds']:.2f}",
            f"{each['trainer, streamed']['cpu_seconds']:.2f}",
        )
        for step, each in found.items()
    ]
    sys.stdout.write(
        tables.aligned(("stopped at step", "ours CPU-s", "stock", "stock, streamed"), lines) + "\n"
    )


if __name__ == "__main__":
    run(Path(sys.argv[1]), *map(int, sys.argv[2:]))
