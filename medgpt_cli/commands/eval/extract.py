"""`medgpt eval extract`: read reports by a model, into a file that scoring needs no model for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.options import EndpointKey, EndpointTokenFile, Force, Json, Online, Resume

Metric = Annotated[
    str,
    typer.Option(
        "--metric", metavar="NAME", help="What reads them: radgraph, rate, chexbert, bertscore or green."
    ),
]
Reports = Annotated[
    list[Path] | None,
    typer.Option(
        "--reports",
        metavar="FILE",
        help="JSONL with candidate and reference, report, or the log of eval run --keep-text; repeat it.",
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option("--weights", metavar="DIR", help="Folder of weights; else $MEDGPT_METRIC_HOME/NAME."),
]
Folder = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder of extractions; others in it stay.")
]
Layer = Annotated[
    int | None,
    typer.Option("--layer", metavar="N", min=0, help="bertscore: block whose vectors are taken."),
]
Baseline = Annotated[
    float | None,
    typer.Option("--baseline", metavar="X", help="bertscore: score of unrelated text, for rescaling."),
]
Graphs = Annotated[
    Path | None,
    typer.Option("--graphs", metavar="FILE", help="radgraph: JSON that the package radgraph returned."),
]
GraphModel = Annotated[
    str,
    typer.Option("--graph-model", metavar="NAME", help="radgraph: which model made --graphs."),
]
How = Annotated[
    bool, typer.Option("--how", help="radgraph: print the script that makes graphs elsewhere.")
]
EndpointUrl = Annotated[
    str | None,
    typer.Option("--endpoint", metavar="URL", help="green: OpenAI-compatible endpoint of the judge."),
]
EndpointModel = Annotated[
    str | None,
    typer.Option("--endpoint-model", metavar="NAME", help="green: the judge's name at the endpoint."),
]
BatchSize = Annotated[
    int, typer.Option("--batch-size", metavar="N", min=1, help="Reports read at a time.")
]


def extract(
    metric: Metric,
    reports: Reports = None,
    out: Folder = None,
    weights: Weights = None,
    layer: Layer = None,
    baseline: Baseline = None,
    graphs: Graphs = None,
    graph_model: GraphModel = "radgraph",
    how: How = False,
    endpoint: EndpointUrl = None,
    endpoint_model: EndpointModel = None,
    endpoint_key: EndpointKey = None,
    token_file: EndpointTokenFile = None,
    batch_size: BatchSize = 16,
    resume: Resume = False,
    force: Force = False,
    online: Online = False,
    json: Json = False,
) -> None:
    """Reads reports once by a metric's model; `eval score` then compares them without it.

    What is written holds no text: reports and words are hashes, the rest labels and vectors. So a file can
    be made where the weights are and scored elsewhere. Weights are local; nothing is fetched. The package
    radgraph does not run beside medgpt: --how prints a script for an environment where it does.

    Example:
        medgpt eval extract --metric radgraph --how
    """
    from medgpt_cli.workflows.extract import Judge, Settings, extract_reports, show_how

    if how:
        show_how(metric)
        return
    extract_reports(
        metric,
        reports or [],
        out,
        Settings(
            weights=weights,
            layer=layer,
            baseline=baseline,
            graphs=graphs,
            graph_model=graph_model,
            judge=Judge(endpoint, endpoint_model, endpoint_key, online, token_file)
            if endpoint
            else None,
            batch_size=batch_size,
        ),
        resume=resume,
        force=force,
        json=json,
    )
