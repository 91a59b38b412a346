"""PubMedQA in its three forms: the hub's, the authors' (entries by PMID), and openlifescienceai's.

    pqa_labeled/train-*.parquet, pqa_artificial/train-*.parquet   qiaojin/PubMedQA; all of it is called train
    ori_pqal.json, ori_pqaa.json                                  the authors', {PMID: {QUESTION, CONTEXTS, …}}
    data/{train,validation,test}-*.parquet                        {Question, Options, Context, Correct Option}

Of the 1,000 labelled questions 500 are the test set; which, stands in the authors' `test_ground_truth.json`.  Where
that file does not lie beside them, labelled questions carry no split, so that none is taken for training data by
its file's name.  The part without labels is not read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import msgspec

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import text_of, unfit
from medgpt_cli.data.sources.adapter import Access, Written
from medgpt_cli.data.sources.choices import HIDDEN, lettered
from medgpt_cli.data.sources.layout import Table
from medgpt_cli.data.sources.making import made, read_some
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.tables import table_adapter
from medgpt_cli.data.sources.whole_json import entries

OPTIONS = {"A": "yes", "B": "no", "C": "maybe"}
_TRUTH = "test_ground_truth.json"
_FOLDERS = ("", "data/", "pqa_labeled/")


def _asked(pmid: str, question: Any, contexts: Any, decision: Any) -> dict[str, Any]:
    if type(contexts) is not list or not contexts:
        raise unfit("contexts", "is no list of texts")
    if decision in (None, ""):
        raise unfit("", HIDDEN)
    text = "\n".join(text_of(part, "contexts").strip() for part in contexts)
    record: dict[str, Any] = {
        "question": f"{text}\n\n{text_of(question, 'question').strip()}",
        "options": OPTIONS,
        "answer": text_of(decision, "final_decision").strip(),
    }
    return record | ({"id": pmid, "keys": [f"pmid:{pmid}"]} if pmid else {})


def _record(row: Row) -> dict[str, Any]:
    context = row.values["context"]
    contexts = context.get("contexts") if type(context) is dict else None
    record = _asked(row.word("pubid"), row.values["question"], contexts, row.values["final_decision"])
    labelled = row.folder == "pqa_labeled"
    return record | (
        _split_of(Path(row.place.file).parent.parent, row.word("pubid")) if labelled else {}
    )


def _nested(row: Row) -> dict[str, Any]:
    inner = row.values["data"]
    if type(inner) is not dict:
        raise unfit("data", "is no object")
    record = _asked("", inner.get("Question"), inner.get("Context"), inner.get("Correct Option"))
    own = {"id": row.word("id")} if row.word("id") else {}
    return record | {"options": lettered(inner.get("Options"))} | own


def _split_of(root: Path, pmid: str) -> dict[str, str]:
    test = _test_pmids(root)
    return {"split": "test" if pmid in test else "train"} if test else {}


@lru_cache(maxsize=8)
def _test_pmids(root: Path) -> frozenset[str]:
    for folder in _FOLDERS:
        file = root / folder / _TRUTH
        if file.is_file():
            try:
                return frozenset(msgspec.json.decode(file.read_bytes(), type=dict[str, str]))
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise BadRecord("is not a JSON object of PMID and decision", where=str(file)) from None
    return frozenset()


_TABLES = table_adapter(
    name="pubmedqa",
    title="PubMedQA",
    licence="MIT",
    access=Access.OPEN,
    home="https://github.com/pubmedqa/pubmedqa",
    use=("sft", "eval"),
    columns=("pubid", "question", "context", "final_decision"),
    tables=(
        Table("pqa_labeled/train-*.parquet"),
        Table("pqa_artificial/train-*.parquet", "train"),
    ),
    record=_record,
)
_NESTED = table_adapter(
    name="pubmedqa",
    title=_TABLES.title,
    licence=_TABLES.licence,
    access=Access.OPEN,
    home=_TABLES.home,
    use=_TABLES.use,
    columns=("data",),
    tables=tuple(Table(f"data/{split}-*.parquet", split) for split in ("train", "validation", "test")),
    record=_nested,
    called=("pubmedqa",),
)


def _raw(path: Path) -> list[Path]:
    names = ("ori_pqal.json", "ori_pqaa.json")
    if path.is_file():
        return [path] if path.name in names else []
    return [file for folder in _FOLDERS for name in names if (file := path / folder / name).is_file()]


def _read(path: Path, splits: Collection[str] = ()) -> Iterator[Written]:
    _test_pmids.cache_clear()  # the folder may have changed since it was read last
    raw = _raw(path)
    if not raw:
        yield from read_some(_NESTED if _NESTED.detect(path) else _TABLES, path, splits)
    for file in raw:
        labelled = file.name == "ori_pqal.json"
        if splits and not labelled and "train" not in splits:
            continue
        for number, (pmid, entry, fault) in enumerate(entries(file), start=1):
            place = Place(str(file), number)
            if fault:
                yield Written({}, place, file.parent, fault)
                continue
            split = _split_of(file.parent, pmid) if labelled else {"split": "train"}
            ask = partial(
                _asked, pmid, entry.get("QUESTION"), entry.get("CONTEXTS"), entry.get("final_decision")
            )
            yield made(ask, place, file.parent, source="pubmedqa", licence=_TABLES.licence, **split)


def _detect(path: Path) -> bool:
    return bool(_raw(path)) or _TABLES.detect(path) or _NESTED.detect(path)


ADAPTER = replace(_TABLES, read=_read, detect=_detect, read_splits=_read)
