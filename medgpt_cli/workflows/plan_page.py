"""A plan as a document and as a page for the terminal."""

from __future__ import annotations

import math
from typing import Any

from medgpt_cli.core import console
from medgpt_cli.training.meters import duration
from medgpt_cli.training.plan.activations import Batch
from medgpt_cli.training.plan.cheapest import Change, Setup, times
from medgpt_cli.training.plan.flops import flops
from medgpt_cli.training.plan.memory import Device, Sharing, memory
from medgpt_cli.training.plan.published import FIGURES, TITLES, Figure
from medgpt_cli.training.plan.shapes import Shape
from medgpt_cli.workflows.plan_rows import Rows

GIB = 2**30


def document(recipe: Any, setup: Setup, change: Change | None, rows: Rows) -> dict[str, Any]:
    """The plan of a recipe.

    Args:
        recipe: A stage recipe.
        setup: As it is written.
        change: The cheapest one that makes it fit, where it does not.
        rows: What it trains on.
    """
    machine, shape = setup.machine, setup.shape
    word = next((word for word, title in TITLES.items() if title == shape.name), None)
    return {
        "stage": recipe.stage,
        "model": shape.name,
        "parameters": {part: count._asdict() for part, count in shape.counts.items()},
        "expert_layer_parameters": shape.expert_layer if shape.decoder.experts else None,
        "machine": {
            "name": machine.name,
            "devices": machine.devices,
            "memory_bytes": machine.memory,
            "usable_bytes": machine.usable,
            "operations_per_second": machine.rate,
            "operations_from": machine.rate_from,
            "utilisation_assumed": machine.utilisation,
            "watts_per_device_assumed": machine.watts,
        },
        "rows": {
            "basis": rows.basis,
            "records": rows.records,
            "tokens_per_pass": rows.tokens,
            "rows_per_pass": rows.count,
            "fill": rows.fill,
        },
        "as_written": _way(recipe, setup, rows),
        "fits": setup.fits(),
        "change": None
        if change is None
        else {
            "words": list(change.words),
            "slower": change.slower,
            "another_training": change.another_training,
            **_way(recipe, change.setup, rows),
        },
        "published": [
            {**figure._asdict(), "ours_bytes": like(shape, figure)}
            for figure in FIGURES.get(word or "", ())
        ],
    }


def _way(recipe: Any, setup: Setup, rows: Rows) -> dict[str, Any]:
    held, pace, machine = setup.memory(), setup.pace(), setup.machine
    a_step = setup.rows * setup.accumulate * setup.sharing.ranks / setup.sharing.sequence
    count = rows.count * recipe.train.max_length / setup.length
    steps = recipe.train.max_steps or math.ceil(max(1, round(count * recipe.train.epochs)) / a_step)
    seconds = steps * pace.total
    operations = flops(setup.shape, times(setup.average, setup.rows))
    return {
        "sharing": {
            "ranks": setup.sharing.ranks,
            "deepspeed": setup.sharing.deepspeed,
            "zero": setup.sharing.zero if setup.sharing.deepspeed else None,
            "offload": setup.sharing.offload,
            "checkpointing": setup.sharing.checkpointing,
            "batch_size": setup.rows,
            "accumulate": setup.accumulate,
            "max_length": setup.length,
        },
        "memory_bytes": {
            "total": held.total,
            "moment": held.moment,
            "parts": held.parts,
            "highest": held.highest,
        },
        "main_memory_bytes": held.host,
        "operations_per_token": operations.total / max(1, setup.average.tokens * setup.rows),
        "operations": {
            name: operations.forward[name] + operations.backward[name] for name in operations.forward
        },
        "tokens_per_step": round(setup.average.tokens * a_step),
        "tokens_per_second": setup.average.tokens * a_step / pace.total,
        "steps": steps,
        "seconds_per_step": pace.total,
        "seconds_sending": pace.sending,
        "seconds_offloading": pace.offloading,
        "seconds": seconds,
        "kwh": seconds * machine.watts * machine.devices / 3.6e6,
    }


