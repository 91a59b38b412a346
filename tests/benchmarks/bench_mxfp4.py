"""What rounding experts to MXFP4 costs and loses: a layer of gpt-oss-20b's shape, beside other programs' rounding.

    python -m tests.benchmarks.bench_mxfp4 FOLDER [EXPERTS]

The layer (32 experts, 2,880 x 5,760 and 2,880 x 2,880, bfloat16, drawn) lies in a safetensors file and is written as
`export --to mxfp4` writes it, once with nothing behind it and once with a base on the lattice from which it moved by
10 % of its norm, so that what training changed is measured too.  Seconds are of processor time on one thread; memory is
the peak less what was resident before.  The error of rounding is the signal-to-noise ratio of drawn matrices, beside
the same scales with each number sent to its nearest value by search in float64 (the reference), gguf's own rounding,
and torchao's where it is installed.  Writes FOLDER/mxfp4.json and prints a table.  Nothing is asserted here.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from gguf.quants import dequantize, quantize
from safetensors.torch import save_file

from medgpt_cli.core import tables
from medgpt_cli.core.microscaling import BLOCK, VALUES, exponents, on_lattice, packed, scales, unpacked
from medgpt_cli.models.upstream.packed import Unpacked, repack
from medgpt_cli.models.upstream.weights import Weights
from medgpt_cli.models.upstream.writing import write_shards
from medgpt_cli.workflows.experts_behind import Behind, Experts
from medgpt_cli.workflows.export_mxfp4 import packed_tensors
from tests.benchmarks.measuring import environment, forget_peak, installed, resident, write

EXPERTS, WIDTH, INNER = 32, 2880, 2880
ROWS, COLUMNS = 4096, 2880
MOVED = 0.1
PREFIX = "language_model.model.layers.0.mlp.experts."


def layer(folder: Path, experts: int, *, base: bool) -> Path:
    """A checkpoint that holds one layer's experts, and beside it the packed ones they were made of."""
    trained, upstream = folder / "trained", folder / "upstream"
    tensors, blocks = {}, {}
    draw = torch.Generator().manual_seed(0)
    for name, outputs in (("gate_up_proj", 2 * INNER), ("down_proj", WIDTH)):
        made = torch.empty(experts, WIDTH, outputs, dtype=torch.bfloat16)
        for each in made:
            each.copy_(torch.randn(WIDTH, outputs, generator=draw) * 0.02)
            if base:
                each.copy_(on_lattice(each))
        if base:
            blocks[PREFIX + name + "_blocks"], blocks[PREFIX + name + "_scales"] = repack(made)
            for each in made:
                each += torch.randn(WIDTH, outputs, generator=draw) * (MOVED * 0.02)
        tensors[PREFIX + name] = made
    for place, held in ((trained, tensors), (upstream, blocks)):
        if held:
            place.mkdir()
            save_file(held, place / "model.safetensors", metadata={"format": "pt"})
    return folder


def export(folder: Path, *, base: bool) -> dict[str, float]:
    """What writing the layer costs, from file to file."""
    start = Behind("upstream", folder / "upstream") if base else None
    experts = Experts(start, None, trained=base)
    held = Unpacked(Weights(folder / "trained"))
    (folder / "out").mkdir()
    before, cpu, wall = forget_peak(), time.process_time(), time.perf_counter()
    written = write_shards(
        packed_tensors(((name, held[name]) for name in held), experts), folder / "out"
    )
    size = sum(each.stat().st_size for each in (folder / "trained").iterdir())
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    found = {"bytes": size, "written": written, "cpu_seconds": cpu, "wall_seconds": wall}
    found |= {"gb_per_cpu_second": size / 1e9 / cpu, "peak_bytes": resident("VmHWM") - before}
    if base:
        found |= experts.comparisons[0].total.as_json()
    return found


