"""Sets of exam questions as they are published, written small."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests.data.sources.writing import (
    as_csv,
    as_jsonl,
    as_parquet,
    embedded,
    pictures,
    text,
)

PICTURE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def expert(own: str, options: int, **more: Any) -> dict[str, Any]:
    letters = "ABCDEFGHIJ"[:options]
    tail = " ".join(f"({letter}) Choice {letter}" for letter in letters)
    return {
        "id": own,
        "question": f"A man coughs. What is it?\nAnswer Choices: {tail}",
        "options": {letter: f"Choice {letter}" for letter in letters},
        "label": "B",
        "medical_task": "Diagnosis",
        "body_system": "Respiratory",
        "question_type": "Reasoning",
        **more,
    }


def medxpertqa(root: Path) -> int:
    as_jsonl(root / "MM/dev.jsonl", [expert("MM-1", 5, images=["MM-1-a.jpeg"])])
    as_jsonl(root / "MM/test.jsonl", [expert("MM-2", 5, images=["MM-2-b.jpeg", "MM-2-a.jpeg"])])
    as_jsonl(root / "Text/test.jsonl", [expert("Text-1", 10)])
    pictures(root / "images", "MM-1-a.jpeg", "MM-2-a.jpeg", "MM-2-b.jpeg")
    return 3


def frames(own: str, video: str, shown: int) -> dict[str, Any]:
    row: dict[str, Any] = {f"image_{n}": embedded(n) if n <= shown else None for n in range(1, 6)}
    return row | {
        "question_id": own,
        "system": "nervous system",
        "organ": "brain",
        "keyword": "stroke",
        "modality": "MRI",
        "video_id": video,
        "question": "What do the frames show?",
        "options": [f"A finding {n}" for n in range(6)],
        "image_url": ["https://example.org/1"],
        "reasoning_chain": "Because.",
        "correct_answer": "C",
    }


def medframeqa(root: Path) -> int:
    rows = [frames("q1", "v1", 2), frames("q2", "v1", 5)]
    schema = pa.Table.from_pylist(rows).schema
    for n in range(1, 6):
        schema = schema.set(schema.get_field_index(f"image_{n}"), pa.field(f"image_{n}", PICTURE))
    as_parquet(root / "data/test-00000-of-00001.parquet", rows, schema)
    return 2


def massive(
    own: str, question: str, options: str, answer: str, shown: int, **more: Any
) -> dict[str, Any]:
    row: dict[str, Any] = {f"image_{n}": embedded(n) if n <= shown else None for n in range(1, 8)}
    return row | {
        "id": own,
        "question": question,
        "options": options,
        "explanation": "",
        "img_type": "['Medical Images']",
        "answer": answer,
        "topic_difficulty": "Easy",
        "question_type": "multiple-choice",
        "subfield": "Pathology",
        **more,
    }


def with_pictures(path: Path, rows: list[dict[str, Any]]) -> Path:
    fields = [pa.field(name, PICTURE if name.startswith("image") else pa.string()) for name in rows[0]]
    return as_parquet(path, rows, pa.schema(fields))


def mmmu(root: Path) -> int:
    one = massive("dev_Pharmacy_1", "What is <image 1>?", "['a', 'b']", "A", 1)
    with_pictures(root / "Pharmacy/dev-00000-of-00001.parquet", [one])
    two = massive(
        "validation_Pharmacy_1", "How much in <image 1>?", "[]", "7.5", 1, question_type="open"
    )
    with_pictures(root / "Pharmacy/validation-00000-of-00001.parquet", [two])
    art = massive("dev_Art_1", "Who painted <image 1>?", "['a', 'b']", "A", 1)
    with_pictures(root / "Art/dev-00000-of-00001.parquet", [art])
    return 2


def mmmu_pro(root: Path) -> int:
    for folder, count in (("standard (4 options)", 4), ("standard (10 options)", 10)):
        rows = [
            massive(
                f"test_{subject}_5",
                "What is <image 1>?",
                str([*"pqrstuvwxy"[:count]]),
                "B",
                1,
                subject=subject,
            )
            for subject in ("Public_Health", "Art")
        ]
        with_pictures(root / folder / "test-00000-of-00001.parquet", rows)
    row = {
        "id": "test_Public_Health_5",
        "image": embedded(),
        "options": str([*"pqrstuvwxy"]),
        "answer": "B",
        "subject": "Public_Health",
    }
    with_pictures(root / "vision/test-00000-of-00001.parquet", [row])
    return 3


def usmle(letters: str, **more: Any) -> dict[str, Any]:
    return {
        "question": "A 23-year-old woman comes to the physician. What is the next step?",
        "answer": "Choice B",
        "options": {letter: f"Choice {letter}" for letter in letters},
        "meta_info": "step2&3",
        "answer_idx": "B",
        **more,
    }


def medqa(root: Path) -> int:
    folder = root / "data_clean/questions/US"
    for split in ("train", "dev", "test"):
        as_jsonl(
            folder / f"4_options/phrases_no_exclude_{split}.jsonl",
            [usmle("ABCD", metamap_phrases=["x"])],
        )
        as_jsonl(folder / f"{split}.jsonl", [usmle("ABCDE")])
        as_jsonl(root / f"data_clean/questions/Mainland/{split}.jsonl", [usmle("ABCDE")])
    return 3


def medqa_5(root: Path) -> int:
    for split in ("train", "dev", "test"):
        as_jsonl(root / f"questions/US/{split}.jsonl", [usmle("ABCDE")])
    return 3


def mcq(own: str, **more: Any) -> dict[str, Any]:
    return {
        "id": own,
        "question": "Which vitamin?",
        "opa": "One",
        "opb": "Two",
        "opc": "Three",
        "opd": "Four",
        "choice_type": "single",
        "exp": "Because.",
        "subject_name": "Biochemistry",
        "topic_name": None,
        **more,
    }


def medmcqa(root: Path) -> int:
    for split in ("train", "validation"):
        as_parquet(
            root / f"data/{split}-00000-of-00001.parquet", [mcq(f"{split}-{n}", cop=n) for n in range(4)]
        )
    return 8


def pubmed(pmid: int, decision: str) -> dict[str, Any]:
    return {
        "pubid": pmid,
        "question": "Does it help?",
        "context": {
            "contexts": ["We asked.", "We saw."],
            "labels": ["BACKGROUND", "RESULTS"],
            "meshes": ["Humans"],
        },
        "long_answer": "It does.",
        "final_decision": decision,
    }


def pubmedqa(root: Path) -> int:
    as_parquet(root / "pqa_labeled/train-00000-of-00001.parquet", [pubmed(1, "yes"), pubmed(2, "maybe")])
    as_parquet(root / "pqa_artificial/train-00000-of-00001.parquet", [pubmed(3, "no")])
    unlabelled = {key: value for key, value in pubmed(4, "").items() if key != "final_decision"}
    as_parquet(root / "pqa_unlabeled/train-00000-of-00001.parquet", [unlabelled])
    return 3


def bullet(number: int, options: int) -> dict[str, Any]:
    return {
        "link": f"https://step2.medbullets.com/testview?qid={number}",
        "question": "A man, aged 40, coughs.\nWhat is next?",
        **{f"op{letter}": f"Choice {letter}" for letter in "abcde"[:options]},
        "answer_idx": "D",
        "answer": "Choice d",
        "explanation": "Because.",
    }


def medbullets(root: Path) -> int:
    for options in (4, 5):
        rows = [bullet(108, options), bullet(109, options)]
        as_csv(root / f"medbullets/medbullets_op{options}.csv", rows)
    return 4


def columnar(path: Path, rows: list[dict[str, Any]]) -> Path:
    columns = {name: {str(n): row[name] for n, row in enumerate(rows)} for name in rows[0]}
    return text(path, json.dumps(columns))


def mmlu_rows(path: Path, *rows: list[str]) -> Path:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return text(path, stream.getvalue().rstrip("\n"))


def mmlu(root: Path) -> int:
    row = ["Which bone, of these?\nName it.", "Ulna", "Radius", '"Tibia"', "Fibula", "C"]
    for folder, subject in (("dev", "anatomy"), ("val", "medical_genetics"), ("test", "anatomy")):
        mmlu_rows(root / f"data/{folder}/{subject}_{folder}.csv", row, row)
    mmlu_rows(root / "data/test/astronomy_test.csv", row)
    return 6


LAYOUTS: dict[str, Callable[[Path], int]] = {
    "medxpertqa": medxpertqa,
    "medframeqa": medframeqa,
    "mmmu-medical": mmmu,
    "mmmu-pro-medical": mmmu_pro,
    "medqa": medqa,
    "medqa-5": medqa_5,
    "medmcqa": medmcqa,
    "pubmedqa": pubmedqa,
    "medbullets": medbullets,
    "mmlu-medical": mmlu,
}
