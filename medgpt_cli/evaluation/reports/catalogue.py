"""The report metrics by name: what each is made of, and which extraction it needs.

Names say the variant; there is no bare "RadGraph-F1".  This module knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from medgpt_cli.evaluation.reports import bertscore, chexbert, green, radcliq, radgraph, ratescore
from medgpt_cli.evaluation.reports.keys import Pair
from medgpt_cli.evaluation.reports.results import Better, Scores
from medgpt_cli.evaluation.reports.tables import Table

Tables = Mapping[str, Table[Any]]
"""Open extractions by their kind."""

Compute = Callable[[Sequence[Pair], Tables, Sequence[str]], Scores]
"""The rule: pairs, open extractions, and what each pair clusters by."""


@dataclass(frozen=True, slots=True)
class ReportMetric:
    """One metric over reports.

    Attributes:
        name: As asked for and printed.
        version: Of our rule.
        title: A few words for a table.
        better: Which way is good.
        needs: Kinds of extraction.
        compute: The rule.
    """

    name: str
    version: int
    title: str
    better: Better
    needs: tuple[str, ...]
    compute: Compute


def _radgraph(compare: radgraph.Compare) -> Compute:
    return lambda pairs, tables, _: radgraph.scores(compare, pairs, tables["graphs"])


def _ratescore(matrix: ratescore.Matrix) -> Compute:
    return lambda pairs, tables, _: ratescore.scores(matrix, pairs, tables["entities"])


def _f1(variant: chexbert.Variant) -> Compute:
    return lambda pairs, tables, _: chexbert.f1_scores(variant, pairs, tables["labels"])


def _cosine(pairs: Sequence[Pair], tables: Tables, _: Sequence[str]) -> Scores:
    return chexbert.cosine_scores(pairs, tables["labels"])


def _bertscore(pairs: Sequence[Pair], tables: Tables, _: Sequence[str]) -> Scores:
    return bertscore.scores(pairs, tables["tokens"])


def _rescaled(pairs: Sequence[Pair], tables: Tables, _: Sequence[str]) -> Scores:
    table = tables["tokens"]
    return bertscore.scores(pairs, table, bertscore.baseline_of(table))


def _radcliq(pairs: Sequence[Pair], tables: Tables, clusters: Sequence[str]) -> Scores:
    radcliq.check_components(tables["graphs"].header, tables["tokens"].header)
    return radcliq.scores(
        radgraph.scores(radgraph.entity_relation, pairs, tables["graphs"]),
        _rescaled(pairs, tables, clusters),
        _cosine(pairs, tables, clusters),
    )


def _inverse(pairs: Sequence[Pair], tables: Tables, clusters: Sequence[str]) -> Scores:
    return radcliq.inverse(_radcliq(pairs, tables, clusters), clusters)


def _green(pairs: Sequence[Pair], tables: Tables, _: Sequence[str]) -> Scores:
    return green.scores(pairs, tables["judgements"])


_RADCLIQ_NEEDS = ("graphs", "tokens", "labels")
_higher = partial(ReportMetric, version=1, better="higher")
_lower = partial(ReportMetric, version=1, better="lower")

_ALL = (
    _higher(
        "radgraph_simple",
        title="RadGraph-F1, simple: entities",
        needs=("graphs",),
        compute=_radgraph(radgraph.simple),
    ),
    _higher(
        "radgraph_partial",
        title="RadGraph-F1, partial: entities and whether they relate",
        needs=("graphs",),
        compute=_radgraph(radgraph.partial),
    ),
    _higher(
        "radgraph_complete",
        title="RadGraph-F1, complete: relations",
        needs=("graphs",),
        compute=_radgraph(radgraph.complete),
    ),
    _higher(
        "radgraph_entity_relation",
        title="RadGraph-F1, mean of entity and relation F1",
        needs=("graphs",),
        compute=_radgraph(radgraph.entity_relation),
    ),
    _higher(
        "ratescore_long",
        title="RaTEScore, affinities for reports",
        needs=("entities",),
        compute=_ratescore(ratescore.LONG),
    ),
    _higher(
        "ratescore_short",
        title="RaTEScore, affinities for sentences",
        needs=("entities",),
        compute=_ratescore(ratescore.SHORT),
    ),
    _higher(
        "ratescore_v05",
        title="RaTEScore of the package up to 0.5.0",
        needs=("entities",),
        compute=_ratescore(ratescore.V05),
    ),
    *(
        _higher(
            variant.name,
            title=f"CheXbert F1, {variant.mean}, {variant.labels} labels, uncertain "
            + ("positive" if variant.uncertain == "u1" else "negative"),
            needs=("labels",),
            compute=_f1(variant),
        )
        for variant in chexbert.VARIANTS
    ),
    _higher("chexbert_cosine", title="Cosine of CheXbert vectors", needs=("labels",), compute=_cosine),
    _higher("bertscore", title="BERTScore F1, raw", needs=("tokens",), compute=_bertscore),
    _higher("bertscore_rescaled", title="BERTScore F1, rescaled", needs=("tokens",), compute=_rescaled),
    _lower("radcliq_v1", title="RadCliQ-v1", needs=_RADCLIQ_NEEDS, compute=_radcliq),
    _higher(
        "radcliq_v1_inverse_rexrank",
        title="1 / mean RadCliQ-v1, as ReXrank prints it",
        needs=_RADCLIQ_NEEDS,
        compute=_inverse,
    ),
    _higher("green", title="GREEN by a judge", needs=("judgements",), compute=_green),
)

METRICS: Mapping[str, ReportMetric] = {metric.name: metric for metric in _ALL}
"""Every report metric, in the order of tables."""
