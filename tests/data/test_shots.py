"""Examples before a record: whose they are, that they are the same again, and what is said of them."""

from __future__ import annotations

import itertools

import pytest

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.data.shots import with_examples


def record(number: int, *, patient: str = "", images: int = 1, system: bool = False) -> Sample:
    turns = [
        Turn(Role.USER, (*range(images), f"question {number}?")),
        Turn(Role.ASSISTANT, (f"answer {number}",), thinking="hm"),
    ]
    if system:
        turns.insert(0, Turn(Role.SYSTEM, (f"system {number}",)))
    return Sample(
        Place("a.jsonl", number),
        turns=tuple(turns),
        images=tuple(f"{number}-{image}.png" for image in range(images)),
        patient_id=patient,
    )


def shown(sample: Sample) -> list[int]:
    """The numbers of the records in a sample, its own last."""
    return [int(turn.text.split()[1].strip("?")) for turn in sample.turns if turn.role is Role.USER]


def test_examples_are_earlier_turns_and_own_turns_come_last() -> None:
    samples = [record(number, images=number % 3, system=number == 4) for number in range(8)]
    found = with_examples(samples, 2, seed=(0, 0), name="a.jsonl")
    for number, (sample, first) in enumerate(zip(found.samples, found.own_from, strict=True)):
        assert sample.place == samples[number].place
        assert shown(sample)[-1] == number
        assert len(set(shown(sample))) == 3
        assert sample.turns[first].text == f"question {number}?"
        assert [turn.role for turn in sample.turns if turn.role is Role.SYSTEM] == (
            [Role.SYSTEM] if number == 4 else []
        )
        # Each picture stands before its own question, and reasoning is the record's own alone.
        for turn in sample.turns:
            if turn.role is Role.USER:
                of = turn.text.split()[1].strip("?")
                assert [sample.images[i] for i in turn.images] == [
                    f"{of}-{image}.png" for image in range(int(of) % 3)
                ]
        assert [turn.thinking for turn in sample.turns if turn.thinking] == ["hm"]
    assert found.count == 8


def test_no_example_is_of_the_same_patient_or_picture() -> None:
    samples = [record(number, patient=f"p{number // 4}") for number in range(24)]
    shared = [
        Sample(each.place, turns=each.turns, images=("same.png",)) if index % 2 else each
        for index, each in enumerate(samples)
    ]
    for each in (samples, shared):
        group = {number: (sample.patient_id or sample.images[0]) for number, sample in enumerate(each)}
        found = with_examples(each, 3, seed=(1, 0), name="a.jsonl")
        for sample in found.samples:
            assert len({group[number] for number in shown(sample)}) == 4


def test_texts_alone_are_apart_by_their_wording() -> None:
    samples = [
        Sample(
            Place("a.jsonl", n),
            turns=(Turn(Role.USER, (f"question {n % 3}?",)), Turn(Role.ASSISTANT, ("x",))),
        )
        for n in range(30)
    ]
    for sample in with_examples(samples, 2, seed=(0,), name="a").samples:
        assert sorted(shown(sample)) == [0, 1, 2]


def test_the_choice_is_the_seeds_and_nothing_elses() -> None:
    samples = [record(number) for number in range(40)]
    one, again, other = (
        with_examples(samples, 2, seed=seed, name="a") for seed in ((0, 0), (0, 0), (0, 1))
    )
    assert one == again
    assert one.digest != other.digest
    # Everybody is chosen now and then.
    chosen = set(itertools.chain.from_iterable(shown(sample)[:-1] for sample in one.samples))
    assert len(chosen) > 25


def test_documents_stay_as_they_are() -> None:
    document = Sample(Place("a.jsonl", 9), document=("Dullness is a sign.",))
    found = with_examples([*(record(n) for n in range(3)), document], 1, seed=(0,), name="a")
    assert found.samples[3] is document
    assert (found.own_from[3], found.count) == (0, 3)


def test_too_few_patients_are_refused() -> None:
    samples = [record(number, patient=f"p{number % 2}") for number in range(6)]
    with pytest.raises(BadRecord) as caught:
        with_examples(samples, 2, seed=(0,), name="a.jsonl")
    assert caught.value.what == (
        "2 examples before each record need 3 groups of patients, studies or pictures, and there are 2"
    )


def test_a_few_groups_that_hold_most_records_hide_no_other() -> None:
    samples = [record(number, patient="most" if number else "one") for number in range(200)]
    for sample in with_examples(samples, 1, seed=(0,), name="a").samples[1:]:
        assert shown(sample)[0] == 0
