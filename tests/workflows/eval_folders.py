"""Finished evaluations without a model: folders as `medgpt eval run` leaves them, from lists of values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from medgpt_cli.core import files
from medgpt_cli.evaluation.outcomes import Outcome, Status
from medgpt_cli.evaluation.statistics.probes import BLANKED, effect

PROTOCOL = "{task}#0123456789ab / short / shots 0 / greedy, 64 tokens / em_v1"


def answers(
    task: str, values: Sequence[float | Mapping[str, float]], *, per_case: int = 1, **fields: Any
) -> list[Outcome]:
    """One row for each value of `exact`, or for each table of measures; cases of `per_case` questions."""
    return [
        Outcome(
            **{
                "task": task,
                "id": f"q{n}",
                "place": f"{task}.jsonl:{n + 1}",
                "group": "g",
                "cluster": f"case{n // per_case}",
                "status": Status.OK,
                "correct": value == 1,
                "parsed": True,
                "rule": "em_v1",
                "letter": "",
                "error": "",
                "prompt_tokens": 7,
                "tokens": 2,
                "seconds": 0.25,
                "kind": "short",
                "prompt_hash": f"hash of {n}",
                "measures": value if isinstance(value, Mapping) else {"exact": value},
            }
            | fields
        )
        for n, value in enumerate(values)
    ]


def evaluation(
    path: str,
    *tasks: list[Outcome],
    model: str = "tiny",
    protocol: str = PROTOCOL,
    headline: str = "exact",
    version: int = 1,
    better: str = "higher",
    state: str = "done",
    read_by: str = "",
) -> Path:
    """A run folder with these answers, its manifest and its state."""
    folder = Path(path)
    folder.mkdir(parents=True)
    scores = []
    for rows in tasks:
        names = list(dict.fromkeys(name.partition("#")[0] for row in rows for name in row.measures))
        values = {name: [row.measures.get(name, 0.0) for row in rows] for name in names}
        measures = [
            {
                "name": name,
                "version": version,
                "value": sum(values[name]) / len(rows),
                "low": 0.25,
                "high": 0.75,
                "n": len(rows),
                "interval": "wilson",
                "better": better,
            }
            for name in names
        ]
        task = rows[0].task
        scores.append(
            {
                "task": task,
                "protocol": protocol.format(task=task),
                "headline": headline,
                "measures": measures,
                "effect": _effect(rows, tasks[0]) if "+" in task else None,
                "anything": "else",
            }
        )
    document = {"model": model, "model_hash": model.encode().hex().ljust(64, "0"), "tasks": scores}
    files.write_json(folder / "scores.json", document)
    lines = b"".join(msgspec.json.encode(row) + b"\n" for rows in tasks for row in rows)
    files.write_bytes(folder / "samples.jsonl", lines)
    seal(folder, read_by)
    files.write_json(folder / "state.json", {"state": state, "kind": "eval"})
    return folder


def _effect(probed: list[Outcome], plain: list[Outcome]) -> dict[str, Any]:
    """What blank pictures did, the probed questions being the first of the plain ones."""
    values = [[row.measures["exact"] for row in rows] for rows in (plain[: len(probed)], probed)]
    found = effect(BLANKED, *values, [row.cluster for row in probed])
    return dict(msgspec.to_builtins(found))


def seal(folder: Path, read_by: str = "") -> None:
    """The manifest with the hashes of what lies there now, and with who read the reports for RadGraph-F1."""
    hashes = {name: files.sha256_file(folder / name) for name in ("scores.json", "samples.jsonl")}
    document: dict[str, Any] = {"kind": "eval", "files": hashes, "answering": {}}
    if read_by:
        document["answering"] = {"reports": {"radgraph_partial": {"read_by": read_by, "notes": []}}}
    (folder / "manifest.json").write_text(json.dumps(document))
