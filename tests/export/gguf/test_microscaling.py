"""Rounding to MXFP4, beside gguf's reading of the bytes and transformers' of the blocks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType as Type
from gguf.quants import dequantize
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

from medgpt_cli.export.gguf import microscaling


def numbers(bytes_: torch.Tensor) -> np.ndarray:
    return dequantize(bytes_.numpy(), Type.MXFP4)


def drawn() -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(4)
    blocks = torch.randint(0, 256, (2, 6, 3, 16), generator=draw, dtype=torch.uint8)
    return blocks, torch.randint(100, 140, (2, 6, 3), generator=draw, dtype=torch.uint8)


def test_codes_and_scales_are_only_reordered() -> None:
    blocks, scales = drawn()
    wanted = convert_moe_packed_tensors(blocks, scales, dtype=torch.float32)
    # transformers gives [expert, columns, rows]
    assert np.array_equal(
        numbers(microscaling.repacked(blocks, scales)), wanted.transpose(1, 2).contiguous().numpy()
    )


def test_what_was_unpacked_is_found_again_exactly() -> None:
    blocks, scales = drawn()
    dense = convert_moe_packed_tensors(blocks, scales, dtype=torch.bfloat16).transpose(1, 2)
    bytes_, lost, norm = microscaling.quantised(dense)
    assert lost == 0.0 < norm
    assert np.array_equal(numbers(bytes_), dense.float().contiguous().numpy())


@pytest.mark.parametrize("largest", [4.0, 5.9, 6.9, 7.1, 3.4])
def test_every_number_goes_to_the_nearest_under_its_scale(largest: float) -> None:
    row = torch.linspace(-largest, largest, 32)
    found = numbers(microscaling.quantised(row)[0])
    step = 2.0 if largest >= 7 else 0.5 if largest < 3.5 else 1.0
    lattice = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6]) * step
    lattice = np.concatenate((-lattice, lattice))
    wanted = lattice[np.abs(row.numpy()[:, None] - lattice).argmin(1)]
    assert np.array_equal(found, wanted)


def test_halves_go_to_the_even_code() -> None:
    halves = [0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0]
    row = torch.tensor([4.0, *halves, *(-each for each in halves), *[0.0] * 17])
    found = numbers(microscaling.quantised(row)[0])[1:15].tolist()
    assert found[:7] == [0.0, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0]
    assert found[7:] == [-each for each in found[:7]]


def test_nothing_stays_nothing() -> None:
    bytes_, lost, norm = microscaling.quantised(torch.zeros(2, 64))
    assert not numbers(bytes_).any()
    assert lost == norm == 0.0


def test_the_loss_is_what_reading_back_shows() -> None:
    rows = torch.randn(8, 96, generator=torch.Generator().manual_seed(1))
    bytes_, lost, norm = microscaling.quantised(rows)
    assert lost == pytest.approx(float(np.square(numbers(bytes_) - rows.numpy()).sum()), rel=1e-5)
    assert norm == pytest.approx(float(rows.square().sum()), rel=1e-5)
    assert 0.05 < (lost / norm) ** 0.5 < 0.15
