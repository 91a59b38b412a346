"""Each variant on graphs small enough to count by hand."""

from __future__ import annotations

from typing import Any

import pytest

from medgpt_cli.evaluation.reports import score
from medgpt_cli.evaluation.reports.results import MetricResult

NAMES = ("radgraph_simple", "radgraph_partial", "radgraph_complete", "radgraph_entity_relation")

LUNG = ("lung", "ANAT-DP")
LEFT_EFFUSION = (("effusion", "OBS-DP", (("located_at", 1),)), ("left", "ANAT-DP"))


def values(bench: Any, ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> list[float]:
    bench.write("graphs", [bench.graph("ours", *ours), bench.graph("theirs", *theirs)])
    results = score(["ours"], ["theirs"], ["p"], bench.folder, NAMES)
    assert all(isinstance(result, MetricResult) for result in results)
    return [result.value for result in results]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        # simple, partial, complete, mean of entity and relation F1
        pytest.param(LEFT_EFFUSION, LEFT_EFFUSION, (1, 1, 1, 1), id="identical"),
        pytest.param((("heart", "ANAT-DP"),), LEFT_EFFUSION, (0, 0, 0, 0), id="disjoint"),
        # No relations on either side: the relation half is 0, as published.
        pytest.param((LUNG,), (LUNG,), (1, 1, 1, 0.5), id="identical without relations"),
        # "effusion" becomes "no effusion": one of two entities is left; the relation's own label differs too.
        pytest.param(
            (("effusion", "OBS-DA", (("located_at", 1),)), ("left", "ANAT-DP")),
            LEFT_EFFUSION,
            (1 / 2, 1 / 2, 1 / 2, 1 / 4),
            id="label flip",
        ),
        # The relation is missing: entities agree; "effusion" no longer has one; complete shares "left" alone.
        pytest.param(
            (("effusion", "OBS-DP"), ("left", "ANAT-DP")),
            LEFT_EFFUSION,
            (1, 1 / 2, 1 / 2, 1 / 2),
            id="missing relation",
        ),
        # Another kind of relation: partial does not look at the kind, complete does.
        pytest.param(
            (("effusion", "OBS-DP", (("suggestive_of", 1),)), ("left", "ANAT-DP")),
            LEFT_EFFUSION,
            (1, 1, 1 / 2, 1 / 2),
            id="partial above complete",
        ),
        # 1 shared of 2 and 1 of 1: 2/3 by entities.
        pytest.param((LUNG, ("clear", "OBS-DP")), (LUNG,), (2 / 3, 2 / 3, 2 / 3, 1 / 3), id="one more"),
        # Said twice counts once.
        pytest.param((LUNG, LUNG), (LUNG,), (1, 1, 1, 0.5), id="repeated"),
        # Capitals matter, except inside a complete relation.
        pytest.param(
            (("Effusion", "OBS-DP", (("located_at", 1),)), ("left", "ANAT-DP")),
            LEFT_EFFUSION,
            (1 / 2, 1 / 2, 1, 1 / 4),
            id="casing",
        ),
        pytest.param((), LEFT_EFFUSION, (0, 0, 0, 0), id="candidate without entities"),
    ],
)
def test_variants(bench: Any, ours: Any, theirs: Any, expected: tuple[float, ...]) -> None:
    assert values(bench, ours, theirs) == pytest.approx(expected)
    assert values(bench, theirs, ours) == pytest.approx(expected)


def test_a_pair_without_entities_is_0_and_said(bench: Any) -> None:
    bench.write("graphs", [bench.graph("ours"), bench.graph("theirs")])
    (result,) = score(["ours"], ["theirs"], ["p"], bench.folder, ["radgraph_partial"])
    assert result.value == 0
    assert result.notes == ("in 1 of 1 pairs neither report holds an entity: 0 each, as published",)


def test_a_blank_report_needs_no_graph_and_earns_nothing(bench: Any) -> None:
    bench.write("graphs", [bench.graph("theirs", LUNG)], model="radgraph-xl")
    (result,) = score([" \n"], ["theirs"], ["p"], bench.folder, ["radgraph_simple"])
    assert (result.value, result.n) == (0, 1)
    assert result.protocol == "graphs by radgraph-xl (by hand)"
