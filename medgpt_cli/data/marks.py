"""Where images stand in a text: the `<image>` mark, and the fields that name the files.

The i-th mark of a record stands for its i-th image.  This module knows nothing of roles or forms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.complaints import Fault, Unfit, kind, unfit

MARK = "<image>"

Parts = tuple[str | int, ...]
Resolve = Callable[[str], str]
"""From a path as written to a path that may be opened; raises `BadImage`."""


def split(text: str, first: int) -> Parts:
    """A text and the images in it, in reading order.

    Args:
        text: With a mark where each image stands.
        first: The index of the first image in it.
    """
    if MARK not in text:
        return (text,) if text else ()
    parts: list[str | int] = []
    for offset, piece in enumerate(text.split(MARK)):
        if offset:
            parts.append(first + offset - 1)
        if piece:
            parts.append(piece)
    return tuple(parts)


def split_turn(text: str, first: int) -> Parts:
    r"""As `split`, for a turn of a dialogue, where a newline beside a mark belongs to the mark.

    LLaVA writes "<image>\nquestion", others "question <image>" or no mark at all; all of them shall reach the model
    as the chat writes them, an image and a text.
    """
    if MARK not in text:
        return (text,) if text else ()
    return split(text.replace(f"\n{MARK}", MARK).replace(f"{MARK}\n", MARK), first)


def says_something(parts: Parts) -> bool:
    """Whether there is an image or a text that is not blank."""
    return any(not isinstance(part, str) or not part.isspace() for part in parts)


def image_paths(record: dict[str, Any], resolve: Resolve) -> tuple[str, ...]:
    """The files a record names in `image` or `images`, each a path or a list of paths.

    Raises:
        Unfit: Wrong types, or every path that may not be opened.
    """
    if "image" not in record and "images" not in record:
        return ()
    if "image" in record and "images" in record:
        raise unfit("images", "stands beside image", "keep one of the two")
    field = "image" if "image" in record else "images"
    value = record[field]
    if type(value) is str:
        named = [(field, value)]
    elif type(value) is list:
        named = [(f"{field}[{index}]", item) for index, item in enumerate(value)]
    else:
        raise unfit(
            field, f"is {kind(value)} where a path or a list of paths belongs", "write paths in quotes"
        )
    faults, paths = [], []
    for where, written in named:
        try:
            if type(written) is not str:
                raise BadImage(
                    f"is {kind(written)} where a path belongs", repair="write the path in quotes"
                )
            paths.append(resolve(written))
        except BadImage as error:
            faults.append(Fault(where, error.what, error.repair))
    if faults:
        raise Unfit(*faults)
    return tuple(paths)


def refuse_uneven(marks: int, images: int, field: str) -> None:
    """Refuses a text whose marks are not as many as its images."""
    if marks == images:
        return
    if not images:
        raise unfit(
            field, f"has {_count(marks, MARK)} and no image", "add images: [path], or remove the tag"
        )
    if not marks:
        raise unfit(
            field,
            f"has {_count(images, 'image')} and no {MARK} tag",
            f"write {MARK} where each image stands",
        )
    raise unfit(
        field, f"has {_count(marks, MARK)} and {_count(images, 'image')}", "write one tag for each image"
    )


def _count(number: int, word: str) -> str:
    if word == MARK:
        return f"{number} {MARK} tag{'s' if number != 1 else ''}"
    return f"{number} {word}{'s' if number != 1 else ''}"
