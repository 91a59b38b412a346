"""How answered examples and named pictures are said before a question, in training, evaluation and chat alike.

This module knows nothing of which examples are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from medgpt_cli.core.types import Role, Turn

Spoken = tuple[Sequence[Turn], Sequence[str]]
"""A dialogue, and the pictures that its turns show."""


def after_examples(examples: Iterable[Spoken], own: Spoken) -> tuple[tuple[Turn, ...], tuple[str, ...]]:
    """A dialogue with examples as earlier turns, pictures included; its own system turn stands in front of all.

    Args:
        examples: Each with its answer, in the order they are said; their system turns are left out.
        own: The dialogue they stand before.

    Returns:
        The turns, and the pictures they show.
    """
    turns = [turn for turn in own[0] if turn.role is Role.SYSTEM]
    images: list[str] = []
    for said, shown in (*examples, own):
        for turn in said:
            if turn.role is not Role.SYSTEM:
                parts = tuple(
                    part + len(images) if isinstance(part, int) else part for part in turn.parts
                )
                turns.append(Turn(turn.role, parts, turn.thinking))
        images += shown
    return tuple(turns), tuple(images)


def pictures_line(names: Sequence[str]) -> str:
    """The line that names pictures in their order, such as `Pictures: current PA image, prior image.`

    Args:
        names: What each is called, such as `current PA` or `prior`; empty for one without a name.
    """
    return "Pictures: " + ", ".join(f"{name} image" if name else "image" for name in names) + "."
