"""The walk through a step, and how sharing divides what it finds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from medgpt_cli.training.parts import PARTS
from medgpt_cli.training.plan.activations import Batch
from medgpt_cli.training.plan.memory import memory
from medgpt_cli.training.plan.published import SHAPES
from medgpt_cli.training.plan.shapes import Shape, shape_of
from medgpt_cli.training.plan.sharing import LIBRARIES, LOOSE, Device, Sharing
from tests.benchmarks.bench_plan import RETURNS, RUNS, measured, planned

GPU = Device.of("cuda", bf16=True)
ROW = Batch(2048, 1024, 1, 2048.0)
LONG = Batch(65_536, 1024, 1, 65_536.0)
ZERO3 = Sharing(ranks=8, deepspeed=True, zero=3)


@pytest.fixture(scope="module")
def shape() -> Shape:
    return shape_of("gpt-oss-20b", SHAPES["gpt-oss-20b"], dict.fromkeys(PARTS, True))


def test_sixteen_bytes_a_parameter_are_divided_by_the_ranks(shape: Shape) -> None:
    """Mixed precision AdamW: 2 + 2 + 12 bytes (ZeRO, arXiv 1910.02054, section 3.1)."""
    total, learnt = shape.count(), shape.count(learnt=True)
    found = memory(shape, ROW, ZERO3, GPU).parts
    assert found["parameters"] == 2 * total / 8
    assert found["optimiser state"] == 12 * learnt / 8
    step = memory(shape, ROW, ZERO3, GPU, accumulate=2).parts
    assert step["gradients"] == 2 * learnt / 8


@pytest.mark.parametrize(
    ("zero", "parameters", "gradients", "state"),
    [(1, 1, 1, 1 / 8), (2, 1, 1 / 8, 1 / 8), (3, 1 / 8, 1 / 8, 1 / 8)],
)
def test_each_stage_of_zero_shards_one_thing_more(
    zero: Any, parameters: float, gradients: float, state: float, shape: Shape
) -> None:
    found = memory(shape, ROW, replace(ZERO3, zero=zero), GPU, accumulate=2).parts
    total, learnt = shape.count(), shape.count(learnt=True)
    assert found["parameters"] == 2 * total * parameters
    assert found["gradients"] == 2 * learnt * gradients
    assert found["optimiser state"] == 12 * learnt * state


def test_zero_3_gathers_a_whole_expert_layer(shape: Shape) -> None:
    """The experts of one layer are 0.8 billion parameters; DeepSpeed keeps up to a billion."""
    assert shape.expert_layer == pytest.approx(0.797e9, rel=0.01)
    assert memory(shape, ROW, ZERO3, GPU).parts["gathered parameters"] == 2e9
    assert "gathered parameters" not in memory(shape, ROW, replace(ZERO3, zero=2), GPU).parts


def test_what_is_offloaded_waits_in_main_memory(shape: Shape) -> None:
    """18 bytes a parameter, as DeepSpeed's own estimator counts them."""
    total, learnt = shape.count(), shape.count(learnt=True)
    none, state, all_of_it = (
        memory(shape, ROW, replace(ZERO3, offload=offload), GPU)
        for offload in ("none", "optimizer", "parameters")
    )
    assert none.host == 0
    assert state.host == (12 + 4 + 2) * learnt
    assert all_of_it.host == (12 + 4 + 2) * learnt + 2 * total
    assert "optimiser state" not in state.parts
    assert "gradients" not in state.parts
    assert "parameters" not in all_of_it.parts
    assert all_of_it.total < state.total < none.total


def test_without_deepspeed_every_device_holds_everything(shape: Shape) -> None:
    total, learnt = shape.count(), shape.count(learnt=True)
    one, eight = (memory(shape, ROW, Sharing(ranks=ranks), GPU, accumulate=2) for ranks in (1, 8))
    assert one.parts["parameters"] == eight.parts["parameters"] == 4 * total
    assert one.parts["optimiser state"] == 8 * learnt
    assert one.parts["gradients"] == 4 * learnt
    assert eight.parts["buckets"] == 4 * learnt


def test_activations_grow_with_the_tokens_and_not_with_their_square(shape: Shape) -> None:
    def passing(tokens: int) -> float:
        row = Batch(tokens, 128, 1, float(tokens))
        parts = memory(shape, row, ZERO3, GPU).parts
        return sum(parts[name] for name in ("full attention", "sliding attention", "experts"))

    assert passing(131_072) / passing(32_768) == pytest.approx(4, rel=0.001)


def test_checkpointing_keeps_the_inputs_of_layers_alone(shape: Shape) -> None:
    plain, again = (
        memory(shape, LONG, replace(ZERO3, checkpointing=mode), GPU).parts for mode in ("none", "on")
    )
    assert again["inputs of layers"] == pytest.approx(24 * 65_536 * 2 * 2880, rel=0.1)
    kept = ("full attention", "sliding attention", "experts")
    layers = sum(plain.get(name, 0) for name in kept)
    assert sum(again.get(name, 0) for name in kept) == pytest.approx(layers / 24, rel=0.2)


def test_devices_that_share_a_sequence_share_its_activations(shape: Shape) -> None:
    row = Batch(131_072, 65_536, 1, 131_072.0)
    whole, part = (memory(shape, row, replace(ZERO3, sequence=ranks), GPU).parts for ranks in (1, 8))
    assert part["experts"] == whole["experts"] / 8
    assert part["parameters"] == whole["parameters"]


def test_gradients_of_earlier_micro_batches_are_there_from_the_beginning(shape: Shape) -> None:
    first, later = (memory(shape, LONG, Sharing(), GPU, accumulate=count) for count in (1, 2))
    assert later.total > first.total
    assert later.parts["gradients"] == 4 * shape.count(learnt=True)


def test_a_frozen_part_has_neither_gradient_nor_state() -> None:
    learns = {part: part == "projector" for part in PARTS}
    shape = shape_of("gpt-oss-20b", SHAPES["gpt-oss-20b"], learns)
    found = memory(shape, ROW, Sharing(), GPU).parts
    assert found["optimiser state"] == 8 * shape.counts["projector"].total
    assert found["libraries"] == LIBRARIES["cuda"]


@pytest.mark.slow  # minutes: processes that really train
@pytest.mark.parametrize("name", ["tiny", "small, projector learns", "llama"])
def test_planned_peaks_are_within_15_percent_of_measured_ones(name: str) -> None:
    run = RUNS[name]
    tensors, usual = planned(run, loose=0.0)[2].total, planned(run, loose=LOOSE["cpu"])[2].total
    assert tensors == pytest.approx(measured(run, **RETURNS)["peak"], rel=0.15)
    assert usual == pytest.approx(measured(run)["peak"], rel=0.15)


def test_rounded_experts_are_a_copy_of_every_layer_or_of_one(shape: Shape) -> None:
    experts, layers = shape.count(part="experts"), len(shape.decoder.windows)
    for checkpointing, copied in (("none", experts), ("on", experts / layers)):
        plain = memory(shape, LONG, Sharing(checkpointing=checkpointing), GPU)
        rounded = memory(shape, LONG, Sharing(checkpointing=checkpointing, rounded=True), GPU)
        assert "experts with adapters added, or rounded" not in plain.parts
        assert rounded.parts["experts with adapters added, or rounded"] == 4 * copied
