"""A run folder: the name of every file in it, who may write to it, and whether it is finished.

The folder is owned from the start (`state.json` says running or done) and held by a lock, so that two runs never
write to one place and an unfinished folder is never taken for a result.  This module knows nothing of training.
"""

from __future__ import annotations

import datetime
import fcntl
import json
import os
import re
import shutil
import socket
from pathlib import Path
from typing import IO, Literal

from medgpt_cli.core import files
from medgpt_cli.core.errors import BadCheckpoint, OutputExists, UsageError

RUNS = Path("runs")
"""Where runs go when `--out` is not given, relative to the current folder."""

STATE = "state.json"
STATE_OF_DATA = "preparation.json"
"""What it is called beside prepared data: `datasets` refuses to load a folder that holds a `state.json`."""
LOCK = ".lock"


class RunFolder:
    """An output folder that a resumable command owns.

    Attributes:
        path: The folder.
        kind: What writes here, such as `sft` or `eval`.
        done: True when the run had already finished before it was opened.
    """

    def __init__(
        self, path: Path, kind: str, *, done: bool, lock: IO[str] | None, state: str = STATE
    ) -> None:
        self.path = path
        self._state = state
        self.kind = kind
        self.done = done
        self._lock = lock

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        resume: bool = False,
        force: bool = False,
        kind: str = "run",
        state: str = STATE,
    ) -> RunFolder:
        """Takes possession of `path`.

        Args:
            path: The folder named by `--out`; created when absent.
            resume: Start or continue: an absent or empty folder starts, a finished one says so in `done`.
            force: Overwrite a run of ours.  A folder that is not a run of ours is never emptied.
            kind: What the run is; a run of another kind is not continued.
            state: The file that says whether the run is finished, `STATE` or `STATE_OF_DATA`.

        Raises:
            OutputExists: The folder is not empty and neither `resume` nor `force` was given.
            UsageError: Another process is writing there, or the folder is not a run of this kind.
        """
        before = examine(path, resume=resume, force=force, kind=kind)
        files.make_folder(path)
        lock = _lock(path)
        if force and before is not None:
            # The state goes first and stays: a kill between two deletions leaves a run that --force still takes.
            files.write_json(path / state, {**before, "state": "running"})
            for item in path.iterdir():
                if item.name not in (LOCK, state):
                    shutil.rmtree(item) if item.is_dir() and not item.is_symlink() else item.unlink()
            before = None
        _sweep(path)
        done = before is not None and before.get("state") == "done"
        run = cls(path, kind, done=done, lock=lock, state=state)
        if not done:
            run._write_state("running")
        return run

    @classmethod
    def follow(cls, path: Path, *, kind: str) -> RunFolder:
        """The folder as the other processes of a run see it, which read and never write what the first one owns.

        Args:
            path: The folder the first process opened.
            kind: What the run is.
        """
        return cls(path, kind, done=is_done(path), lock=None)

    def _write_state(self, state: Literal["running", "done"], **told: object) -> None:
        # Who writes matters only while it writes: equal runs end in equal bytes.
        writer = {"pid": os.getpid(), "host": socket.gethostname()} if state == "running" else {}
        files.write_json(self.path / self._state, {"state": state, "kind": self.kind, **writer, **told})

    def reopen(self) -> None:
        """Says that what is in place is made anew, so that nobody uses it before `finish`."""
        if self._lock is not None:
            self._write_state("running")
            self.done = False

    def finish(self, **told: object) -> None:
        """Says that everything is in place; only after this may others use the folder.

        Args:
            told: What the state shall say beside that.
        """
        if self._lock is not None:
            self._write_state("done", **told)
        self.close()

    def close(self) -> None:
        """Lets go of the lock without declaring the run finished."""
        if self._lock is not None:
            self._lock.close()

    @property
    def recipe(self) -> Path:
        """The resolved recipe (JSON)."""
        return self.path / "recipe.json"

    @property
    def manifest(self) -> Path:
        """Hashes, versions, seeds and hardware."""
        return self.path / "manifest.json"

    @property
    def metrics(self) -> Path:
        """One JSON line a step."""
        return self.path / "metrics.jsonl"

    @property
    def checkpoints(self) -> Path:
        """The folder of `step-N` folders."""
        return self.path / "checkpoints"

    @property
    def model(self) -> Path:
        """The result, loadable by transformers alone."""
        return self.path / "model"

    @property
    def adapter(self) -> Path:
        """The adapters alone, loadable by PEFT, where a run trained some."""
        return self.path / "adapter"

    @property
    def log(self) -> Path:
        """What happened, without clinical text."""
        return self.path / "log.txt"

    @property
    def report(self) -> Path:
        """The page a person reads."""
        return self.path / "report.html"


