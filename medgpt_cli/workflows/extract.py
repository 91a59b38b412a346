"""Reports read once by a metric's model, into a file of hashes, labels and vectors.

Which model, from where, and into which file is settled before the first report is read.  Nothing that a report says is
printed or written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from medgpt_cli.core import console
from medgpt_cli.core.errors import InputError, Missing, UsageError
from medgpt_cli.core.files import make_folder
from medgpt_cli.core.wording import counted
from medgpt_cli.evaluation.reports.extraction import green, radgraph, run
from medgpt_cli.evaluation.reports.extraction.texts import Reports, read_reports
from medgpt_cli.evaluation.reports.keys import report_key
from medgpt_cli.evaluation.reports.parts import EXTRACTIONS, Part
from medgpt_cli.evaluation.reports.rows import Header, judgement_key
from medgpt_cli.evaluation.reports.tables import AnyRow
from medgpt_cli.workflows.endpoints import endpoint_from

HERE = ("chexbert", "bertscore", "rate")
"""Extractions whose models run in this process."""
GRAPH_MODELS = ("radgraph", "radgraph-xl")


class Judge(NamedTuple):
    """Where the judge of GREEN answers."""

    url: str
    model: str | None
    key_env: str | None
    online: bool
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What may be said of an extraction on the command line; each belongs to one or two of them."""

    weights: Path | None = None
    layer: int | None = None
    baseline: float | None = None
    graphs: Path | None = None
    graph_model: str = GRAPH_MODELS[0]
    judge: Judge | None = None
    batch_size: int = run.BATCH


class Plan(NamedTuple):
    """What will be read, and by whom."""

    header: Header
    keys: list[str]
    make: Callable[[set[str]], Iterable[AnyRow]]


def show_how(metric: str) -> None:
    """Prints the script that makes graphs where the package radgraph runs.

    Raises:
        UsageError: Another extraction was named; those run here.
    """
    part = run.find(metric)
    if metric != "radgraph":
        raise UsageError(f"--how is for radgraph; {metric} is extracted here", repair=part.repair)
    console.result().print(radgraph.SCRIPT, end="", soft_wrap=True)


def extract_reports(
    metric: str,
    files: Sequence[Path],
    out: Path | None,
    settings: Settings,
    *,
    resume: bool = False,
    force: bool = False,
    json: bool = False,
) -> None:
    """Reads the reports of some files and writes one extraction.

    Args:
        metric: A word of `EXTRACTIONS`.
        files: JSONL files of reports.
        out: Folder of extractions; made where it is not there.
        settings: What else was said.
        resume: Keep what an existing file holds and add what it lacks.
        force: Overwrite an existing file.
        json: Show the result as one JSON document.

    Raises:
        UsageError: Something is unnamed, or said of the wrong extraction.
        Missing: Weights, or the endpoint, are not there.
        InputError: A file of reports, weights or graphs cannot be used.
    """
    part = run.find(metric)
    if not files or out is None:
        lacking = "--reports" if not files else "--out"
        raise UsageError(f"{lacking} is missing", repair=part.line)
    if out.exists() and not out.is_dir():
        raise UsageError("--out is a file", repair="name a folder; each extraction is a file in it")
    _check(part, settings)
    reports = read_reports(files)
    plan = _plan(part, reports, settings)
    if not plan.keys:
        what = "no pairs of candidate and reference" if metric == "green" else "no reports"
        raise InputError(f"holds {what}", where=", ".join(map(str, files)), repair="name other files")
    done = run.write(
        part, make_folder(out), plan.header, plan.keys, plan.make, resume=resume, force=force
    )
    if done.failed:
        console.warn(
            f"replies of the judge that could not be read: {done.failed:,}; --resume asks again"
        )
    document = {
        "file": str(done.file),
        "rows": done.rows,
        "new": done.new,
        "failed": done.failed,
        "model": plan.header.model,
    }
    if json:
        console.print_json(document)
    else:
        console.result().print(f"{done.file}: {counted(done.rows, 'row')}, {done.new:,} read now")


def _check(part: Part, settings: Settings) -> None:
    """Refuses what was said of an extraction that has no use for it."""
    said = {
        "--weights": (settings.weights is not None, HERE),
        "--layer": (settings.layer is not None, ("bertscore",)),
        "--baseline": (settings.baseline is not None, ("bertscore",)),
        "--graphs": (settings.graphs is not None, ("radgraph",)),
        "--endpoint": (settings.judge is not None, ("green",)),
    }
    for flag, (given, whose) in said.items():
        if given and part.extraction not in whose:
            raise UsageError(f"{flag} says nothing to {part.extraction}", repair=part.repair)
    if settings.baseline is not None and not 0 <= settings.baseline < 1:
        raise UsageError(
            "--baseline must be from 0 to below 1", repair="as published for the model and layer"
        )
    if settings.graph_model not in GRAPH_MODELS:
        raise UsageError(f"--graph-model must be {' or '.join(GRAPH_MODELS)}")


def _plan(part: Part, reports: Reports, settings: Settings) -> Plan:
    if part.extraction == "radgraph":
        return _graphs(reports, settings)
    if part.extraction == "green":
        return _judgements(reports, settings)
    reader = run.open_reader(part.extraction, settings.weights, settings.layer, settings.baseline)

    def make(keys: set[str]) -> Iterable[AnyRow]:
        console.say(f"reading {counted(len(keys), 'report')}")
        texts = {key: text for key, text in reports.texts.items() if key in keys}
        return reader.rows(texts, settings.batch_size)

    return Plan(reader.header, list(reports.texts), make)


def _graphs(reports: Reports, settings: Settings) -> Plan:
    if settings.graphs is None:
        raise Missing(
            "RadGraph's model does not run beside medgpt",
            repair="medgpt eval extract --metric radgraph --how prints a script that makes the graphs elsewhere; "
            "or pass the JSON the package returned with --graphs FILE",
        )
    header, rows = radgraph.from_output(settings.graphs, reports.texts, settings.graph_model)
    if absent := len(reports.texts) - len(rows):
        console.warn(
            f"{absent:,} of {counted(len(reports.texts), 'report')} without a graph in {settings.graphs}"
        )
    found = {row.sha256: row for row in rows}
    return Plan(header, list(found), lambda keys: (found[key] for key in found if key in keys))


def _judgements(reports: Reports, settings: Settings) -> Plan:
    if settings.judge is None:
        raise UsageError("--endpoint is missing", repair=EXTRACTIONS["green"].line)
    url, model, key_env, online, key_file = settings.judge
    judge = endpoint_from(url, model, key_env, online, key_file=key_file)
    pairs = {
        judgement_key(report_key(candidate), report_key(reference)): (candidate, reference)
        for candidate, reference in reports.pairs
        if candidate.strip()
    }

    def make(keys: set[str]) -> Iterable[AnyRow]:
        console.say(f"asking {judge.model} about {counted(len(keys), 'pair')}")
        return green.rows([pair for key, pair in pairs.items() if key in keys], judge)

    return Plan(green.header(judge.model), list(pairs), make)
