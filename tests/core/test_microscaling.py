"""MXFP4 beside torchao's rounding and transformers' reading."""

from __future__ import annotations

import struct

import pytest
import torch
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

from medgpt_cli.core.microscaling import BLOCK, on_lattice, packed, unpacked

# Nine blocks in bfloat16, and what torchao 0.18.0 made of them:
#   to_mx(x, torch.float4_e2m1fn_x2, 32, ScaleCalculationMode.EVEN)  (torchao.prototype.mx_formats.mx_tensor)
# Three are drawn (normal, normal * 0.02, Student's t), one holds every halfway point, one is zero, two lie on both
# sides of where the scale goes up, and two near the ends of the exponent (normal * 2**-118, normal * 2**100).
NUMBERS = """
03bf843fb5befc3d3abec0bf123e06bf7fbe06bf394018bfa83fb43ea8bf03bc7e3ec93fd2bfccbf1ebe8cbfaf3f303fc9be1e3f413f1a3f014096bf
a9bf903f94bb2b3c29bd353b233c46bc83bc503b6a3c74bcb83bf53b753da8bb60bcae3cd7b94fbc343c02bd2d3c933ca33c8dbbd93c0ebba8bc643a
9fbcb83b3b3cf33c0dc0b73e27bfa83fb1bf7cbfbd40bd3e33bfbdc033be3e3f3b3f233ff9bf19bd853fadbd9dbe94bfe6be06c1ec3e863fb03d74bd
05404dbd27400f3f4fc099bd003ac03a203b603ba03be03b203c803a003b403b803bc03b003c403c0000303c00bac0ba20bb60bba0bbe0bb20bc80ba
00bb40bb80bbc0bb00bc40bc000030bc0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
0000000000000000000000000000000000000000dfc0d1c0c2c0b4c0a5c097c089c075c058c03bc01ec001c0c9bf90bf2dbf66be663e2d3f903fc93f
01401e403b405840754089409740a540b440c240d140df40e0c0d2c0c3c0b5c0a6c098c089c076c059c03cc01fc002c0cabf91bf2dbf67be673e2d3f
913fca3f02401f403c405940764089409840a640b540c340d240e0406f048a04e8032985d58382822c84858486841b841a0468035d0499048403cb80
2f8418800083a4849b0301052385190326848f04bd839003b0044084c983e7823cf053f0e6710cf143f1f671196d7cf08e718bef417026f137f15870
59f1ebf08af11ef1b3f1b171fbf11671687161ef01f011724ef0ca70b471b5f1b7f0c5f1
"""
SCALES = [126, 121, 128, 118, 0, 127, 128, 8, 226]
BYTES = """
4a09d9a1a9a7158d51ddc9352a23c64d190da10aa211963aa8c12193830b1a410a199905d918118a8198e8108082138b2042641632547670a8caec9e
badcfef000000000000000000000000000000000ffffefeeddccab891032445566767777deddcdccbbaa9a89102122334454556544f28acbac124381
8bd8611f4b19b58a99a66b9084b11babac5d2e846929d5d9
"""


def golden() -> torch.Tensor:
    raw = bytes.fromhex("".join(NUMBERS.split()))
    ints = struct.unpack(f"<{len(raw) // 2}h", raw)
    return torch.tensor(ints, dtype=torch.int16).view(torch.bfloat16).reshape(-1, BLOCK)


def drawn() -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(4)
    blocks = torch.randint(0, 256, (2, 6, 3, 16), generator=draw, dtype=torch.uint8)
    return blocks, torch.randint(100, 140, (2, 6, 3), generator=draw, dtype=torch.uint8)


def test_codes_and_scales_are_those_of_torchao() -> None:
    blocks, exponent = packed(golden())
    assert exponent.flatten().tolist() == SCALES
    ours, theirs = blocks.flatten(), torch.tensor(list(bytes.fromhex("".join(BYTES.split()))))
    for shift in (0, 4):  # a zero's sign is free
        mine, wanted = (ours >> shift) & 15, (theirs >> shift) & 15
        assert torch.equal(mine % 8, wanted % 8)
        assert torch.equal((mine > 7)[mine % 8 > 0], (wanted > 7)[mine % 8 > 0])


def test_numbers_come_back_as_transformers_reads_them() -> None:
    blocks, exponent = drawn()
    theirs = convert_moe_packed_tensors(blocks, exponent, dtype=torch.bfloat16)
    assert torch.equal(unpacked(blocks, exponent), theirs.transpose(1, 2))


def test_what_lies_on_the_lattice_is_found_again_exactly() -> None:
    dense = unpacked(*drawn())
    assert torch.equal(unpacked(*packed(dense)), dense)
    assert torch.equal(on_lattice(dense.transpose(1, 2)), dense.transpose(1, 2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rounding_in_place_is_packing_and_unpacking(dtype: torch.dtype) -> None:
    weight = torch.randn(3, 64, 96, generator=torch.Generator().manual_seed(1)).to(dtype)
    found = on_lattice(weight)
    assert found.dtype is dtype
    assert torch.equal(found, unpacked(*packed(weight.transpose(1, 2))).transpose(1, 2).to(dtype))
    assert torch.equal(on_lattice(found), found)


def test_halves_that_bfloat16_cannot_tell_apart_are_rounded_in_float32() -> None:
    row = torch.zeros(1, BLOCK)
    row[0, :4] = torch.tensor([6.0, 2.5, 2.5 + 2**-22, 2.5 - 2**-22])
    assert unpacked(*packed(row))[0, :4].tolist() == [6.0, 2.0, 3.0, 2.0]


def test_what_cannot_be_packed() -> None:
    with pytest.raises(ValueError, match="33 columns are not a multiple of 32"):
        packed(torch.zeros(2, 33))
    with pytest.raises(ValueError, match="33 inputs are not a multiple of 32"):
        on_lattice(torch.zeros(2, 33, 4))
    with pytest.raises(ValueError, match="not finite"):
        packed(torch.full((1, BLOCK), float("nan")))
