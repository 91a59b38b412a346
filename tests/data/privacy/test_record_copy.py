from __future__ import annotations

import re
from typing import Any

import pytest

from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.profile import Profile
from medgpt_cli.data.privacy.record_copy import CopiedRecord, RecordCopier, names_of, patient_of
from medgpt_cli.data.privacy.standins import StandIns
from medgpt_cli.data.privacy.surrogates import Surrogates

STANDINS = StandIns(Surrogates(bytes(range(32))), Profile.SHIFTED)


def bob(text: str) -> list[Finding]:
    return [
        Finding(Identifier.NAME, m.start(), m.end(), "Bobby", True)
        for m in re.finditer(r"\bBobby\b", text)
    ]


def copy(record: dict[str, Any], **more: Any) -> CopiedRecord:
    copier = RecordCopier(STANDINS, bob, lambda path: f"images/{len(path)}.png")
    return copier.copy(record, otherwise="nobody", **more)


@pytest.mark.parametrize(
    "record",
    [
        {"question": "Bobby?", "answer": "Bobby."},
        {"prompt": "Bobby?", "response": "no", "system": "Ask Bobby.", "thinking": "Bobby"},
        {"caption": "of Bobby", "image": "bobby.png"},
        {"text": "Bobby", "id": 17},
        {"conversations": [{"from": "human", "value": "Bobby?"}, {"from": "gpt", "value": "Bobby."}]},
        {"conversatons": [{"from": "human", "value": "Bobby?"}, {"from": "gpt", "value": "Bobby."}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Bobby"}, {"type": "image"}]},
                      {"role": "assistant", "content": "Bobby", "thinking": "Bobby"}], "images": ["x"]},
        {"question": "Who?", "options": ["Bobby", "none"], "answer": "Bobby"},
        {"question": "Who?", "options": {"A": "Bobby", "B": "none"}, "answer": "A", "facets": {"site": "Bobby"}},
    ],
)  # fmt: skip
def test_every_text_of_every_form_is_read(record: dict[str, Any]) -> None:
    copied = copy(record)
    assert "Bobby" not in repr(copied.record)
    assert copied.record.keys() == record.keys()
    assert copied.left == []
    assert copied.counts[Identifier.NAME] == repr(record).count("Bobby")


def test_an_answer_is_still_one_of_its_options() -> None:
    record = copy({"question": "Who?", "options": ["Bobby", "none"], "answer": "Bobby"}).record
    assert record["answer"] == record["options"][0] != "Bobby"


def test_columns_of_a_sets_own_stay_behind() -> None:
    copied = copy(
        {"text": "clear", "ssn": "123", "ward": {"name": "Bobby"}, "licence": "CC0", "x": None}
    )
    assert copied.record == {"text": "clear", "licence": "CC0"}
    assert copied.columns == 2


def test_numbers_are_remapped_wherever_they_stand() -> None:
    copied = copy(
        {"text": "film 48291 of 77123", "patient_id": 48291, "study_id": "77123", "id": "p48291",
         "keys": ["patient:site/48291", "study:site/77123", "image:x/9", "pmcid:PMC1", "figure:PMC1_F2"]}
    )  # fmt: skip
    patient, study = copied.record["patient_id"], copied.record["study_id"]
    assert copied.record["text"] == f"film {patient} of {study}"
    assert copied.record["keys"][:2] == [f"patient:site/{patient}", f"study:site/{study}"]
    assert copied.record["keys"][3:] == ["pmcid:PMC1", "figure:PMC1_F2"]
    assert copied.record["id"] != "p48291"


def test_a_name_known_from_elsewhere_is_replaced() -> None:
    assert "Miller" not in copy({"text": "Seen by Miller."}, names=["Miller"]).record["text"]


def test_the_patient_of_a_record() -> None:
    assert patient_of({"patient_id": 7, "study_id": "s"}) == "7"
    assert patient_of({"study_id": "s"}) == "s"
    assert patient_of({"text": "x"}) == ""
    assert names_of({"question": "Bobby", "answer": "x", "own": "Bobby"}, bob) == {"Bobby"}
