"""Items of an evaluation without files."""

from collections.abc import Sequence

from medgpt_cli.core.types import Place, Role, Turn
from medgpt_cli.evaluation.items import Item, Kind


def question(
    *golds: str, options: Sequence[tuple[str, str]] = (), kind: Kind | None = None, line: int = 1
) -> Item:
    """A question whose right answers are `golds`: letters where there are options."""
    return Item(
        id=f"line-{line}",
        place=Place("my.jsonl", line),
        turns=(Turn(Role.USER, ("what?",)),),
        images=(),
        gold=golds[0],
        letters=golds if options else (),
        options=tuple(options),
        group="",
        cluster="",
        kind=kind or (Kind.CHOICE if options else Kind.SHORT),
        golds=golds,
    )
