"""A plan as a page for the terminal.  Every number comes from the document."""

from __future__ import annotations

from typing import Any

from medgpt_cli.core import console
from medgpt_cli.training.progress import duration

GIB = 2**30


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
    if change["sharing"]["quantise_base"] != plan["as_written"]["sharing"]["quantise_base"]:
        cost += "; a base that was not published in that format is rounded to it"
    more = change["sharing"]["ranks"] != plan["as_written"]["sharing"]["ranks"]
    if more and change["sharing"]["batch_tokens"] is None:
        cost += "; a step then takes in as many times more rows as there are devices more"
    result.print(f"  {cost}", soft_wrap=True)


def _memory(plan: dict[str, Any], columns: list[tuple[str, dict[str, Any]]]) -> None:
    names = dict.fromkeys(name for _, way in columns for name in way["memory_bytes"]["highest"])
    rows: list[tuple[str, ...]] = [
        (name, *(_gib(way["memory_bytes"]["highest"].get(name)) for _, way in columns)) for name in names
    ]
    rows.append(("at the worst moment", *(_gib(way["memory_bytes"]["total"]) for _, way in columns)))
    rows.append(("  which is", *(way["memory_bytes"]["moment"] for _, way in columns)))
    rows.append(("may be planned with", *[_gib(plan["machine"]["usable_bytes"])] * len(columns)))
    if any(way["main_memory_bytes"] for _, way in columns):
        rows.append(
            ("main memory, all devices", *(_gib(way["main_memory_bytes"]) for _, way in columns))
        )
    rows.append(
        (
            "main memory to read the model",
            *(_gib(way["main_memory_to_read_bytes"]) or "by shard" for _, way in columns),
        )
    )
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
        row("  of it unpacking", lambda way: _long(way["seconds_unpacking"])),
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
        plan["step"],
        f"model: {total:,} parameters, of which {learnt:,} learn",
        f"data: {rows['basis']}{fill}",
        f"speed: {machine['operations_per_second'] / 1e12:,.3g}·10¹² operations a second and device "
        f"({machine['operations_from']}), of which training is assumed to reach {machine['utilisation_assumed']:.0%}",
        "operations: 2 a parameter and token forward, the k chosen experts and supervised positions of the head "
        "only, and attention over what is seen; backward once more for inputs and once for what learns",
        f"links: {machine['bytes_per_second_between_devices_assumed'] / 1e9:g} GB a second between devices, "
        f"{machine['bytes_per_second_to_memory_assumed'] / 1e9:g} between a device and main memory, in which AdamW "
        f"goes through {machine['bytes_per_second_in_memory_assumed'] / 1e9:g}; assumed, and nothing overlaps",
        f"power: {machine['watts_per_device_assumed']:,.0f} W a device, assumed",
        "main memory to read the model: in every process, where one machine holds all devices, in float32 or beside "
        "adapters in bfloat16 (files in float32 are mapped, and take less); under ZeRO-3 a model that is trained as "
        "it was read goes straight into shards, and none is taken",
        "memory: each part at its highest, for the fullest micro-batch; they do not all peak together, and their "
        "worst moment is what must fit; 5 % of a device are left free",
    ]
    ways = [plan["as_written"], *([plan["change"]] if plan["change"] is not None else [])]
    if any(way["seconds_unpacking"] for way in ways):
        rate = machine["weights_per_second_unpacked_assumed"] / 1e9
        notes.append(f"4 bits: {rate:g}·10⁹ weights a second are unpacked, assumed")
    if plan["main_memory_to_merge_bytes"]:
        notes.append(
            f"main memory at the end: {_gib(plan['main_memory_to_merge_bytes'])} GiB, since the base is read once "
            "more, in 2 bytes a weight, to add the adapters to it"
        )
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
                "not estimated"
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
