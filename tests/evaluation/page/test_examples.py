from typing import Any

import msgspec

from medgpt_cli.evaluation.page.examples import SHOWN, Picture, examples


def rows_of(made: Any, task: str) -> list[Any]:
    return [row for row in made.rows if row.task == task]


def test_wrong_answers_are_drawn_by_lot_and_always_the_same_ones(made: Any) -> None:
    rows = rows_of(made, "sides")
    found = examples(made.scores[0], rows, None)
    assert found is not None
    assert found.title == f"21 wrong answers; {SHOWN} of them, drawn by lot"
    places = [int(each.place.split(":")[1]) for each in found.shown]
    assert places == sorted(places)
    assert all(place % 2 == 0 or place == 39 for place in places)
    assert places != [n for n in range(40) if n % 2 == 0][:SHOWN]
    assert examples(made.scores[0], rows, None) == found


def test_each_says_why_it_counts_as_wrong(made: Any) -> None:
    rows = rows_of(made, "sides")
    few = [rows[0], rows[39], msgspec.structs.replace(rows[2], parsed=False, letter="")]
    found = examples(made.scores[0], few, None)
    assert found is not None
    assert found.title == "3 wrong answers"
    assert [each.verdict for each in found.shown] == [
        "read as B",
        "cut at the token limit",
        "could not be read",
    ]
    assert (found.shown[0].question, found.shown[0].gold, found.shown[0].answer) == (
        "Which side, 0?",
        "A",
        "B",
    )


def test_reports_show_those_that_measure_worst(made: Any) -> None:
    found = examples(made.scores[2], rows_of(made, "findings"), None)
    assert found is not None
    assert found.title == "the 2 reports that measure worst by rouge_l"
    assert [each.verdict for each in found.shown] == ["rouge_l 0.000", "rouge_l 1.000"]


def test_pictures_are_asked_for_by_item_and_only_of_what_is_shown(made: Any) -> None:
    asked: list[tuple[str, str]] = []

    def pictures(task: str, item: str) -> list[Picture]:
        asked.append((task, item))
        return [Picture("data:x", "64 × 64 pixels")]

    found = examples(made.scores[0], rows_of(made, "sides"), pictures)
    assert found is not None
    assert len(asked) == SHOWN
    assert found.shown[0].pictures == [Picture("data:x", "64 × 64 pixels")]


def test_without_texts_or_errors_there_are_none(made: Any) -> None:
    rows = rows_of(made, "sides")
    assert examples(made.scores[0], [row for row in rows if row.correct], None) is None
    bare = [msgspec.structs.replace(row, texts=msgspec.UNSET) for row in rows]
    assert examples(made.scores[0], bare, None) is None
