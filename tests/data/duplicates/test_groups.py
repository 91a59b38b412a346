"""Records that belong together."""

from __future__ import annotations

import numpy as np

from medgpt_cli.core.types import Place, Sample
from medgpt_cli.data.duplicates.groups import Groups, keys_of, own_key


def sample(line: int = 1, **fields: object) -> Sample:
    return Sample(Place("set/a.jsonl", line), **fields)  # type: ignore[arg-type]


def test_patient_and_study_count_within_their_source() -> None:
    one = sample(patient_id="7", study_id="3", source="a", keys=("pmcid:PMC1", "pmcid:PMC1"))
    assert keys_of(one) == ("pmcid:PMC1", "patient:a/7", "study:a/3")
    assert not set(keys_of(one)) & set(keys_of(sample(patient_id="7", study_id="3", source="b")))
    assert keys_of(sample()) == ()


def test_a_record_without_ties_is_named_by_its_id_else_by_what_it_says() -> None:
    shown = {"images": ("x.png",), "id": "1"}
    assert own_key(sample(source="s", **shown)) == own_key(sample(9, source="s", **shown))
    # Two files may both count from 1.
    assert own_key(sample(**shown)) != own_key(
        Sample(Place("set/b.jsonl", 1), images=("x.png",), id="1")
    )
    texts = [
        sample(document=("a",)),
        sample(document=("b",)),
        sample(document=("a",), images=("x/1.png",)),
    ]
    assert len({own_key(each) for each in texts}) == 3
    assert own_key(texts[0]) == own_key(sample(5, document=("a",)))


def test_one_text_without_pictures_is_one_record_whatever_its_ids() -> None:
    said = sample(document=("What is the dose?",), id="1", source="a")
    again = sample(2, document=("what is  the dose?",), id="2", source="b")
    assert own_key(said) == own_key(again)
    assert own_key(said) != own_key(sample(document=("What was the dose?",), id="1", source="a"))


def test_a_chain_of_shared_keys_is_one_group() -> None:
    groups = Groups()
    for number, keys in enumerate(
        [("patient:a/1",), ("patient:a/2",), ("patient:a/1", "study:a/9"), (), ("study:a/9", "image:x")]
    ):
        assert groups.add(keys, f"record:{number}") == number
    grouped = groups.close()
    assert grouped.labels.tolist() == [0, 1, 0, 3, 0]
    assert grouped.count == 3
    assert len(set(grouped.identifiers.tolist())) == 3


def test_clusters_found_otherwise_are_tied_in() -> None:
    groups = Groups()
    for number in range(4):
        groups.add((f"patient:a/{number}",), f"record:{number}")
    groups.tie(np.array([0, 1, 1, 0], np.int32))
    assert groups.close().labels.tolist() == [0, 1, 1, 0]


def identifiers(records: list[tuple[str, ...]]) -> list[int]:
    groups = Groups()
    for number, keys in enumerate(records):
        groups.add(keys, f"record:{sorted(keys)}{number}")
    return groups.close().identifiers.tolist()


def test_a_group_keeps_its_identifier_when_records_join_and_whatever_their_order() -> None:
    before = identifiers([("patient:a/1", "study:a/1"), ("patient:a/2",)])
    after = identifiers(
        [("image:0", "patient:a/2"), ("patient:a/3",), ("study:a/0", "patient:a/1"), ("patient:a/1",)]
    )
    assert (after[2], after[3], after[0]) == (before[0], before[0], before[1])


def test_groups_that_merge_take_the_identifier_of_one_of_them() -> None:
    one, other = identifiers([("patient:a/1",), ("patient:a/2",)])
    merged = identifiers([("patient:a/1",), ("patient:a/2",), ("patient:a/1", "patient:a/2")])
    assert set(merged) == {min(one, other)}


def test_equal_texts_join_records_that_nothing_else_ties_and_no_others() -> None:
    groups = Groups()
    for keys in [("patient:a/1",), ("patient:a/2",), (), ()]:
        groups.add(keys, "record:the same text")
    assert groups.close().labels.tolist() == [0, 1, 2, 2]


def test_nothing_is_no_group() -> None:
    assert Groups().close().count == 0