def examine(path: Path, *, resume: bool, force: bool, kind: str) -> dict[str, object] | None:
    """What `RunFolder.open` would find, without touching it; costly work is done between the two.

    Args:
        path: The folder named by `--out`.
        resume: As for `open`.
        force: As for `open`.
        kind: As for `open`.

    Returns:
        The state of the run that stands there, or None.

    Raises:
        OutputExists, UsageError: As `open` says.
    """
    if resume and force:
        raise UsageError(
            "--resume goes on with a run and --force throws it away", repair="give one of them"
        )
    if path.exists() and not path.is_dir():
        raise OutputExists(f"{path} is a file", repair="name a folder with --out")
    state = read_state(path)
    # Hidden names are our lock and what a killed writer left half done.
    if path.is_dir() and any(not item.name.startswith(".") for item in path.iterdir()):
        if not (resume or force):
            raise OutputExists(
                f"{path} is not empty",
                repair="go on with --resume, overwrite with --force, or name another --out",
            )
        if state is None:
            raise UsageError(
                f"{path} is not a run folder of medgpt, so it is left alone", repair="name another --out"
            )
    if state is not None and not force and state.get("kind") != kind:
        raise UsageError(
            f"{path} holds a run of '{state.get('kind')}', not of '{kind}'", repair="name another --out"
        )
    return state


def is_done(path: Path) -> bool:
    """Whether `path` is a finished run."""
    return (read_state(path) or {}).get("state") == "done"


def _sweep(path: Path) -> None:
    # What a killed writer left half done has a hidden name; the lock says that nobody is writing now.
    for item in [*path.glob(".*"), *(path / "checkpoints").glob(".*")]:
        if item.name != LOCK:
            shutil.rmtree(item) if item.is_dir() and not item.is_symlink() else item.unlink()


def _lock(path: Path) -> IO[str]:
    lock = (path / LOCK).open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        state = read_state(path) or {}
        lock.close()
        raise UsageError(
            f"{path} is in use by process {state.get('pid', '?')} on {state.get('host', '?')}",
            repair="wait for it, or name another --out",
        ) from None
    return lock


def read_state(path: Path) -> dict[str, object] | None:
    """What a run folder says of itself: `state` (running or done) and `kind`; None where `path` is none."""
    for name in (STATE_OF_DATA, STATE):
        try:
            state = json.loads((path / name).read_text())
        except (OSError, ValueError):
            continue
        if isinstance(state, dict):
            return state
    return None


def require_done(path: Path) -> None:
    """Refuses a run folder that did not finish.

    Raises:
        BadCheckpoint: Its state is there and does not say done.
    """
    state = read_state(path)
    if any((path / name).exists() for name in (STATE, STATE_OF_DATA)) and (
        (state or {}).get("state") != "done"
    ):
        raise BadCheckpoint(
            f"the run in {path} has not finished",
            repair="run its command again with --resume, or name one of its checkpoints/step-N",
        )


def is_run(path: Path) -> bool:
    """Whether `path` is a run folder of ours, finished or not."""
    return read_state(path) is not None


def dated(stage: str, root: Path = RUNS) -> Path:
    """A fresh folder name for today: `runs/2026-01-31-sft-1`."""
    day = datetime.date.today().isoformat()
    number = 1
    while (root / f"{day}-{stage}-{number}").exists():
        number += 1
    return root / f"{day}-{stage}-{number}"


def checkpoints(run: Path) -> list[Path]:
    """The whole checkpoints of a run, oldest first.  A torn one has another name and is not listed."""
    found = [
        (int(match[1]), path)
        for path in (run / "checkpoints").glob("step-*")
        if (match := re.fullmatch(r"step-(\d+)", path.name))
    ]
    return [path for _, path in sorted(found)]
