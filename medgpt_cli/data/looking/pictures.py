"""Some pictures looked at: their sizes in pixels, and what is odd about them.

This module is handed paths and opens them one at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.flags import flags_of
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.looking.lengths import Lengths


def look_at(paths: Iterable[str]) -> dict[str, Any]:
    """Sizes and flags of the pictures at some paths, each once; those that cannot be opened are counted."""
    short, long = Lengths(), Lengths()
    flags: Counter[str] = Counter()
    unreadable = 0
    for path in dict.fromkeys(paths):
        try:
            picture = open_image(path)
        except BadImage:
            unreadable += 1
            continue
        short.add(min(picture.size))
        long.add(max(picture.size))
        flags.update(flags_of(picture))
    return {
        "looked_at": len(short),
        "unreadable": unreadable,
        "shorter_side": short.document(),
        "longer_side": long.document(),
        "flags": dict(flags.most_common()),
    }
