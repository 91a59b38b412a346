"""Trackers that are told of a run as well, by transformers' own integrations; none unless the recipe names them.

They are told what `metrics.jsonl` holds of each step, and settings; never a word of the data.  What they write goes
into the run folder, and without a network they stay on this machine.  This module knows nothing of what is measured.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from medgpt_cli.core.errors import Missing

MODULES = {"tensorboard": "tensorboard", "mlflow": "mlflow", "wandb": "wandb"}
"""What must be installed, by the tracker's name."""


def require_trackers(names: Sequence[str]) -> None:
    """Makes sure that trackers are there, before anything is read.

    Raises:
        Missing: One is not installed.
    """
    absent = [MODULES[name] for name in names if find_spec(MODULES[name]) is None]
    if absent:
        raise Missing(
            f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} not installed",
            where="engine.report_to",
            repair=f"pip install {' '.join(absent)}",
        )


def keep_trackers_in(run: Path, *, online: bool) -> None:
    """Tells trackers where to write; what the person has set in the environment stays.

    Args:
        run: The run folder.
        online: Whether they may send anything.
    """
    folder = (run / "trackers").resolve()
    for name, value in (
        ("TENSORBOARD_LOGGING_DIR", str(folder / "tensorboard")),
        ("MLFLOW_TRACKING_URI", (folder / "mlflow").as_uri()),
        ("WANDB_DIR", str(folder)),
        ("WANDB_PROJECT", "medgpt"),
    ):
        os.environ.setdefault(name, value)
    if not online:
        os.environ["WANDB_MODE"] = "offline"
    folder.mkdir(exist_ok=True)
