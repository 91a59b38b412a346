"""What a forward pass takes in: counted in rows, or in tokens of a whole step."""

from __future__ import annotations

import math
import random
from types import SimpleNamespace
from typing import Any

import pytest

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.training.arguments import run_length
from medgpt_cli.training.engine import deepspeed_config
from medgpt_cli.training.micro_batches import fill_in_order, micro_batch, require_room, rows_of_pass


def section(**changes: Any) -> SimpleNamespace:
    values = {
        "batch_size": None,
        "batch_tokens": 4096,
        "accumulate": 1,
        "packing": False,
        "max_length": 512,
        "max_images": 64,
        "max_steps": None,
        "epochs": 1.0,
        "clip": 1.0,
    }
    return SimpleNamespace(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "processes", "rows", "row_tokens", "sentence"),
    [
        ({"batch_size": 16, "batch_tokens": None}, 1, 16, None, "a step is 16 records"),
        (
            {"batch_size": 1, "batch_tokens": None, "packing": True, "accumulate": 4},
            2,
            1,
            512,
            "a step is 8 packed rows: 1 in each of 4 forward passes on 2 processes",
        ),
        ({}, 1, 1, 4096, "a step is at most 4,096 tokens of whole records"),
        (
            {"accumulate": 2},
            2,
            1,
            1024,
            "a step is at most 4,096 tokens of whole records: "
            "up to 1,024 in each of 2 forward passes on 2 processes",
        ),
        (
            {"packing": True, "accumulate": 2},
            2,
            2,
            512,
            "a step is at most 4,096 tokens: 2 packed rows of 512 in each of 2 forward passes on 2 processes",
        ),
    ],
)
def test_a_step_is_shared_by_passes_and_processes(
    changes: dict[str, Any], processes: int, rows: int, row_tokens: int | None, sentence: str
) -> None:
    batch = micro_batch(section(**changes), processes)
    assert (batch.rows, batch.row_tokens, batch.sentence()) == (rows, row_tokens, sentence)
    if batch.step_tokens is not None:
        assert batch.rows_of_step * batch.row_tokens == 4096


def test_rows_that_cannot_be_shared_evenly_are_refused() -> None:
    with pytest.raises(
        BadRecipe, match="4,096 tokens are no multiple of a row of 512 in each of 1 forward"
    ) as e:
        micro_batch(section(packing=True), 3)
    assert e.value.repair == "set it to 3072 or 4608, or change train.accumulate"
    with pytest.raises(BadRecipe) as e:
        micro_batch(section(packing=True), 16)
    assert e.value.repair == "set it to 8192, or change train.accumulate"


def test_a_step_must_hold_the_longest_record_on_each_process() -> None:
    require_room(section(), [512, 4096])
    require_room(section(packing=True), [512], 2)
    with pytest.raises(BadRecipe) as caught:
        require_room(section(accumulate=2), [512, 1025], 2)
    assert caught.value.what == (
        "2 forward passes on 2 processes leave 1,024 tokens for each, and the longest record has 1,025"
    )
    assert caught.value.repair == "set it to 4100 or more, or lower train.accumulate"


def test_records_keep_their_order_and_fill_what_they_can() -> None:
    rng = random.Random(0)
    tokens = [rng.choice([20, 60, 300]) for _ in range(500)]
    order = rng.sample(range(500), 500)
    rows = fill_in_order(order, tokens, 1024)
    assert [record for row in rows for record in row] == order
    sums = [sum(tokens[record] for record in row) for row in rows]
    assert max(sums) <= 1024
    # Not one more would have fitted.
    assert all(total + tokens[after[0]] > 1024 for total, after in zip(sums, rows[1:], strict=False))
    assert fill_in_order([], tokens, 1024) == []
    with pytest.raises(ValueError, match="longer than a forward pass"):
        fill_in_order([0], [1025], 1024)


def test_the_schedule_counts_the_steps_that_are_taken() -> None:
    tokens = [300] * 100
    train = section(accumulate=2)
    rows = rows_of_pass(train, range(100), tokens, [0] * 100, processes=2, seed=None)
    assert len(rows) == math.ceil(100 / 3)  # three records of 300 in each 1,024
    assert run_length(train, len(rows), ranks=2) == (34, math.ceil(34 / 4))
    assert run_length(section(accumulate=2, max_steps=5), len(rows), ranks=2) == (20, 5)


def test_packed_rows_are_as_long_as_without_counting_tokens() -> None:
    tokens = [random.Random(1).randint(10, 512) for _ in range(60)]
    by_tokens, by_rows = (
        rows_of_pass(train, range(60), tokens, [0] * 60, processes=1, seed=3)
        for train in (section(packing=True), section(packing=True, batch_tokens=None, batch_size=8))
    )
    assert by_tokens == by_rows


def test_deepspeed_is_told_the_rows_of_one_process() -> None:
    pytest.importorskip("deepspeed")
    engine = SimpleNamespace(deepspeed=True, zero=2, offload="none")
    train = section(packing=True)
    config = deepspeed_config(engine, train, rows=micro_batch(train, 2).rows, bf16=False, cpu=False)
    assert config is not None
    assert config["train_micro_batch_size_per_gpu"] == 4


def test_validation_takes_no_more_at_once_than_training() -> None:
    assert micro_batch(section(), 2).records_to_watch == 4
    assert micro_batch(section(batch_tokens=100)).records_to_watch == 1
    assert micro_batch(section(batch_size=3, batch_tokens=None, packing=True)).records_to_watch == 3
