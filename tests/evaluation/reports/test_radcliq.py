"""The line's constants against closed forms and against every row of three public leaderboards."""

from __future__ import annotations

from typing import Any

import pytest

from medgpt_cli.evaluation.reports import MetricResult, NotComputed, score
from medgpt_cli.evaluation.reports.radcliq import radcliq_v1

# ReXrank, MIMIC-CXR test then IU X-ray validation: BLEU-2, BERTScore, SembScore, RadGraph, RadCliQ-v1.
BOARD = """
.094 .304 .331 .146 1.437   .165 .353 .382 .193 1.247   .127 .300 .342 .173 1.399   .166 .362 .391 .203 1.211
.109 .278 .315 .145 1.498   .042 .246 .168 .100 1.752   .193 .430 .315 .273 1.088   .081 .281 .245 .111 1.604
.112 .322 .381 .168 1.330   .125 .323 .337 .176 1.363   .124 .252 .293 .136 1.573   .061 .211 .190 .107 1.780
.036 .158 .150 .047 1.983   .065 .204 .190 .085 1.819
.084 .353 .405 .130 1.302   .169 .342 .534 .156 1.161   .192 .377 .556 .191 1.037   .184 .497 .546 .226 .804
.187 .463 .507 .227 .898    .160 .403 .509 .197 1.034   .232 .436 .541 .238 .896    .113 .325 .481 .209 1.175
.042 .178 .071 .027 2.051   .083 .233 .414 .157 1.458
"""
ROWS = [tuple(map(float, BOARD.split()[i : i + 5])) for i in range(0, len(BOARD.split()), 5)]

# The columns are rounded to 0.0005, which moves the line by up to 0.0005 * (1.245 + 1.651 + 0.995) + 0.0005.
ROUNDING = 0.0025


@pytest.mark.parametrize("row", ROWS)
def test_leaderboard_rows(row: tuple[float, ...]) -> None:
    bleu, bertscore, semb, radgraph, published = row
    assert radcliq_v1(radgraph, bertscore, semb, bleu) == pytest.approx(published, abs=ROUNDING)


def test_leaderboard_rows_are_within_a_thousandth_on_the_whole() -> None:
    off = [radcliq_v1(rg, bs, semb, bleu) - published for bleu, bs, semb, rg, published in ROWS]
    assert len(off) == 24
    assert sum(abs(each) for each in off) / len(off) < 0.001
    assert abs(radcliq_v1(0.146, 0.304, 0.331, 0.094) - 1.437) < 0.001


def test_closed_forms() -> None:
    assert radcliq_v1(1, 1, 1, 1) == pytest.approx(-1.4407, abs=5e-5)
    assert radcliq_v1(0, 0, 0, 0) == pytest.approx(2.45014, abs=5e-6)
    for place, slope in enumerate((-1.24522, -1.65085, -0.99477)):
        unit = [0.0, 0.0, 0.0]
        unit[place] = 1.0
        assert radcliq_v1(*unit) - radcliq_v1(0, 0, 0) == pytest.approx(slope, abs=5e-6)
    assert abs(radcliq_v1(0, 0, 0, 1) - radcliq_v1(0, 0, 0, 0)) < 2e-11


def write(bench: Any, agreeing: int, disagreeing: int, **tokens: Any) -> tuple[list[str], list[str]]:
    """Pairs of reports that agree in everything or in nothing."""
    graphs, labels, words = [], [], []
    ours, theirs = [], []
    for number in range(agreeing + disagreeing):
        mine, yours = f"ours {number}", f"theirs {number}"
        ours.append(mine)
        theirs.append(yours)
        same = number < agreeing
        nodes = (("effusion", "OBS-DP", (("located_at", 1),)), ("left", "ANAT-DP"))
        graphs += [bench.graph(mine, *nodes), bench.graph(yours, *(nodes if same else ()))]
        marks = ((-1.0, -1.0), (1.0, 0.0), (-1.0, -1.0))
        other = marks if same else ((-1.0, -1.0), (0.0, 1.0), (-1.0, -1.0))
        words += [bench.tokens(mine, *marks), bench.tokens(yours, *other)]
        labels += [bench.labels(mine, [0] * 14, (1, 0))]
        labels += [bench.labels(yours, [0] * 14, (1, 0) if same else (0, 1))]
    settings = {"layer": 5, "baseline": 0.8473319} | tokens
    bench.write("graphs", graphs, model="radgraph")
    bench.write("tokens", words, settings=settings)
    bench.write("labels", labels)
    return ours, theirs


def test_it_is_the_line_through_its_components(bench: Any) -> None:
    ours, theirs = write(bench, 1, 2)
    names = ["radcliq_v1", "radgraph_entity_relation", "bertscore_rescaled", "chexbert_cosine"]
    raw, *parts = score(ours, theirs, ours, bench.folder, names)
    assert raw.per_report[0] == pytest.approx(-1.4407, abs=1e-3)
    assert raw.value == pytest.approx(radcliq_v1(*(part.value for part in parts)))
    assert raw.better == "lower"


def test_the_reciprocal_of_the_mean_away_from_the_pole(bench: Any) -> None:
    ours, theirs = write(bench, 0, 4)
    raw, inverse = score(ours, theirs, ours, bench.folder, ["radcliq_v1", "radcliq_v1_inverse_rexrank"])
    assert isinstance(inverse, MetricResult)
    assert inverse.value == pytest.approx(1 / raw.value)
    assert inverse.over([0, 1]) == pytest.approx(1 / raw.over([0, 1]))
    assert (inverse.better, inverse.per_report) == ("higher", ())


@pytest.mark.parametrize(
    ("agreeing", "disagreeing"),
    [
        pytest.param(3, 0, id="beyond the pole, where better reports would score worse"),
        pytest.param(9, 1, id="at the pole"),
        pytest.param(3, 3, id="mean away from it, interval across it"),
    ],
)
def test_the_reciprocal_is_refused_near_the_pole(bench: Any, agreeing: int, disagreeing: int) -> None:
    ours, theirs = write(bench, agreeing, disagreeing)
    raw, inverse = score(ours, theirs, ours, bench.folder, ["radcliq_v1", "radcliq_v1_inverse_rexrank"])
    assert isinstance(raw, MetricResult)
    assert isinstance(inverse, NotComputed)
    assert inverse.why.endswith("and the reciprocal breaks at 0")
    assert inverse.repair == "read radcliq_v1, where lower is better"


def test_other_components_are_refused(bench: Any) -> None:
    ours, theirs = write(bench, 1, 1, layer=6)
    (result,) = score(ours, theirs, ours, bench.folder, ["radcliq_v1"])
    assert isinstance(result, NotComputed)
    assert result.why == "its BERTScore must be that of distilroberta-base, layer 5, with its baseline"
    nodes = [bench.graph(text) for text in (*ours, *theirs)]
    bench.write("graphs", nodes, model="radgraph-xl")
    (result,) = score(ours, theirs, ours, bench.folder, ["radcliq_v1"])
    assert isinstance(result, NotComputed)
    assert result.why == "its graphs must come from the original model, called radgraph"