def like(shape: Shape, figure: Figure) -> float | None:
    """Our own estimate of what a published figure tells, in bytes a device, where we train that way."""
    if figure.devices is None:
        return None
    row = Batch(figure.tokens, figure.tokens // 2, 1, float(figure.tokens))
    sharing = Sharing(ranks=figure.devices, deepspeed=True, zero=3, checkpointing="offload")
    return memory(shape, row, sharing, Device.of("cuda", bf16=True)).total


def tell(plan: dict[str, Any], *, as_json: bool) -> None:
    """Prints a plan on stdout."""
    if as_json:
        console.print_json(plan)
        return
    result = console.result()
    machine = plan["machine"]
    columns = [("as written", plan["as_written"])]
    if plan["change"] is not None:
        columns.append(("with the change", plan["change"]))
    result.print(
        f"{plan['stage']} of {plan['model']}, on {machine['name']}", style="bold", soft_wrap=True
    )
    _verdict(plan)
    _memory(plan, columns)
    _time(plan, columns)
    _notes(plan)


def _verdict(plan: dict[str, Any]) -> None:
    result, change = console.result(), plan["change"]
    if plan["fits"]:
        result.print("fits as written", style="green")
        return
    if change is None:
        result.print("does not fit, and nothing that was tried makes it fit", style="red")
        return
    result.print("does not fit as written; the cheapest change that makes it fit:", style="red")
    result.print("  " + " ".join(change["words"]), style="bold", soft_wrap=True)
    slower = change["slower"]
    cost = f"a step takes {slower:.0%} longer" if slower >= 0.005 else "a step takes no longer"
    if change["another_training"]:
        cost += "; shorter rows are another training"
    if change["sharing"]["ranks"] != plan["as_written"]["sharing"]["ranks"]:
        cost += "; a step then takes in as many times more rows as there are devices more"
    result.print(f"  {cost}", soft_wrap=True)


def _memory(plan: dict[str, Any], columns: list[tuple[str, dict[str, Any]]]) -> None:
    names = dict.fromkeys(name for _, way in columns for name in way["memory_bytes"]["highest"])
    rows: list[tuple[str, ...]] = [
        (name, *(_gib(way["memory_bytes"]["highest"].get(name)) for _, way in columns)) for name in names
    ]
    rows.append(("at the worst moment", *(_gib(way["memory_bytes"]["total"]) for _, way in columns)))
    rows.append(("may be planned with", *[_gib(plan["machine"]["usable_bytes"])] * len(columns)))
    if any(way["main_memory_bytes"] for _, way in columns):
        rows.append(
            ("main memory, all devices", *(_gib(way["main_memory_bytes"]) for _, way in columns))
        )
    rows.append(("  which is", *(way["memory_bytes"]["moment"] for _, way in columns)))
    _table("memory of one device, GiB", [name for name, _ in columns], rows, lines=len(names))
    if plan["expert_layer_parameters"] and any(
        "gathered parameters" in way["memory_bytes"] for _, way in columns
    ):
        console.result().print(
            f"  gathered: DeepSpeed keeps up to 10⁹ parameters whole; the experts of one layer are "
            f"{plan['expert_layer_parameters']:,}",
            style="dim",
        )


def _time(plan: dict[str, Any], columns: list[tuple[str, dict[str, Any]]]) -> None:
    def row(name: str, tell: Any) -> tuple[str, ...]:
        return (name, *(tell(way) for _, way in columns))

    rows = [
        row("operations a token, 10⁹", lambda way: f"{way['operations_per_token'] / 1e9:,.3g}"),
        row("tokens a step", lambda way: f"{way['tokens_per_step']:,}"),
        row("a step", lambda way: _long(way["seconds_per_step"])),
        row("  of it between devices", lambda way: _long(way["seconds_sending"])),
        row("  of it offloading", lambda way: _long(way["seconds_offloading"])),
        row("tokens a second", lambda way: f"{way['tokens_per_second']:,.0f}"),
        row("steps", lambda way: f"{way['steps']:,}"),
        row("hours", lambda way: f"{way['seconds'] / 3600:,.2f}"),
        row("kWh", lambda way: f"{way['kwh']:,.3g}"),
    ]
    kept = [each for each in rows if any(cell not in ("0 s", "") for cell in each[1:])]
    _table("time and power", [name for name, _ in columns], kept, lines=0)


def _notes(plan: dict[str, Any]) -> None:
    machine, rows = plan["machine"], plan["rows"]
    learnt = sum(count["trained"] for count in plan["parameters"].values())
    total = sum(count["total"] for count in plan["parameters"].values())
    fill = f"; rows are filled to {rows['fill']:.1%}" if rows["fill"] != 1 else ""
    notes = [
        f"model: {total:,} parameters, of which {learnt:,} learn",
        f"data: {rows['basis']}{fill}",
        f"speed: {machine['operations_per_second'] / 1e12:,.3g}·10¹² operations a second and device "
        f"({machine['operations_from']}), of which training is assumed to reach {machine['utilisation_assumed']:.0%}",
        "operations: 2 a parameter and token forward, the k chosen experts and supervised positions of the head "
        "only, and attention over what is seen; backward once more for inputs and once for what learns",
        f"power: {machine['watts_per_device_assumed']:,.0f} W a device, assumed",
        "memory: each part at its highest, for the fullest micro-batch; they do not all peak together, and their "
        "worst moment is what must fit; 5 % of a device are left free",
    ]
    result = console.result()
    result.print()
    for note in notes:
        result.print(note, style="dim", soft_wrap=True)
    if plan["published"]:
        result.print(
            "\nwhat others published, and our estimate by ZeRO-3 with AdamW in float32", style="bold"
        )
        for figure in plan["published"]:
            ours = (
                "we do not train so"
                if figure["ours_bytes"] is None
                else f"ours {_gib(figure['ours_bytes'])} GiB"
            )
            whose = f"({figure['by']}; theirs: {figure['unlike']})"
            result.print(
                f"  {figure['gib']:g} GiB a device, {ours}: {figure['what']} {whose}", soft_wrap=True
            )


def _table(title: str, heads: list[str], rows: list[tuple[str, ...]], *, lines: int) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column(title, min_width=28)
    for head in heads:
        table.add_column(head, justify="right")
    for number, row in enumerate(rows):
        table.add_row(*row, style="bold" if lines and number == lines else None)
    console.result().print()
    console.result().print(table)


def _gib(value: float | None) -> str:
    return "" if not value else f"{value / GIB:,.1f}" if value >= 0.05 * GIB else f"{value / GIB:.3f}"


def _long(seconds: float) -> str:
    return f"{seconds:.2g} s" if 0 < seconds < 10 else duration(seconds)
