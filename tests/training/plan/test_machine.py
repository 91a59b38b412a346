from __future__ import annotations

import pytest

from medgpt_cli.core.errors import UsageError
from medgpt_cli.training.parts import PARTS
from medgpt_cli.training.plan.machine import described, matmul_rate, operations, size
from medgpt_cli.training.plan.shapes import shape_of
from tests.benchmarks.bench_plan import RUNS


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("180GB", 180e9), ("80 GiB", 80 * 2**30), ("1.5T", 1.5e12), ("512MiB", 2**29), ("1000", 1000.0)],
)
def test_sizes(text: str, bytes_: float) -> None:
    assert size(text) == bytes_


@pytest.mark.parametrize(
    ("text", "rate"), [("989T", 989e12), ("2.25P", 2.25e15), ("989e12", 989e12), ("312TFLOPS", 312e12)]
)
def test_rates(text: str, rate: float) -> None:
    assert operations(text) == rate


@pytest.mark.parametrize("text", ["", "much", "0GB", "-3GB", "80GBs"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no size of memory"):
        size(text)
    with pytest.raises(UsageError, match="is no number of operations"):
        operations(text)


def test_a_described_machine_is_what_was_said() -> None:
    machine = described(8, "180GB", rate="2.25P", utilisation=0.3, watts=1200.0)
    assert (machine.devices, machine.memory, machine.rate) == (8, 180e9, 2.25e15)
    assert (machine.utilisation, machine.watts) == (0.3, 1200.0)
    assert machine.usable == 0.95 * 180e9
    assert described(1, "80GB", rate=None, utilisation=None, watts=None).rate == 989e12


def test_the_rate_of_this_machine_is_measured() -> None:
    shape = shape_of("tiny", RUNS["tiny"]["config"], dict.fromkeys(PARTS, True))
    assert 1e8 < matmul_rate(shape, bf16=False, seconds=0.01) < 1e14
