"""Which runs there are: the newest of a folder, and the stages of a pipeline.

This module reads what `rundir` wrote, and writes nothing.
"""

from __future__ import annotations

from pathlib import Path

from medgpt_cli.core import rundir

PIPELINE = "pipeline"
"""The kind of a folder whose runs lie below it, one for each stage."""


def stages_of(path: Path) -> list[Path] | None:
    """The finished stages of a pipeline that left a model or an adapter, in order; None where `path` is none."""
    if (rundir.read_state(path) or {}).get("kind") != PIPELINE:
        return None
    runs = {found.parent for name in ("model", "adapter") for found in path.glob(f"*/{name}")}
    return sorted(
        (run for run in runs if rundir.is_done(run)),
        key=lambda run: (int(run.name.split("-")[0]), run.name),
    )


def newest_run(root: Path = rundir.RUNS) -> Path | None:
    """The run under `root` with a finished model, or an adapter to one, that ended last; or None.

    A finished pipeline counts as one.
    """
    walked = [path for path in root.glob("*") if rundir.is_done(path) and stages_of(path)]
    results = [*root.glob("*/model"), *root.glob("*/adapter")]
    runs = [path.parent for path in results if rundir.read_state(path.parent) is not None]
    finished = [run for run in runs if (rundir.read_state(run) or {}).get("state") == "done"]
    return max(
        [*finished, *walked], key=lambda run: (run / rundir.STATE).stat().st_mtime_ns, default=None
    )
