"""Bad extractions and files of reports, through `score` and `read_reports`."""

from __future__ import annotations

import json
from pathlib import Path

from medgpt_cli.evaluation.reports import score
from medgpt_cli.evaluation.reports.extraction.texts import read_reports
from medgpt_cli.evaluation.reports.keys import report_key
from tests.bad_inputs.case import Case

HEADER = {"kind": "labels", "extractor": "x", "model": "y", "width": 1, "dtype": "<f4"}
REPAIR = "write it again with `medgpt eval extract`"


def _score(*lines: object) -> object:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    Path("labels.jsonl").write_text(text)
    return score(["a"], ["b"], ["p"], Path(), ["chexbert_cosine"])


def _row(**changed: object) -> dict[str, object]:
    return {"sha256": report_key("a"), "labels": [0] * 14, "vector": "AACAPw=="} | changed


def _read(text: str) -> object:
    Path("reports.jsonl").write_text(text)
    return read_reports([Path("reports.jsonl")])


CASES = [
    Case(
        "an extraction without its header",
        lambda: _score(_row()),
        f"labels.jsonl:1  the first line is not the header of an extraction\n{REPAIR}",
        "BAD_RECORD",
    ),
    Case(
        "an extraction of another kind under the name",
        lambda: _score(HEADER | {"kind": "graphs"}),
        "labels.jsonl:1 kind  does not hold labels\nname the file of labels",
        "BAD_RECORD",
    ),
    Case(
        "labels out of range, a line of text, the same report twice",
        lambda: _score(HEADER, _row(labels=[9] * 14), "The heart is large.", _row(), _row()),
        "labels.jsonl:2 labels  is out of range: 0 to 3, and 0 or 1 for No Finding\n"
        "labels.jsonl:3  is not a line of JSON in UTF-8\n"
        "labels.jsonl:5  is the same report as line 4; keep one of them\n"
        f"labels.jsonl  3 faults in labels\n{REPAIR}",
        "BAD_RECORD",
    ),
    Case(
        "a report's own text in an extraction",
        lambda: _score(HEADER, _row(text="The heart is large.")),
        "labels.jsonl:2  has a field that the format does not know; text does not belong here\n"
        f"labels.jsonl  1 fault in labels\n{REPAIR}",
        "BAD_RECORD",
    ),
    Case(
        "a report metric of no variant",
        lambda: score(["a"], ["b"], ["p"], None, ["radgraph_partia"]),
        "radgraph_partia is no report metric\ndid you mean radgraph_partial?",
        "USAGE",
        2,
    ),
    Case(
        "reports to be read that are none",
        lambda: _read('{"question": "Is the heart large?"}\n{"report": 7}\n'),
        "reports.jsonl:1  holds none of the fields of a report\n"
        "reports.jsonl:2 report  is not a text\n"
        "reports.jsonl  2 lines without a report\n"
        "one JSON object a line, with a text in one of "
        "candidate, prediction, reference, report, text, answer, gold",
        "BAD_RECORD",
    ),
]
