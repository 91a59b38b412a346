from __future__ import annotations

from dataclasses import replace

import pytest

from medgpt_cli.training.parts import PARTS
from medgpt_cli.training.plan.activations import Batch
from medgpt_cli.training.plan.cheapest import Setup, cheapest
from medgpt_cli.training.plan.machine import described
from medgpt_cli.training.plan.published import SHAPES
from medgpt_cli.training.plan.shapes import shape_of
from medgpt_cli.training.plan.sharing import Device, Sharing

FIELDS = ("deepspeed", "zero", "offload")
SHAPE = shape_of("pmc-llama-7b", SHAPES["pmc-llama-7b"], dict.fromkeys(PARTS, True))


def setup(devices: int, memory: str, *, rows: int = 8, tokens: int = 2048) -> Setup:
    row = Batch(tokens, tokens // 2, 1, float(tokens))
    machine = described(devices, memory, rate=None, utilisation=None, watts=None)
    return Setup(
        shape=SHAPE,
        machine=machine,
        device=Device.of("cuda", bf16=True),
        sharing=Sharing(ranks=devices),
        fullest=row,
        average=row,
        rows=rows,
        accumulate=1,
        length=tokens,
    )


def test_what_fits_already_is_left_as_it_is() -> None:
    start = setup(1, "400GB")
    assert start.fits()
    change = cheapest(start, FIELDS)
    assert change is not None
    assert change.words == ()


def test_smaller_micro_batches_come_before_anything_that_sends_more() -> None:
    """Parameters, gradients and state take about 122 GB without activations; eight rows do not fit in 200."""
    start = setup(1, "200GB")
    assert not start.fits()
    change = cheapest(start, FIELDS)
    assert change is not None
    assert change.setup.fits()
    assert change.words[0].startswith("train.batch_size=")
    assert change.setup.rows * change.setup.accumulate == start.rows
    assert change.slower == pytest.approx(0, abs=0.001)


def test_sharding_is_found_where_state_does_not_fit() -> None:
    start = setup(8, "80GB")
    change = cheapest(start, FIELDS)
    assert change is not None
    assert "engine.deepspeed=true" in change.words
    assert change.setup.fits()
    assert change.setup.sharing.offload == "none"


def test_experts_rounded_in_training_may_be_sharded() -> None:
    start = setup(8, "80GB")
    shape = shape_of("gpt-oss-20b", SHAPES["gpt-oss-20b"], dict.fromkeys(PARTS, True))
    start = replace(start, shape=shape, sharing=Sharing(ranks=8, checkpointing="on", rounded=True))
    assert not start.fits()
    change = cheapest(start, FIELDS)
    assert change is not None
    assert change.setup.sharing.deepspeed
    assert change.setup.sharing.zero == 3
    assert change.setup.sharing.offload == "none"
    assert change.setup.fits()


def test_offloading_is_found_where_one_device_must_do() -> None:
    change = cheapest(setup(1, "48GB"), FIELDS)
    assert change is not None
    assert "engine.offload=optimizer" in change.words or "engine.offload=parameters" in change.words
    assert change.slower > 0


def test_nothing_is_proposed_that_the_recipe_has_no_word_for() -> None:
    long = setup(8, "80GB", rows=1, tokens=131_072)
    without, with_it = cheapest(long, FIELDS), cheapest(long, (*FIELDS, "checkpointing"))
    assert without is None or not any("checkpointing" in word for word in without.words)
    assert with_it is not None
    assert any(word.startswith("engine.checkpointing=") for word in with_it.words)
    assert not with_it.another_training


def test_more_devices_and_then_shorter_rows_are_the_last_resort() -> None:
    more = cheapest(setup(1, "40GB", rows=1), FIELDS[:2])
    assert more is not None
    assert more.words[0].startswith("--gpus ")
    assert not more.another_training
    shorter = cheapest(setup(1, "24GB", rows=1, tokens=65_536), FIELDS)
    assert shorter is not None
    assert shorter.another_training
    assert any(word.startswith("train.max_length=") for word in shorter.words)


def test_nothing_helps_a_device_that_is_far_too_small() -> None:
    assert cheapest(setup(1, "1GB", rows=1), FIELDS) is None


def test_every_way_that_is_tried_is_slower_or_no_cheaper_than_the_one_found() -> None:
    start = setup(8, "80GB")
    change = cheapest(start, FIELDS)
    assert change is not None
    best = change.setup.pace().total
    for zero in (1, 2, 3):
        other = replace(start, sharing=Sharing(ranks=8, deepspeed=True, zero=zero), rows=1, accumulate=8)
        assert not other.fits() or other.pace().total >= best - 1e-3 * best
