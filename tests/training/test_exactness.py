from __future__ import annotations

import pytest
import torch

from medgpt_cli.training.exactness import exact_sums


def state() -> tuple[bool, int]:
    return torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()


@pytest.mark.parametrize(("cpu", "threads"), [(True, None), (True, 2), (False, 1)])
def test_what_is_set_inside_is_as_before_outside(cpu: bool, threads: int | None) -> None:
    before = state()
    with exact_sums(cpu=cpu, threads=threads):
        assert state() == (cpu, threads or before[1])
    assert state() == before


def test_it_is_put_back_after_an_error_too() -> None:
    before = state()

    def fail() -> None:
        with exact_sums(cpu=True, threads=3):
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    assert state() == before
