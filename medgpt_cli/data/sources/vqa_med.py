"""VQA-Med 2019, 2020 and 2021 (ImageCLEF): questions on MedPix radiology pictures, lines split by a bar.

The test of 2019 writes several right answers with `#` between them and words that may be left out in brackets; that of
2021 writes them with a bar between.  The first is the answer, the others stand in the facet `also`.  Picture ids are
MedPix's, so the years, and VQA-RAD, share them.  2021 trains on the files of 2020.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.jsonl import numbered_lines
from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.row import Row, answers
from medgpt_cli.data.sources.tables import Table, table_adapter

_OPTIONAL = re.compile(r"\s*\([^()]*\)\s*")
_CATEGORY = re.compile(r"C\d_([A-Za-z]+)_")
_ASKED = ("imageid", "question", "answer")
_ABOVE = ("", "*/", "*/*/")


def _of_2019(row: Row) -> dict[str, Any]:
    if "category" in row.values:
        written = row.text("answer").split("#")
        given = [each for answer in written for each in (answer, _OPTIONAL.sub(" ", answer))]
        return _made(row, given, row.facets(question_type="category"))
    category = _CATEGORY.match(PurePosixPath(row.file).name)
    asked = row.word("imageid"), row.word("question")
    kind = category[1].lower() if category else _categories(str(_beside(row))).get(asked, "")
    return _made(row, [row.text("answer")], {"question_type": kind} if kind else {})


def _of_2020(row: Row) -> dict[str, Any]:
    return _made(row, _referred(row) if "answer" not in row.values else [row.text("answer")], {})


def _of_2021(row: Row) -> dict[str, Any]:
    given = _referred(row) if "answer" not in row.values else row.text("answer").split("|")
    return _made(row, given, {"question_type": "abnormality"})


def _referred(row: Row) -> list[str]:
    """The answers to a question, which stand in a file of their own."""
    name = PurePosixPath(row.file).name.replace("Questions", "ReferenceAnswers")
    found = _references(str(_beside(row) / name)).get(row.text("imageid"))
    if not found:
        raise unfit("answer", "has no reference in the file beside")
    return list(found)


def _made(row: Row, given: list[str], facets: dict[str, str]) -> dict[str, Any]:
    picture = row.text("imageid")
    answer, also = answers(given)
    folder = PurePosixPath(row.file).parent
    near = [
        f"{place}/{name}"
        for place in (folder, folder.parent)
        for name in ("*[Ii]mages", "images/*", "*[Ii]mages/*")
    ]
    return {
        "image": find_picture(row.root, f"{picture}.jpg", *dict.fromkeys(near)),
        "question": row.text("question"),
        "answer": answer,
        "keys": [f"image:medpix/{picture}"],
        "facets": {**facets, **also},
    }


def _beside(row: Row) -> Path:
    return (row.root / row.file).parent


@lru_cache(maxsize=4)
def _categories(folder: str) -> dict[tuple[str, str], str]:
    """Categories by picture and question, from the files that repeat the questions by category."""
    found = {}
    for file in sorted(Path(folder, "QAPairsByCategory").glob("C*.txt")):
        if match := _CATEGORY.match(file.name):
            for fields in _fields(file):
                if len(fields) > 1:
                    found[fields[0], fields[1]] = match[1].lower()
    return found


@lru_cache(maxsize=4)
def _references(file: str) -> dict[str, tuple[str, ...]]:
    if not Path(file).is_file():
        return {}
    return {fields[0]: tuple(fields[1:]) for fields in _fields(Path(file))}


def _fields(file: Path) -> list[list[str]]:
    lines = (raw.decode("utf-8", errors="replace") for _, raw in numbered_lines(file))
    return [[field.strip() for field in line.split("|")] for line in lines]


def _tables(
    *files: tuple[str, str], names: tuple[str, ...] = _ASKED, unless: str = ""
) -> tuple[Table, ...]:
    """A table for each (file, split) wherever its archive may have been unpacked."""
    return tuple(
        Table(above + file, split, names=names, delimiter="|", unless=above + unless if unless else "")
        for above in _ABOVE
        for file, split in files
    )


_OF_2020, _OF_2021 = "VQAnswering_2020", "VQA-Med-2021-VQAnswering-Task1"
_TEST_2019 = "VQAMed2019_Test_Questions_w_Ref_Answers.txt"

ADAPTERS = (
    table_adapter(
        name="vqa-med-2019",
        title="VQA-Med 2019",
        licence="CC BY 4.0",
        access=Access.OPEN,
        home="https://zenodo.org/records/10499039",
        use=("sft", "eval"),
        tables=(
            *_tables(("All_QA_Pairs_train.txt", "train"), ("All_QA_Pairs_val.txt", "validation")),
            *_tables(("QAPairsByCategory/C*_train.txt", "train"), unless="All_QA_Pairs_train.txt"),
            *_tables(("QAPairsByCategory/C*_val.txt", "validation"), unless="All_QA_Pairs_val.txt"),
            *_tables((_TEST_2019, "test"), names=("imageid", "category", "question", "answer")),
        ),
        record=_of_2019,
    ),
    table_adapter(
        name="vqa-med-2020",
        title="VQA-Med 2020",
        licence="not established",
        access=Access.OPEN,
        home="https://github.com/abachaa/VQA-Med-2020",
        use=("sft", "eval"),
        tables=(
            *_tables(
                (f"{_OF_2020}_Train_QA_[Pp]airs.txt", "train"),
                (f"{_OF_2020}_Val_QA_[Pp]airs.txt", "validation"),
            ),
            *_tables(
                ("VQAMed2020-Task1-VQAnswering-Test-Questions.txt", "test"),
                names=("imageid", "question"),
            ),
        ),
        record=_of_2020,
        verified=False,
    ),
    table_adapter(
        name="vqa-med-2021",
        title="VQA-Med 2021",
        licence="not established",
        access=Access.OPEN,
        home="https://github.com/abachaa/VQA-Med-2021",
        use=("sft", "eval"),
        tables=(
            *_tables((f"{_OF_2021}-New-ValidationSet.txt", "validation")),
            *_tables(("Task1-VQA-2021-TestSet-Questions.txt", "test"), names=("imageid", "question")),
        ),
        record=_of_2021,
    ),
)