def nearest(matrix: torch.Tensor) -> torch.Tensor:
    """The reference: the same scales, each number searched among all values in float64."""
    blocks = matrix.reshape(-1, BLOCK)
    scale = scales(exponents(blocks.abs().amax(-1, keepdim=True))).double()
    values = torch.tensor(sorted(set(VALUES)), dtype=torch.float64)
    found = torch.empty_like(blocks, dtype=torch.float64)
    for start in range(0, len(blocks), 1 << 14):
        part = blocks[start : start + (1 << 14)].double() / scale[start : start + (1 << 14)]
        found[start : start + (1 << 14)] = values[(part[..., None] - values).abs().argmin(-1)]
    return (found * scale).reshape(matrix.shape)


def of_gguf(matrix: torch.Tensor) -> torch.Tensor:
    """gguf's own rounding: the scale rule `floor`."""
    rows = dequantize(quantize(matrix.numpy(), Type.MXFP4), Type.MXFP4)
    return torch.from_numpy(np.ascontiguousarray(rows)).double()


def of_torchao(matrix: torch.Tensor) -> torch.Tensor:
    """torchao's rounding, by the rule we use."""
    from torchao.prototype.mx_formats.mx_tensor import (  # type: ignore[import-not-found]
        ScaleCalculationMode,
        to_mx,
    )

    exponent, codes = to_mx(matrix, torch.float4_e2m1fn_x2, BLOCK, ScaleCalculationMode.EVEN)
    blocks = codes.view(torch.uint8).reshape(*matrix.shape[:-1], -1, BLOCK // 2)
    return unpacked(blocks, exponent.view(torch.uint8)).double()


def losses() -> dict[str, dict[str, float]]:
    """Signal-to-noise ratio in dB of each rounding, and numbers in which it differs from ours."""
    draw = torch.Generator().manual_seed(0)
    normal = torch.randn(ROWS, COLUMNS, generator=draw)
    sizes = -torch.log(torch.rand(ROWS, COLUMNS, generator=draw).clamp(min=1e-30))
    drawn = {"normal": normal, "laplace": sizes * normal.sign()}
    ways: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "ours": lambda matrix: unpacked(*packed(matrix)).double(),
        "nearest": nearest,
        "gguf": of_gguf,
    }
    if installed("torchao"):
        ways["torchao"] = of_torchao
    found: dict[str, dict[str, float]] = {}
    for name, matrix in drawn.items():
        ours = ways["ours"](matrix)
        for way, work in ways.items():
            back = work(matrix)
            noise = (back - matrix.double()).square().sum()
            ratio = 10 * torch.log10(matrix.double().square().sum() / noise)
            differs = int((back != ours).sum())
            found[f"{name} {way}"] = {"snr_db": float(ratio), "differs_from_ours": differs}
    return found


def run(folder: Path, experts: int = EXPERTS) -> None:
    """Measures, writes the document and prints the table."""
    torch.set_num_threads(1)
    document: dict[str, Any] = {"environment": environment("gguf", "torchao"), "experts": experts}
    document["losses"] = losses()
    rows = []
    for name, base in (("rounded alone", False), ("held against its base", True)):
        with tempfile.TemporaryDirectory() as place:
            layer(Path(place), experts, base=base)
            document[name] = found = export(Path(place), base=base)
        rows.append(
            [
                name,
                f"{found['bytes'] / 1e9:.2f} GB",
                f"{found['cpu_seconds']:.1f} s",
                f"{found['gb_per_cpu_second']:.3f} GB/s",
                f"{found['peak_bytes'] / 1e9:.2f} GB",
            ]
        )
    write(folder, "mxfp4", document)
    sys.stdout.write(tables.aligned(["layer", "read", "processor", "pace", "memory"], rows) + "\n")
    sys.stdout.write(
        tables.aligned(
            ["rounding", "SNR", "numbers unlike ours"],
            [
                [way, f"{each['snr_db']:.3f} dB", f"{each['differs_from_ours']:,}"]
                for way, each in document["losses"].items()
            ],
        )
        + "\n"
    )


if __name__ == "__main__":
    run(Path(sys.argv[1]), *map(int, sys.argv[2:]))
