"""A data file read from end to end, its images decoded, and counted: what `sft` would find, before it is asked.

Nothing that a record says is printed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, tables
from medgpt_cli.core.errors import BadRecord, Complaint
from medgpt_cli.core.wording import counted
from medgpt_cli.data.images.check import check_images
from medgpt_cli.data.prepared.opening import is_prepared
from medgpt_cli.data.records import Records, read_records
from medgpt_cli.workflows.check_prepared import check_prepared


def check_data(path: Path, *, image_root: Path | None, json: bool) -> int:
    """Checks a data file and shows what is in it.

    Args:
        path: JSONL, a JSON array, or either gzipped; or a prepared set.
        image_root: The folder image paths are relative to; the file's own when None.
        json: Show the counts and all complaints as one JSON document.

    Returns:
        The exit code: 0, or 3 when `json` is given and anything is wrong.

    Raises:
        BadRecord: Something is wrong and `json` is not given; or the file as a whole cannot be read.
        NotThere: The file or the image root does not exist.
        HashMismatch: A shard of a prepared set is not the one its manifest names.
        GateRefusal: A group of a prepared set is in two splits.
    """
    with _progress() as progress:
        if is_prepared(path):
            counts, complaints = check_prepared(path, progress)
        else:
            records = read_records(path, image_root=image_root, max_bad=None)
            complaints = [*records.bad, *check_images(records.samples, decode=True, progress=progress)]
            counts = _counts(records)
    if json:
        error = _refusal(path, counts["records"], complaints) if complaints else None
        console.print_json(
            {"file": str(path), **counts, **(error.as_dict() if error else {"complaints": []})}
        )
        return error.exit_code if error else 0
    console.result().print(tables.aligned(("counted", str(path)), list(_rows(counts))))
    if complaints:
        raise _refusal(path, counts["records"], complaints)
    console.say("nothing is wrong")
    return 0


def _counts(records: Records) -> dict[str, Any]:
    samples = records.samples
    shown = [path for sample in samples for path in sample.images]
    roles = Counter(turn.role.value for sample in samples for turn in sample.turns)
    return {
        "records": len(samples) + records.refused,
        "unreadable": records.refused,
        "forms": records.counts,
        "roles": dict(roles),
        "images": len(shown),
        "image_files": len(set(shown)),
        "with_options": sum(bool(sample.options) for sample in samples),
        "patients": len({sample.patient_id for sample in samples if sample.patient_id}),
    }


def _rows(counts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in counts.items():
        if isinstance(value, dict):
            yield from ((f"{name}: {word}", f"{number:,}") for word, number in sorted(value.items()))
        else:
            yield name.replace("_", " "), f"{value:,}"


def _refusal(path: Path, records: int, complaints: Sequence[Complaint]) -> BadRecord:
    return BadRecord(
        f"{counted(len(complaints), 'fault')} in {counted(records, 'record')}",
        where=str(path),
        repair="mend them; training refuses the file, or leaves out up to N bad records with data.max_bad=N",
        complaints=complaints,
    )


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on a terminal; nothing where nobody watches."""
    if console.is_quiet() or not console.talk().is_terminal:
        yield None
        return
    from rich.progress import Progress

    with Progress(console=console.talk(), transient=True) as bar:
        task = bar.add_task("images", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
