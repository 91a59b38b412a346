"""A datasheet for a prepared set: what its manifest knows, and what is left for a person to answer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from medgpt_cli.core import console
from medgpt_cli.core.errors import InputError, NotThere, OutputExists, UsageError
from medgpt_cli.core.files import sha256_file, write_text
from medgpt_cli.core.wording import counted
from medgpt_cli.data.looking.datasheet import datasheet
from medgpt_cli.data.looking.facts import Known
from medgpt_cli.data.looking.questions import QUESTIONS
from medgpt_cli.data.prepared.opening import MANIFEST, PreparedSet, is_prepared
from medgpt_cli.data.prepared.raw import RECORDS
from medgpt_cli.data.sources import registry


def write_card(path: Path, *, out: Path | None, force: bool) -> None:
    """Writes the datasheet of a prepared set, or prints it.

    Args:
        path: The prepared set.
        out: The file; stdout when None.
        force: Overwrite `out`.

    Raises:
        InputError: `path` is no prepared set.
        OutputExists: `out` exists and `force` is not given, or is a folder.
        NotThere: There is nothing at `path`, or the folder of `out` does not exist.
    """
    if not path.exists():
        raise NotThere("there is no such folder", where=str(path), repair="mend the path")
    if not is_prepared(path):
        raise InputError(
            "is no prepared set, and only one has a manifest",
            where=str(path),
            repair="make one: medgpt data prep",
        )
    if out is not None:
        _refuse(out, force=force)
    prepared = PreparedSet.open(path)
    text = datasheet(
        prepared.manifest,
        name=path.resolve().name,
        digest=sha256_file(path / MANIFEST),
        terms=_terms(prepared),
        known=_known(prepared),
    )
    if out is None:
        console.result().print(text, end="", soft_wrap=True)
        return
    write_text(out, text)
    left = sum(map(len, QUESTIONS.values()))
    console.result().print(
        f"{out}: {counted(left, 'question is', 'questions are')} left to be answered by a person"
    )


def _refuse(out: Path, *, force: bool) -> None:
    if out.is_dir() or (out.exists() and not force):
        what = "is a folder" if out.is_dir() else "exists"
        raise OutputExists(
            f"{out} {what}", repair="name another file with --out, or overwrite with --force"
        )
    if not out.parent.is_dir():
        raise NotThere("there is no such folder", where=str(out.parent), repair="make it, or mend --out")


def _terms(prepared: PreparedSet) -> Counter[tuple[str, str]]:
    """Records by (source, licence)."""
    counts: Counter[tuple[str, str]] = Counter()
    for shard in prepared.shards():
        table = pq.read_table(shard, columns=["source", "licence"])
        counts.update(zip(table["source"].to_pylist(), table["licence"].to_pylist(), strict=True))
    return counts


def _known(prepared: PreparedSet) -> dict[str, Known]:
    found = {}
    for name in {each["adapter"] for each in prepared.manifest["sources"]} - {RECORDS}:
        try:
            adapter = registry.find(name)
        except UsageError:  # made by a version that knew it
            continue
        found[name] = Known(adapter.title, adapter.home, adapter.verified)
    return found
