"""The costly half of a preparation: every block judged and written as a part, in as many processes as asked.

Each process walks all sources and judges its own share of the blocks, so none waits for another and a share may as
well run on another machine.  What is there already is passed over.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import multiprocessing.connection
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from medgpt_cli.core import console, files, offline
from medgpt_cli.core.errors import Interrupted, MedGPTError, OutOfResources, StateSaved
from medgpt_cli.core.wording import counted
from medgpt_cli.data.images import apart
from medgpt_cli.data.prepared.blocks import blocks
from medgpt_cli.data.prepared.judging import Judge, Settings
from medgpt_cli.data.prepared.parts import FOLDER, LAYOUT, Notes, path_of, write_part
from medgpt_cli.data.prepared.raw import source_at
from medgpt_cli.workflows.prep.fitting import scorer

COUNT = "blocks.json"
"""Says how many blocks there are, once somebody has walked all sources."""
TOLD_EVERY = 30.0
"""Seconds between two lines of progress."""


class Share(NamedTuple):
    """Which blocks are one's own: `number % of == mine`."""

    mine: int
    of: int


class Work(NamedTuple):
    """What a process is told.

    Attributes:
        out: The prepared set.
        sources: Arguments of `source_at`, one each.
        settings: How records are judged.
        size: Records in a block.
    """

    out: Path
    sources: tuple[dict[str, Any], ...]
    settings: Settings
    size: int


def work(task: Work, share: Share, go_on: Callable[[], bool] = lambda: True) -> None:
    """Judges the blocks of one share that are not there yet.

    Args:
        task: What is prepared.
        share: Which blocks.
        go_on: Asked before each block.
    """
    sources = [source_at(**told) for told in task.sources]
    towers = task.settings.towers
    judge = Judge(task.settings, sources, scorer(towers) if towers else None)
    number = -1
    try:
        for number, index, items in blocks(sources, task.size):
            path = path_of(task.out, number)
            if number % share.of != share.mine or path.exists():
                continue
            if not go_on():
                return
            notes = Notes(index)
            rows = judge.rows(sources[index], items, notes)
            write_part(path, rows, notes, embedded=task.settings.embed)
    finally:
        apart.stop()
    files.write_json(task.out / FOLDER / COUNT, {"blocks": number + 1})


def work_together(task: Work, share: Share, workers: int, again: str) -> None:
    """Judges one share in several processes.

    Args:
        task: What is prepared.
        share: This machine's share.
        workers: How many processes.
        again: The command line that goes on, for a message.

    Raises:
        StateSaved, Interrupted: Somebody wanted it to end; parts that are whole stay.
        OutOfResources: A process was killed.
    """
    with _ending(again):
        if workers == 1:
            work(task, share)
            return
        spawning = multiprocessing.get_context("spawn")
        crew = []
        try:
            for number in range(workers):
                ear, mouth = spawning.Pipe(duplex=False)
                own = Share(share.mine + share.of * number, share.of * workers)
                process = spawning.Process(
                    target=_member, args=(task, own, os.getpid(), mouth), daemon=True
                )
                process.start()
                mouth.close()
                crew.append((process, ear))
            _wait(task, crew)
        finally:
            for process, _ in crew:
                if process.is_alive():
                    process.kill()
                process.join()


def _wait(task: Work, crew: Sequence[tuple[Any, Connection]]) -> None:
    told = time.monotonic()
    waiting = list(crew)
    while waiting:
        ready = multiprocessing.connection.wait([process.sentinel for process, _ in waiting], 1.0)
        for process, ear in [pair for pair in waiting if pair[0].sentinel in ready]:
            waiting.remove((process, ear))
            process.join()
            with contextlib.suppress(EOFError):
                if ear.poll():
                    raise ear.recv()
            if process.exitcode:
                raise OutOfResources(
                    f"a worker was ended from outside (signal {-process.exitcode}), most often for want of memory",
                    repair="go on with --resume and fewer --workers, or a smaller output.block",
                )
        if time.monotonic() - told > TOLD_EVERY:
            told = time.monotonic()
            done = sum(1 for _ in (task.out / FOLDER).glob("*.parquet"))
            console.say(f"{counted(done, 'block')} done")


def _member(task: Work, share: Share, parent: int, mouth: Connection) -> None:
    """One process of the crew; ends with its parent, and leaves interrupts to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    console.set_quiet(True)
    offline.go_offline()
    try:
        work(task, share, lambda: os.getppid() == parent)
    except MedGPTError as error:
        mouth.send(error)
    except Exception as error:
        # A traceback holds values; the parent tells of the bug without them.
        error.__cause__ = error.__context__ = None
        mouth.send(RuntimeError(type(error).__name__) if not _plain(error) else error)


def _plain(error: Exception) -> bool:
    """Whether an error of the machine, such as a full disk, which `app` explains."""
    return isinstance(error, OSError | MemoryError)


@contextlib.contextmanager
def _ending(again: str) -> Iterator[None]:
    """SIGTERM and Ctrl-C end in the same way, each with its own exit code."""
    came: list[int] = []

    def note(number: int, frame: object) -> None:
        came.append(number)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except KeyboardInterrupt:
        kind = StateSaved if came[:1] == [signal.SIGTERM] else Interrupted
        raise kind("stopped; blocks that are done are kept", repair=f"go on with: {again}") from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def missing(out: Path) -> list[int]:
    """Blocks whose part is not there."""
    counted = json.loads((out / FOLDER / COUNT).read_text())
    return [number for number in range(counted["blocks"]) if not path_of(out, number).exists()]


def fingerprint(task: Work) -> Mapping[str, Any]:
    """What decides the bytes of parts; a folder begun with another one is not gone on with."""
    return {
        "sources": [{key: str(value) for key, value in told.items()} for told in task.sources],
        "settings": repr(task.settings),
        "size": task.size,
        "layout": LAYOUT,
    }
