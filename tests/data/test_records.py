from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.errors import BadRecord, Complaint
from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.data.records import Records, read_records

USER, ASSISTANT = Role.USER, Role.ASSISTANT
QA = (Turn(USER, ("Q",)), Turn(ASSISTANT, ("A",)))

MIXED = [
    (
        "messages",
        {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]},
    ),
    (
        "LLaVA",
        {
            "conversatons": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}],
            "image": None,
        },
    ),
    ("pair", {"question": "Q", "answer": "A", "caption": None, "text": None}),
    ("pair", {"prompt": "Q", "response": "A", "images": []}),
    ("caption", {"image": "a.png", "caption": "C"}),
    ("text", {"text": "one\n<image>\ntwo", "images": "sub/b.png#frame=3"}),
]


def write(folder: Path, *records: dict[str, Any] | str) -> Path:
    (folder / "sub").mkdir(exist_ok=True)
    for name in ("a.png", "sub/b.png"):
        (folder / name).touch()
    path = folder / "local.jsonl"
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records))
    return path


def one(folder: Path, record: dict[str, Any]) -> Sample:
    (sample,) = read_records(write(folder, record)).samples
    return sample


def test_a_file_may_mix_every_form(tmp_path: Path) -> None:
    path = write(tmp_path, *(record for _, record in MIXED))
    places = [Place(str(path), line) for line in range(1, 7)]
    records = read_records(path)
    assert records.counts == {"messages": 1, "LLaVA": 1, "pair": 2, "caption": 1, "text": 1}
    assert records.samples == [
        Sample(places[0], QA),
        Sample(places[1], QA),
        Sample(places[2], QA, answer="A"),
        Sample(places[3], QA, answer="A"),
        Sample(
            places[4],
            (Turn(USER, (0, "Describe this image.")), Turn(ASSISTANT, ("C",))),
            images=(str(tmp_path / "a.png"),),
        ),
        Sample(
            places[5], document=("one\n", 0, "\ntwo"), images=(str(tmp_path / "sub/b.png") + "#frame=3",)
        ),
    ]  # fmt: skip


def test_the_words_every_form_may_carry_are_kept(tmp_path: Path) -> None:
    words = {
        "id": 7,
        "patient_id": "p",
        "study_id": 8,
        "source": "s",
        "licence": "l",
        "split": "train",
        "other": [1],
    }
    for form, record in MIXED:
        sample = one(tmp_path, record | words)
        kept = (
            sample.id,
            sample.patient_id,
            sample.study_id,
            sample.source,
            sample.licence,
            sample.split,
        )
        assert kept == ("7", "p", "8", "s", "l", "train"), form


@pytest.mark.parametrize("word", ["source", "licence", "split"])
def test_a_number_is_no_word(tmp_path: Path, word: str) -> None:
    with pytest.raises(BadRecord) as caught:
        one(tmp_path, {"text": "x", word: 3})
    assert caught.value.complaints[0].where.endswith(f":1 {word}")


def test_options_and_the_answer_as_written_are_kept(tmp_path: Path) -> None:
    sample = one(tmp_path, {"question": "Q", "options": ["no", "yes"], "answer": "yes"})
    assert (sample.options, sample.answer, sample.turns[1].text) == (
        (("A", "no"), ("B", "yes")),
        "yes",
        "B",
    )


def test_bad_records_are_all_told_at_once_with_their_lines(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {"text": ""},
        {"text": "x"},
        "",
        '{"text": ',
        {"text": "<image>", "images": ["no.png", "s3://x"]},
    )
    with pytest.raises(BadRecord) as caught:
        read_records(path)
    assert [complaint.where for complaint in caught.value.complaints] == [
        f"{path}:1 text", f"{path}:4", f"{path}:5 images[0]", f"{path}:5 images[1]",
    ]  # fmt: skip
    assert caught.value.what == "3 of 4 records cannot be used"


def test_bad_records_are_left_out_up_to_the_number_allowed(tmp_path: Path) -> None:
    path = write(tmp_path, {"text": "x"}, {"text": ""}, {"text": "y"}, {"texts": "y"})
    with pytest.raises(BadRecord):
        read_records(path, max_bad=1)
    for allowed in (2, None):
        records = read_records(path, max_bad=allowed)
        assert [sample.document for sample in records.samples] == [("x",), ("y",)]
        assert (len(records.bad), records.refused) == (2, 2)
        assert records.bad[0] == Complaint(
            "is empty", f"{path}:2 text", "fill it in, or leave the record out"
        )


def test_a_file_without_one_good_record_is_refused_whatever_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(BadRecord, match="2 of 2 records cannot be used"):
        read_records(write(tmp_path, {"text": ""}, {"text": 1}), max_bad=9)


def test_an_image_root_of_its_own(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "sub" / "local.jsonl"
    path.write_text('{"image": "a.png", "caption": "C"}')
    with pytest.raises(BadRecord):
        read_records(path)
    assert read_records(path, image_root=tmp_path).samples[0].images == (str(tmp_path / "a.png"),)


def test_messages_name_fields_and_never_what_they_say(tmp_path: Path) -> None:
    secret = "Jane Doe 1970-01-01"
    bad = [
        {"question": secret, "answer": ["x", secret]},
        {"question": secret, "options": [secret, "x"], "answer": f"{secret}!"},
        {"messages": [{"role": secret, "content": secret}]},
        {"image": f"/{secret}.png", "caption": secret},
        {"image": f"{secret}.png", "caption": secret},
        {secret: secret},
        {"text": secret, "split": {secret: secret}},
        {"text": f"\x1b{secret}"},
        f'{{"text": "{secret}", "text": "{secret}"}}',
        f'{{"text": "{secret}',
    ]
    records = read_records(write(tmp_path, *bad), max_bad=None)
    assert len(records.bad) == len(bad)
    assert not any(word in str(complaint) for complaint in records.bad for word in secret.split())


def test_an_empty_result_keeps_its_defaults() -> None:
    assert Records([]) == Records([], (), {}, 0)
