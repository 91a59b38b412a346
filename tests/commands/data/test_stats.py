"""`medgpt data stats`, as a person sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

RECORDS = [
    {"question": "Is there a nodule?", "options": ["no", "yes"], "answer": "no", "image": "a.png",
     "patient_id": 1, "source": "own", "facets": {"modality": "CT"}},
    {"image": ["a.png", "b.png"], "caption": "Two views of Jane Doe", "patient_id": 1, "split": "train"},
    {"text": "A document"},
    {"question": "Jane Doe?", "answer": ""},
]  # fmt: skip
TABLE = """\
counted                         mine.jsonl
kind                            records
records                         3
faults                          1
splits: (not said)              2
splits: train                   1
sources: (not said)             2
sources: own                    1
forms: multiple choice          1
forms: caption                  1
forms: document                 1
licences: (not said)            3
access: mine.jsonl              local
modality: CT                    1
patients                        2
studies                         0
images                          3
image files                     2
images in a record: 0           1
images in a record: 1           1
images in a record: 2           1
pictures looked at              2
pictures that cannot be opened  0
"""


@pytest.fixture(autouse=True)
def _here(medgpt: Callable[..., Any]) -> None:
    for name in ("a.png", "b.png"):
        Image.effect_noise((100, 80), 50).save(name)
    Path("mine.jsonl").write_text("\n".join(map(json.dumps, RECORDS)))


def test_a_record_file_is_counted(medgpt: Callable[..., Any]) -> None:
    done = medgpt("data", "stats", "mine.jsonl")
    assert done.code == 0
    assert done.out.startswith(TABLE)
    assert "shorter side, pixels" in done.out
    assert "80 to 80, median 80, 90 % up to 80, 99 % up to 80" in done.out
    assert "\ncharacters  of 3 records\n8 to 15     1 " in done.out
    assert "tokens of tiny  of 3 records" in done.out
    assert done.err == "records with faults were left out; medgpt data check names each\n"
    assert "Jane" not in done.out + done.err


def test_json_is_one_document(medgpt: Callable[..., Any]) -> None:
    done = medgpt("data", "stats", "mine.jsonl", "--json")
    document = json.loads(done.out)
    assert (document["records"], document["faults"], document["kind"]) == (3, 1, "records")
    assert document["forms"] == {"multiple choice": 1, "caption": 1, "document": 1}
    assert document["tokenizer"] == "tiny"
    assert sum(each["count"] for each in document["tokens"]["histogram"]) == 3
    assert document["tokens"]["min"] > document["tokens_learnt"]["min"] > 0
    assert document["pictures"]["shorter_side"]["median"] == 80
    assert document["prepared"] == {}
    assert "Jane" not in done.out


def test_tokens_are_those_the_model_trains_on(medgpt: Callable[..., Any]) -> None:
    Path("one.jsonl").write_text(json.dumps({"text": "A document"}))
    document = json.loads(medgpt("data", "stats", "one.jsonl", "--json").out)
    dry = json.loads(medgpt("midtrain", "--data", "one.jsonl", "--dry-run", "--json").out)
    assert document["tokens"]["max"] == dry["longest_record"]


def test_nothing_usable_and_nothing_there(medgpt: Callable[..., Any]) -> None:
    Path("bad.jsonl").write_text('{"question": "Jane Doe?", "answer": ""}\n')
    assert medgpt("data", "stats", "bad.jsonl") == (
        3,
        "",
        "error: bad.jsonl  holds no usable record\nmedgpt data check names every fault\n",
    )
    assert medgpt("data", "stats", "gone.jsonl").code == 3
    assert medgpt("data", "stats", "mine.jsonl", "--model", "nowhere").code == 3


def test_no_input_is_changed(medgpt: Callable[..., Any], tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    medgpt("data", "stats", "mine.jsonl")
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before
