from collections.abc import Callable

import pytest

from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.evaluation.items import LONGEST, items_from

USER, ASSISTANT, SYSTEM = Role.USER, Role.ASSISTANT, Role.SYSTEM
OPTIONS = (("A", "left"), ("B", "right"), ("C", "Right."))


def dialogue(*turns: tuple[Role, str], line: int = 3, **fields: object) -> Sample:
    said = tuple(Turn(role, (text,)) for role, text in turns)
    return Sample(Place("my.jsonl", line), said, **fields)  # type: ignore[arg-type]


def test_a_pair_becomes_an_item(sample: Callable[..., Sample]) -> None:
    record = sample(
        4, "Which plane?", " axial ", id="q1", source="mni152/plane", images=("a.png",), patient_id="p"
    )
    [item], complaints = items_from([record])
    assert complaints == []
    assert (item.id, str(item.place), item.gold, item.group) == (
        "q1",
        "my.jsonl:4",
        "axial",
        "mni152/plane",
    )
    assert (item.question, item.images, item.letters) == ("Which plane?", ("a.png",), ())
    assert [turn.role for turn in item.turns] == [USER]


def test_a_dialogue_of_one_question_keeps_its_system_turn_and_hides_the_answer() -> None:
    [item], _ = items_from([dialogue((SYSTEM, "Be brief."), (USER, "Which side?"), (ASSISTANT, "left"))])
    assert [turn.role for turn in item.turns] == [SYSTEM, USER]
    assert (item.gold, item.id, item.group) == ("left", "line-3", "no source")


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        (
            Sample(Place("my.jsonl", 3), document=("text",)),
            "my.jsonl:3  a plain text cannot be scored; only one question with one answer can; remove the record",
        ),
        (
            dialogue((USER, "a"), (ASSISTANT, "b"), (USER, "c"), (ASSISTANT, "d")),
            "my.jsonl:3  4 turns cannot be scored; only one question with one answer can; remove the record",
        ),
        (
            dialogue((USER, "a"), (ASSISTANT, "…")),
            "my.jsonl:3 answer  there is no answer to compare with; write the right answer",
        ),
        (
            dialogue((USER, "a"), (ASSISTANT, "x" * (LONGEST + 1))),
            "my.jsonl:3 answer  an answer of 201 characters cannot be matched exactly; "
            "score answers of up to 200 characters",
        ),
        (
            dialogue((USER, "a"), (ASSISTANT, "up"), options=OPTIONS, answer="up"),
            "my.jsonl:3 answer  the answer is none of the options; write one option's letter or its whole text",
        ),
    ],
)
def test_what_cannot_be_scored_is_refused_by_place(record: Sample, complaint: str) -> None:
    items, [found] = items_from([record])
    assert items == []
    assert str(found) == complaint


def test_an_id_used_twice_is_refused(sample: Callable[..., Sample]) -> None:
    items, [found] = items_from([sample(1, "q", "a", id="x"), sample(2, "q", "b", id="x")])
    assert len(items) == 1
    assert str(found) == "my.jsonl:2 id  the id is already used at my.jsonl:1; give each record its own"


@pytest.mark.parametrize(
    ("answer", "letters"),
    [("A", ("A",)), ("left", ("A",)), ("Left.", ("A",)), ("(b)", ("B", "C")), ("right", ("B", "C"))],
)
def test_the_right_letters_of_a_choice(
    sample: Callable[..., Sample], answer: str, letters: tuple[str, ...]
) -> None:
    [item], _ = items_from([sample(1, "Which side?", answer, options=OPTIONS)])
    assert item.letters == letters
    assert item.gold == letters[0]


def test_items_of_one_case_share_a_cluster_and_the_cluster_names_nobody(
    sample: Callable[..., Sample],
) -> None:
    items, _ = items_from(
        [
            sample(1, "q", "a", patient_id="Doe^Jane", images=("1.png",)),
            sample(2, "q", "a", patient_id="Doe^Jane", images=("2.png",)),
            sample(3, "q", "a", images=("1.png",)),
            sample(4, "q", "a"),
            sample(5, "q", "a"),
        ]
    )
    clusters = [item.cluster for item in items]
    assert clusters[0] == clusters[1]
    assert len(set(clusters)) == 4
    assert all(len(cluster) == 12 and "Doe" not in cluster for cluster in clusters)
