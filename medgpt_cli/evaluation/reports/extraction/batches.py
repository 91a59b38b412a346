"""What the extractors share: reports in batches of like length, and models opened without a word on the terminal."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging

from medgpt_cli.core.device import pick_device
from medgpt_cli.core.errors import BadCheckpoint


def device() -> torch.device:
    """Where the models run: an accelerator if there is one."""
    return torch.device(pick_device()[0])


def by_length(texts: Mapping[str, str], size: int) -> Iterator[tuple[list[str], list[str]]]:
    """Keys and texts in batches, short reports first, so that little is padded."""
    keys = sorted(texts, key=lambda key: (len(texts[key]), key))
    for start in range(0, len(keys), size):
        chosen = keys[start : start + size]
        yield chosen, [texts[key] for key in chosen]


@contextmanager
def open_quietly(folder: Path) -> Iterator[None]:
    """Loads something of transformers without its notices, and names the folder where that fails.

    Raises:
        BadCheckpoint: transformers cannot read the folder.
    """
    level = logging.get_verbosity()
    bars = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (OSError, ImportError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise BadCheckpoint(
            f"transformers cannot read these weights ({type(error).__name__})",
            where=str(folder),
            repair="take the folder as published, whole",
        ) from None
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def all_loaded(folder: Path, report: Mapping[str, Any]) -> None:
    """Refuses a model of which some weights were not in the file and so are random.

    Args:
        folder: For the message.
        report: What `from_pretrained(output_loading_info=True)` hands back.

    Raises:
        BadCheckpoint: Weights are missing.
    """
    # The pooler of a masked language model was never trained and is never used here.
    missing = [name for name in report["missing_keys"] if not name.startswith("pooler.")]
    if missing or report["mismatched_keys"]:
        raise BadCheckpoint(
            f"lacks {len(missing) + len(report['mismatched_keys'])} of the model's tensors",
            where=str(folder),
            repair="take the folder as published, whole",
        )
