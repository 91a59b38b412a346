from typing import Any

import msgspec

from medgpt_cli.evaluation.page.sections import forest, sections


def test_probes_and_the_unseen_part_stand_below_their_task(made: Any) -> None:
    found = sections(made.scores, made.rows, None, {})
    assert [each.score.task for each in found] == ["sides", "findings"]
    assert [probe.task for probe, _ in found[0].probes] == ["sides+blank"]
    assert [(line.kind, line.name, line.anchor) for line in forest(found)] == [
        ("task", "sides", "task-1"),
        ("unseen", "not met in training", "task-1"),
        ("probe", "every picture blank", "task-1"),
        ("task", "findings", "task-2"),
    ]
    task, unseen, probe, reports = forest(found)
    assert (task.value, task.n, task.parsed, task.met) == (19 / 40, 40, 39, "10 of 40")
    assert (unseen.value, unseen.n, unseen.met) == (14 / 30, 30, "0")
    assert (probe.value, probe.distribution) == (0.5, "in")
    assert (reports.measure, reports.majority, reports.met) == ("rouge_l", None, "0 of 2")


def test_a_task_whose_name_only_looks_like_a_probes_keeps_its_section(made: Any) -> None:
    plain, probe, _ = made.scores
    alone = msgspec.structs.replace(probe, effect=None)
    assert [each.score.task for each in sections([plain, alone], made.rows, None, {})] == [
        "sides",
        "sides+blank",
    ]


def test_where_nothing_was_compared_it_is_unknown_and_never_zero(made: Any) -> None:
    score = made.scores[0]
    exposure = msgspec.structs.replace(score.exposure, known=False, seen=None, reasons={}, why="lost")
    [section] = sections([msgspec.structs.replace(score, exposure=exposure, clean=None)], [], None, {})
    assert section.line.met == "unknown"
    assert section.met == "overlap with training data unknown: lost"
    some = msgspec.structs.replace(exposure, seen=3, reasons={"key": 3})
    [section] = sections([msgspec.structs.replace(score, exposure=some, clean=None)], [], None, {})
    assert section.line.met == "≥ 3 of 40"


def test_subgroups_are_held_against_all_and_hidden_ones_are_not_drawn(made: Any) -> None:
    section = sections(made.scores, made.rows, None, {})[0]
    sex, site = section.facets
    assert (sex.name, sex.small, site.small) == ("sex", True, False)
    assert [(row.name, found and round(found.beside, 1)) for row, found in site.rows] == [
        ("north", 47.5),
        ("south", 47.5),
    ]
    assert (sex.gap, site.gap is not None) == (None, True)
    hidden = [
        msgspec.structs.replace(row, value=None, low=None, high=None, hidden=True)
        for row in made.scores[0].subgroups
    ]
    [section] = sections(
        [msgspec.structs.replace(made.scores[0], subgroups=tuple(hidden))], made.rows, None, {}
    )
    assert [found for facet in section.facets for _, found in facet.rows] == [None] * 4


def test_measures_have_titles_and_curves_come_with_likelihoods(made: Any) -> None:
    sides, findings = sections(made.scores, made.rows, None, {})
    assert [(each.score.name, each.title) for each in sides.measures] == [
        ("exact", "strict exact match"),
        ("accuracy_likelihood", "accuracy by the likelihood of the options (acc)"),
    ]
    assert sides.reliability is not None
    assert (findings.reliability, findings.coverage) == (None, None)
    assert findings.titles == {"green": "GREEN by a judge"}
