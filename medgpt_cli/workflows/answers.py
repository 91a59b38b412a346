"""A file of answers made elsewhere: JSON lines, a table, or the log of an evaluation that kept its texts.

| form | columns |
|---|---|
| JSONL | `id`, `answer` (null for none); `thinking` and `finished` where known |
| CSV, TSV | the same, by a header line; separated by commas, semicolons or tabs |
| `samples.jsonl` | the log of `medgpt eval run --keep-text`; of several tasks, the one of this name |

What else stands in a line is passed over.  Every fault is told by file, line and field; values never are.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from medgpt_cli.core.errors import BadRecord, Complaint
from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import Fault, Unfit, key_name, key_names, kind, unfit
from medgpt_cli.data.json_faults import why_not_json
from medgpt_cli.data.jsonl import named, numbered_lines, open_regular, refuse_wide_encodings
from medgpt_cli.evaluation.answers_file import Answer
from medgpt_cli.evaluation.outcomes import Status

TABLES = (".csv", ".tsv")
LONGEST_CELL = 2**17
"""Characters of a cell; the reader's limit is one for the whole process, and whoever reads sets it."""
SEPARATORS = ",;\t"
WORDS = {"true": True, "1": True, "": True, "false": False, "0": False}
"""What may stand in a table under `finished`."""

Row = tuple[int, dict[str, Any]]


def read_answers(path: Path, task: str) -> tuple[list[Answer], list[Complaint]]:
    """Reads a file of answers.

    Args:
        path: The file.
        task: The task whose answers are wanted, where a log holds several.

    Returns:
        The answers in order, and what is wrong with the other lines.

    Raises:
        NotThere: There is no such file.
        BadRecord: Nothing of it can be read.
    """
    complaints: list[Complaint] = []

    def complain(line: int, fault: Fault) -> None:
        repair = named(fault.repair, path)
        complaints.append(Complaint(fault.what, f"{path}:{line} {fault.field}".rstrip(), repair))

    rows = _table(path, complain) if path.suffix.lower() in TABLES else _lines(path, complain)
    answers = []
    for line, row in rows:
        place, logged = Place(str(path), line), "status" in row and "prompt_hash" in row
        if logged and row.get("task") != task:
            continue
        try:
            answers.append(_logged(row, place) if logged else _answer(row, place))
        except Unfit as error:
            for fault in error.faults:
                complain(line, fault)
    return answers, complaints


def _answer(row: dict[str, Any], place: Place) -> Answer:
    if lacking := [name for name in ("id", "answer") if name not in row]:
        raise unfit("", f"has no {' and no '.join(lacking)}", f"it has {key_names(row)}")
    faults: list[Fault] = []
    identity = row["id"]
    if type(identity) is int:
        identity = str(identity)
    for name, value in (("id", identity), ("answer", row["answer"]), ("thinking", row.get("thinking"))):
        if not isinstance(value, str) and not (value is None and name != "id"):
            faults.append(Fault(name, f"is {kind(value)} where a text belongs", "write it in quotes"))
    finished = row.get("finished", True)
    if isinstance(finished, str):
        finished = WORDS.get(finished.strip().lower())
    if not isinstance(finished, bool):
        faults.append(Fault("finished", "is neither true nor false", "leave it out where it is unknown"))
    if faults:
        raise Unfit(*faults)
    return Answer(identity, place, row["answer"], row.get("thinking") or "", bool(finished))


def _logged(row: dict[str, Any], place: Place) -> Answer:
    """A line of the log of an evaluation."""
    if not isinstance(row.get("id"), str):
        raise unfit("id", f"is {kind(row.get('id'))} where a text belongs")
    if row["status"] == Status.ERROR:
        return Answer(row["id"], place, None)
    texts = row.get("texts")
    answer = texts.get("answer") if isinstance(texts, dict) else None
    if not isinstance(answer, str):
        raise unfit("texts", "are not kept", "run the evaluation again with --keep-text")
    return Answer(row["id"], place, answer, finished=row["status"] != Status.TRUNCATED)


def _lines(path: Path, complain: Callable[[int, Fault], None]) -> Iterator[Row]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise unfit(key_name(key), "the key stands twice in one object", "keep one of the two")
            found[key] = value
        return found

    for line, raw in numbered_lines(path):
        try:
            if not isinstance(msgspec.json.decode(raw), dict):
                raise unfit("", "is no object", 'write {"id": …, "answer": …}')
            yield line, json.loads(raw, object_pairs_hook=once)
        except Unfit as error:
            complain(line, error.faults[0])
        except (ValueError, RecursionError) as error:
            _, what, repair = why_not_json(raw, error)
            complain(line, Fault("", what, repair))


def _table(path: Path, complain: Callable[[int, Fault], None]) -> Iterator[Row]:
    with open_regular(path) as file:
        data = file.read()
    refuse_wide_encodings(data[:4], path)
    text = _decoded(data.removeprefix(b"\xef\xbb\xbf"), complain)
    if text is None:
        return
    first = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=first.count)
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if lacking := [name for name in ("id", "answer") if header.count(name) != 1]:
            raise BadRecord(
                f"has no column {' and no column '.join(lacking)}, or has it twice",
                where=f"{path}:1",
                repair=f"name them in the first line; it has {key_names(header)}",
            )
        for cells in reader:
            if len(cells) == len(header):
                yield reader.line_num, dict(zip(header, cells, strict=True))
            elif cells:
                what = f"has {len(cells)} cells under {len(header)} columns"
                complain(reader.line_num, Fault("", what, "put cells with separators into quotes"))
    except csv.Error:
        what = "is no row of a table: a quote is not closed, or a cell is too long"
        complain(reader.line_num, Fault("", what, "save the table as CSV again"))


def _decoded(data: bytes, complain: Callable[[int, Fault], None]) -> str | None:
    """The text of a table; None where it is not UTF-8, every such line told."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    for number, line in enumerate(data.split(b"\n"), 1):
        try:
            line.decode()
        except UnicodeDecodeError as error:
            _, what, repair = why_not_json(line, error)
            complain(number, Fault("", what, repair.replace("utf8.jsonl", "utf8.csv")))
    return None
