"""The table of a model's parts: how much of each learns, at which rate, in which number format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from medgpt_cli.training.parts import PartCount, part_of
from medgpt_cli.workflows.starting import part_rates, pick_precision


class PartRow(NamedTuple):
    """One part, as the manifest keeps it.

    Attributes:
        total: Parameters.
        trained: Of which learn.
        dead: Of which never see a gradient.
        lr: Peak learning rate; None where nothing learns.
        dtype: Number format of the weights.
        compute: Number format they are computed in.
    """

    total: int
    trained: int
    dead: int
    lr: float | None
    dtype: str
    compute: str


def part_rows(recipe: Any, model: Any, counts: Mapping[str, PartCount]) -> dict[str, PartRow]:
    """The table of a model.

    Args:
        recipe: A stage recipe.
        model: After `freeze`.
        counts: What `freeze` returned.
    """
    rates = part_rates(recipe)
    _, bf16 = pick_precision(recipe.model.dtype)
    formats: dict[str, set[str]] = {part: set() for part in counts}
    for name, parameter in model.named_parameters():
        formats[part_of(name)].add(str(parameter.dtype).removeprefix("torch."))
    rows = {}
    for part, count in counts.items():
        dtype = "+".join(sorted(formats[part]))
        rate = rates[part]
        rows[part] = PartRow(
            *count,
            lr=(recipe.train.lr if rate is None else rate) if count.trained else None,
            dtype=dtype,
            compute="bfloat16" if bf16 else dtype,
        )
    return rows


def sentences(rows: Mapping[str, PartRow]) -> list[str]:
    """One line a part."""
    lines = []
    for part, row in rows.items():
        rate = "frozen" if row.lr is None else f"lr {row.lr:g}"
        form = row.dtype if row.dtype == row.compute else f"{row.dtype}, computed in {row.compute}"
        lines.append(
            f"  {part:<10} {row.trained:>13,} of {row.total:,} parameters learn  {rate:<10}  {form}"
        )
    return lines
