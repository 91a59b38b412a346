"""How many tiles a picture may become for a model, as the model's own folder tells it.

The number stands as `max_tiles` among the picture rules that the stock processor saves and loads; other programs keep
it and pay no heed.  A folder without it shows every picture whole, and none is written for such a model.  This module
knows nothing of pictures.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.core.recipe.sections import MOST_TILES

WORD = "max_tiles"
RULES = "preprocessor_config.json"
"""The picture rules alone, as they lie beside an adapter."""
PROCESSOR = "processor_config.json"
"""The whole processor, with the picture rules in it."""


def max_tiles(processor: Any) -> int:
    """Tiles that a picture may become for this processor's model, its thumbnail not counted.

    Raises:
        BadCheckpoint: It names no such number.
    """
    return _checked(getattr(processor.image_processor, WORD, 1), "")


def set_max_tiles(processor: Any, number: int) -> None:
    """Makes a number of tiles the model's own, saved with it from now on."""
    if number != max_tiles(processor):
        setattr(processor.image_processor, WORD, number)


def use_tiles_of(processor: Any, adapter: Path) -> None:
    """Gives a processor the number of tiles that an adapter was trained with, where its folder names one."""
    if (adapter / RULES).is_file():
        set_max_tiles(processor, _checked(_read(adapter / RULES).get(WORD, 1), str(adapter)))


def save_tiles(processor: Any, folder: Path) -> None:
    """Writes the picture rules beside an adapter, where they name a number of tiles."""
    if hasattr(processor.image_processor, WORD):
        processor.image_processor.save_pretrained(folder)


def tiles_of(folder: Path, adapter: Path | None = None) -> int:
    """The number of tiles that a model's folder names, without loading anything.

    Args:
        folder: Of the whole model.
        adapter: Of an adapter that is added to it.

    Raises:
        BadCheckpoint: It names no such number.
    """
    if adapter is not None and (adapter / RULES).is_file():
        return _checked(_read(adapter / RULES).get(WORD, 1), str(adapter))
    rules = _read(folder / PROCESSOR).get("image_processor")
    if not isinstance(rules, dict):
        rules = _read(folder / RULES)  # as transformers before 5 kept it
    return _checked(rules.get(WORD, 1), str(folder))


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # whoever loads the model says what is wrong with it
        return {}
    return found if isinstance(found, dict) else {}


def _checked(number: Any, where: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MOST_TILES:
        raise BadCheckpoint(
            f"its picture rules name no number of tiles from 1 to {MOST_TILES} as {WORD}",
            where=where,
            repair="copy the whole folder from its source",
        )
    return number
