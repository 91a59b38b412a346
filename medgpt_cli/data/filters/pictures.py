"""Pictures with a flag that was named: almost black, too small, a screenshot, burned-in text and the like.

This module is handed what looks at a picture, so that one that was looked at already is not opened again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.nearest import did_you_mean
from medgpt_cli.core.types import Sample
from medgpt_cli.data.filters.filter import Filter
from medgpt_cli.data.images.flags import Flag, flags_of
from medgpt_cli.data.images.reading import open_image

Look = Callable[[str], Sequence[str]]
"""From an image's path to the names of its flags."""


def look(path: str) -> tuple[str, ...]:
    """The flags of the picture at a path."""
    return flags_of(open_image(path))


def pictures(unwanted: Sequence[str], look: Look = look) -> Filter:
    """Objects to records with a picture that has one of the flags.

    Args:
        unwanted: Names of `Flag`.
        look: What is odd about the picture at a path.

    Raises:
        BadRecipe: A word is no flag.
    """
    known = [str(flag) for flag in Flag]
    for word in unwanted:
        if word not in known:
            raise BadRecipe(
                f"{word} is nothing that is noticed about a picture",
                where="filters.picture_flags",
                repair=did_you_mean(word, known) or f"one of {', '.join(known)}",
            )

    def judge(sample: Sample) -> str:
        for path in dict.fromkeys(sample.images):
            for flag in look(path):
                if flag in unwanted:
                    return f"a picture is {flag}"
        return ""

    return Filter("picture_flags", judge)
