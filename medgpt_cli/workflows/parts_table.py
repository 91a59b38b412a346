"""The table of a model's parts: how much of each learns, at which rate, in which number format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from medgpt_cli.training.parts import PartCount, format_of, is_adapter, part_of
from medgpt_cli.workflows.starting import part_rates, pick_precision

PACKED = frozenset({"mxfp4", "nf4"})
"""Formats that nothing is computed in."""


class PartRow(NamedTuple):
    """One part, as the manifest keeps it.

    Attributes:
        total: Parameters.
        trained: Of which learn.
        dead: Of which never see a gradient.
        lr: Peak learning rate; None where nothing learns.
        adapters: Parameters of adapters beside them.
        carried: What carries these, in words; empty without any.
        dtype: Number format of the weights.
        compute: Number format they are computed in.
    """

    total: int
    trained: int
    dead: int
    adapters: int
    lr: float | None
    dtype: str
    compute: str
    carried: str = ""


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
        if not is_adapter(name):
            formats[part_of(name)].add(format_of(name, parameter))
    rows, carried = {}, carriers(model)
    for part, count in counts.items():
        dtype = "+".join([*sorted(formats[part] & PACKED), *sorted(formats[part] - PACKED)])
        rate = rates[part]
        rows[part] = PartRow(
            *count,
            lr=(recipe.train.lr if rate is None else rate) if count.trained else None,
            dtype=dtype,
            compute="bfloat16" if bf16 else "+".join(sorted(formats[part] - PACKED)),
            carried=carried.get(part, ""),
        )
    return rows


def sentences(rows: Mapping[str, PartRow]) -> list[str]:
    """One line a part."""
    lines = []
    for part, row in rows.items():
        rate = "frozen" if row.lr is None else f"lr {row.lr:g}"
        adapters = f"; adapters of {row.carried}" if row.carried else ""
        form = row.dtype if row.dtype == row.compute else f"{row.dtype}, computed in {row.compute}"
        lines.append(
            f"  {part:<10} {row.trained:>13,} of {row.total:,} parameters learn  {rate:<10}  {form}{adapters}"
        )
    return lines


def carriers(model: Any) -> dict[str, str]:
    """What carries adapters in a model, in words, by part; nothing is loaded where there are none."""
    if not any(is_adapter(name) for name, _ in model.named_parameters()):
        return {}
    from medgpt_cli.models.adapters.attach import NAME, layers

    found: dict[str, tuple[dict[str, None], set[int], int]] = {}
    for name, layer in layers(model).items():
        names, ranks, count = found.setdefault(part_of(f"{name}.weight"), ({}, set(), 0))
        names[name.rsplit(".", 1)[-1]] = None
        ranks.add(layer.r[NAME])
        found[part_of(f"{name}.weight")] = (names, ranks, count + 1)
    return {
        part: f"rank {'/'.join(map(str, sorted(ranks)))} on {count} weights: {', '.join(names)}"
        for part, (names, ranks, count) in found.items()
    }
