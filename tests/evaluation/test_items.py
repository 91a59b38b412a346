from collections.abc import Callable

import msgspec
import pytest

from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.evaluation.items import LONGEST, Kind, Rules, items_from

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
            "score answers of up to 200 characters, or say kind: report in a task file",
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


def test_what_a_record_says_of_itself_is_kept(sample: Callable[..., Sample]) -> None:
    record = sample(
        1,
        "q",
        "glioma",
        source="set",
        patient_id="7",
        study_id="8",
        split="test",
        keys=("image:set/1",),
        facets=(("modality", "CT"), ("also", "glial tumour\n…\nglioma\na tumour")),
    )
    [item], _ = items_from([record])
    assert item.kind is Kind.SHORT
    assert item.keys == ("image:set/1", "patient:set/7", "study:set/8")
    assert item.golds == ("glioma", "glial tumour", "a tumour")
    assert item.facets == (("modality", "CT"),)  # the further answers would stand in the log otherwise
    assert item.split == "test"


def test_the_prompt_hash_is_of_words_and_places_alone(sample: Callable[..., Sample]) -> None:
    [one, other, same], _ = items_from(
        [
            sample(1, "q", "a", id="1", images=("Doe.png",)),
            sample(2, "Q", "a", id="2"),
            sample(3, "q", "b", id="3", images=("Roe.png",)),
        ]
    )
    assert one.prompt_hash == same.prompt_hash != other.prompt_hash
    assert len(one.prompt_hash) == 64


@pytest.mark.parametrize(
    ("rules", "fields", "kind", "letters"),
    [
        (Rules(kind=Kind.REPORT), {"options": OPTIONS, "answer": "left"}, Kind.REPORT, ()),
        (Rules(kind=Kind.CHOICE), {"options": OPTIONS, "answer": "left"}, Kind.CHOICE, ("A",)),
        (Rules(kind=Kind.CHOICE, mixed=True), {"answer": "7.5"}, Kind.SHORT, ()),
        (Rules(kind=Kind.CHOICE, letters="ABC"), {"answer": "(b)"}, Kind.CHOICE, ("B",)),
    ],
)
def test_the_kind_that_is_demanded(
    sample: Callable[..., Sample],
    rules: Rules,
    fields: dict[str, object],
    kind: Kind,
    letters: tuple[str, ...],
) -> None:
    words = dict(fields)
    [item], _ = items_from([sample(1, "q", words.pop("answer"), **words)], rules)
    assert (item.kind, item.letters) == (kind, letters)
    assert bool(item.options) is (kind is Kind.CHOICE)


@pytest.mark.parametrize(
    ("rules", "answer", "complaint"),
    [
        (
            Rules(kind=Kind.CHOICE),
            "A",
            "my.jsonl:1 options  there are none to choose from; write options",
        ),
        (
            Rules(kind=Kind.CHOICE, letters="ABC"),
            "D",
            "my.jsonl:1 answer  the answer is none of the options; write one option's letter or its whole text",
        ),
        (
            Rules(kind=Kind.REPORT),
            " . ",
            "my.jsonl:1 answer  there is no answer to compare with; write the right answer",
        ),
    ],
)
def test_what_the_rules_refuse(
    sample: Callable[..., Sample], rules: Rules, answer: str, complaint: str
) -> None:
    items, [found] = items_from([sample(1, "q", answer)], rules)
    assert items == []
    assert str(found) == complaint


def test_a_report_may_be_long_and_a_set_may_have_long_answers(sample: Callable[..., Sample]) -> None:
    record = sample(1, "q", "x " * LONGEST)
    assert len(items_from([record], Rules(kind=Kind.REPORT))[0]) == 1
    assert len(items_from([record], Rules(longest=None))[0]) == 1


@pytest.mark.parametrize(
    ("kind", "groups"), [("image", [0, 0, 1]), ("patient", [0, 1, 0]), ("", [0, 1, 0])]
)
def test_what_a_task_calls_one_cluster(
    sample: Callable[..., Sample], kind: str, groups: list[int]
) -> None:
    told = [("image:s/1", "p"), ("image:s/1", "r"), ("image:s/2", "p")]
    records = [
        sample(line, "q", "a", keys=(key,), patient_id=patient)
        for line, (key, patient) in enumerate(told, start=1)
    ]
    items, _ = items_from(records, Rules(cluster=kind))
    clusters = [item.cluster for item in items]
    assert [clusters.index(each) for each in clusters] == [groups.index(each) for each in groups]


def test_rows_that_embed_their_picture_are_tied_by_its_key(sample: Callable[..., Sample]) -> None:
    records = [
        sample(line, "q", "a", keys=("image:xxh128/1",), images=(f"a.parquet#row={line}&column=image",))
        for line in (1, 2)
    ]
    items, _ = items_from(records)
    assert items[0].cluster == items[1].cluster


def test_a_case_has_the_same_cluster_wherever_the_data_stand(sample: Callable[..., Sample]) -> None:
    def clusters(folder: str, *files: str) -> list[str]:
        records = [
            msgspec.structs.replace(
                sample(line, "q", "a", id=f"{file}{line}", images=images),
                place=Place(f"{folder}/{file}.jsonl", line),
            )
            for file in files
            for line, images in enumerate([(f"{folder}/{file}-x/1.png",), ()], start=1)
        ]
        return [item.cluster for item in items_from(records)[0]]

    here = clusters("/data/one", "a", "b/c")
    assert here == clusters("/elsewhere", "a", "b/c")
    assert len(set(here)) == 4


def test_options_that_are_pictures_are_not_equal(sample: Callable[..., Sample]) -> None:
    options = (("A", "<image>"), ("B", "<image>"), ("C", "none"))
    [item], _ = items_from([sample(1, "q", "B", options=options)])
    assert (item.gold, item.letters) == ("B", ("B",))
