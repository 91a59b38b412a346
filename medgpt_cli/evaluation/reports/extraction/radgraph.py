"""RadGraph's graphs from where the package `radgraph` runs, which is not beside today's transformers.

`SCRIPT` is what a person runs there; it writes our file at once, words hashed.  `from_output` reads the JSON that the
package itself (or CXR-Report-Metric) writes, and finds each graph's report by its letters and digits, since both put
spaces around punctuation.  The model is not re-implemented here: its archive is an AllenNLP one, opened by unpickling.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import BadRecord, Complaint, NotThere
from medgpt_cli.evaluation.reports.extraction.texts import FIELDS
from medgpt_cli.evaluation.reports.keys import WORD_HASH, word_key
from medgpt_cli.evaluation.reports.rows import FORMAT, VERSION, Entity, GraphRow, Header

SCRIPT = f'''\
# Graphs for `medgpt eval score`, made where the package radgraph runs; it fetches its model on first use.
#   python3.11 -m venv rg && rg/bin/pip install "radgraph==0.1.18" "transformers<5"
#   rg/bin/python graphs.py radgraph graphs.jsonl reports.jsonl    (or radgraph-xl; RadCliQ needs radgraph)
import hashlib, json, sys
from importlib.metadata import version
from pathlib import Path
from radgraph import RadGraph

model, out, *files = sys.argv[1:]
sha = lambda text: hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
lines = [line for name in files for line in Path(name).read_text("utf-8-sig").split("\\n")]
records = [json.loads(line) for line in lines if line.strip()]
parts = [part for record in records for part in (record, record.get("texts") or {{}}) if isinstance(part, dict)]
fields = {FIELDS!r}
found = [part[name] for part in parts for name in fields if isinstance(part.get(name), str)]
texts = {{sha(text.strip()): text for text in found if text.strip()}}
graphs = RadGraph(model_type=model)(list(texts.values()))
header = dict(format="{FORMAT}", version={VERSION}, kind="graphs", model=model)
rows = [header | dict(extractor="radgraph " + version("radgraph"))]
for number, key in enumerate(texts):
    nodes = graphs[str(number)]["entities"]
    at = {{name: index for index, name in enumerate(nodes)}}
    words = lambda text: sha(text)[:{WORD_HASH}]
    rows.append(dict(sha256=key, entities=[dict(
        tokens=words(node["tokens"]), lower=words(node["tokens"].lower()), label=node["label"],
        relations=[[kind, at[to]] for kind, to in node["relations"]]) for node in nodes.values()]))
Path(out).write_text("".join(json.dumps(row) + "\\n" for row in rows), "utf-8")
'''
"""Printed by `medgpt eval extract --metric radgraph --how`."""


def from_output(path: Path, texts: Mapping[str, str], model: str) -> tuple[Header, list[GraphRow]]:
    """Graphs of a JSON file that the package wrote.

    Args:
        path: An object of graphs by number or study, or a list of such objects.
        texts: The reports by their keys.
        model: `radgraph` or `radgraph-xl`.

    Returns:
        A header and a row for each report whose graph is there.

    Raises:
        NotThere: There is no such file.
        BadRecord: It is not RadGraph's output, or holds graphs of other reports; all of them are named.
    """
    keys = {_letters(text): key for key, text in texts.items()}
    rows: dict[str, GraphRow] = {}
    complaints: list[Complaint] = []
    for number, graph in enumerate(_graphs(path), 1):
        where = f"{path} graph {number}"
        try:
            entities = _entities(graph["entities"])
            key = keys.get(_letters(graph["text"]))
        except (KeyError, TypeError, ValueError, AttributeError):
            complaints.append(Complaint("is not a graph of RadGraph's", where))
            continue
        if key is None:
            complaints.append(Complaint("belongs to none of the reports", where, "name their file too"))
        else:
            rows[key] = GraphRow(sha256=key, entities=entities)
    if complaints:
        raise BadRecord(
            f"{len(complaints):,} fault{'s' * (len(complaints) > 1)} in the graphs",
            where=str(path),
            repair="pass the JSON as the package radgraph returns it, and the reports it was made of",
            complaints=complaints,
        )
    return Header(kind=GraphRow.kind, extractor="radgraph's own output", model=model), list(
        rows.values()
    )


def _graphs(path: Path) -> list[Any]:
    try:
        output = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise NotThere("there is no such file", where=str(path)) from None
    except OSError as error:
        raise BadRecord(f"cannot be read: {os.strerror(error.errno or 0)}", where=str(path)) from None
    except (ValueError, RecursionError):
        raise BadRecord("is not JSON in UTF-8", where=str(path)) from None
    parts = output if isinstance(output, list) else [output]
    if not all(isinstance(part, dict) for part in parts):
        raise BadRecord("is not an object of graphs", where=str(path))
    return [graph for part in parts for graph in part.values()]


def _entities(nodes: Mapping[str, Any]) -> tuple[Entity, ...]:
    places = {name: index for index, name in enumerate(nodes)}
    return tuple(
        Entity(
            tokens=word_key(node["tokens"]),
            lower=word_key(node["tokens"].lower()),
            label=str(node["label"]),
            relations=tuple((str(kind), places[target]) for kind, target in node["relations"]),
        )
        for node in nodes.values()
    )


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())
