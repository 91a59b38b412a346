"""The machine a plan is made for: this one, measured, or one that a person describes.

How fast a device multiplies is measured at the shapes of the model itself, or taken from a data sheet and said to be
so.  What share of that rate training reaches cannot be known before: it is an assumption, printed with its ground.
This module knows nothing of memory or recipes.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Literal

import torch

from medgpt_cli.core import machine
from medgpt_cli.core.errors import UsageError
from medgpt_cli.training.plan.shapes import Shape

DATA_SHEET = 989e12
"""Operations a second of one NVIDIA H100 SXM in dense bfloat16, by its data sheet."""
UTILISATION = {"cuda": 0.2, "cpu": 0.5}
"""Share of the rate of bare products that a step reaches, assumed.  For devices: NVIDIA's NeMo Automodel tells 28 % for
gpt-oss-20b on eight H100 with mock data, and 2.3 to 2.6 times less on real text.  For a CPU: a guess below the
60 % that steps of tiny reached in this planner's benchmark."""
WATTS = {"cuda": 1000.0, "cpu": 100.0}
"""Power of one device with its share of the host and of cooling, and of a whole machine without any, assumed."""
RESERVE = {"cuda": 0.95, "cpu": 0.95}
"""Share of a device's memory that may be planned with; the rest goes to fragments between tensors."""

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGT]i?)?B?", re.IGNORECASE)
_RATE = re.compile(r"(\d+(?:\.\d+)?(?:e\d+)?)\s*([GTP])?(?:FLOPS?|FLOP/S)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Machine:
    """Devices of one kind.

    Attributes:
        name: For a person.
        kind: `cpu` or `cuda`.
        devices: How many; processes, on a CPU.
        memory: Bytes of one.
        rate: Operations a second of one, in bare products.
        rate_from: Where that number comes from.
        utilisation: Share of the rate that training reaches.
        watts: Power of one.
    """

    name: str
    kind: Literal["cpu", "cuda"]
    devices: int
    memory: float
    rate: float
    rate_from: str
    utilisation: float
    watts: float

    @property
    def usable(self) -> float:
        """Bytes of one device that may be planned with."""
        return self.memory * RESERVE[self.kind]


def described(
    devices: int, memory: str, *, rate: str | None, utilisation: float | None, watts: float | None
) -> Machine:
    """A machine with GPUs, in a person's words.

    Args:
        devices: How many.
        memory: Of one, such as `180GB` or `80GiB`.
        rate: Operations a second of one in bfloat16, such as `989T`; an H100's when None.
        utilisation: Share of that; `UTILISATION` when None.
        watts: Power of one; `WATTS` when None.

    Raises:
        UsageError: A quantity cannot be read.
    """
    return Machine(
        name=f"{devices} GPU{'s' if devices > 1 else ''} of {memory}",
        kind="cuda",
        devices=devices,
        memory=size(memory),
        rate=DATA_SHEET if rate is None else operations(rate),
        rate_from="data sheet of an H100 SXM, dense bfloat16" if rate is None else "as given",
        utilisation=utilisation or UTILISATION["cuda"],
        watts=watts or WATTS["cuda"],
    )


def this_one(
    shape: Shape, *, ranks: int, bf16: bool, utilisation: float | None, watts: float | None
) -> Machine:
    """This machine, its rate measured by a second of products at the model's shapes.

    Args:
        shape: The model.
        ranks: Processes that train together.
        bf16: Whether they compute in bfloat16.
        utilisation: Share of the rate; `UTILISATION` when None.
        watts: Power of one device; `WATTS` when None.
    """
    cuda = torch.cuda.is_available()
    kind: Literal["cpu", "cuda"] = "cuda" if cuda else "cpu"
    devices = max(ranks, torch.cuda.device_count()) if cuda else ranks
    memory = float(torch.cuda.mem_get_info()[1] if cuda else machine.memory().available / devices)
    what = torch.cuda.get_device_name() if cuda else f"{machine.cores().usable} cores, no GPU"
    return Machine(
        name=f"this machine ({what})",
        kind=kind,
        devices=devices,
        memory=memory,
        rate=matmul_rate(shape, bf16=bf16) / (1 if cuda else devices),
        rate_from="measured here at the model's shapes",
        utilisation=utilisation or UTILISATION[kind],
        watts=watts or WATTS[kind] / (1 if cuda else devices),
    )


def matmul_rate(shape: Shape, *, bf16: bool, rows: int = 512, seconds: float = 0.5) -> float:
    """Operations a second of this machine in products of the model's own shapes, weighted by their share.

    Args:
        shape: The model; its projections, one expert or feed-forward block, and the head.
        bf16: Multiply in bfloat16, else in float32.
        rows: Rows of the left matrix.
        seconds: How long each shape is multiplied.
    """
    d = shape.decoder
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.bfloat16 if bf16 else torch.float32
    layers = len(d.windows)
    per_expert = max(8, rows * d.chosen // max(d.experts, 1)) if d.experts else rows
    shapes = [
        (rows, d.width, d.heads * d.head, 2 * layers),
        (per_expert, d.width, 2 * d.inner, layers * max(1, d.experts)),
        (per_expert, d.inner, d.width, layers * max(1, d.experts)),
        (min(rows, 64), d.width, min(d.vocabulary, 32_768), 1),
    ]
    work = spent = 0.0
    for m, n, p, times in shapes:
        left, right = (torch.rand(a, b, device=device, dtype=dtype) for a, b in ((m, n), (n, p)))
        torch.mm(left, right)
        count, began = 0, _now(device)
        while _now(device) - began < seconds:
            torch.mm(left, right)
            count += 1
        took = (_now(device) - began) / count
        work += times * 2.0 * m * n * p
        spent += times * took
    return work / spent


def _now(device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def size(text: str) -> float:
    """Bytes from words such as `180GB` (10⁹) or `80GiB` (2³⁰).

    Raises:
        UsageError: It is no size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or not float(match[1]):
        raise UsageError(f"{text} is no size of memory", repair="write it as 180GB or 80GiB")
    unit = (match[2] or "").lower()
    power = " kmgt".index(unit[0]) if unit else 0
    return float(match[1]) * (1024.0 if unit.endswith("i") else 1000.0) ** power


def operations(text: str) -> float:
    """Operations a second from words such as `989T`, `2.25P` or `989e12`.

    Raises:
        UsageError: It is no rate.
    """
    match = _RATE.fullmatch(text.strip())
    if match is None or not float(match[1]):
        raise UsageError(
            f"{text} is no number of operations a second", repair="write it as 989T or 989e12"
        )
    return float(match[1]) * {"": 1.0, "g": 1e9, "t": 1e12, "p": 1e15}[(match[2] or "").lower()]
