from __future__ import annotations

import copy
from typing import Any

import pytest

from medgpt_cli.data.looking.datasheet import ASKED, SECTIONS, datasheet
from medgpt_cli.data.looking.facts import Known
from medgpt_cli.data.looking.questions import QUESTIONS

MANIFEST: dict[str, Any] = {
    "rows": 1200,
    "read": 1300,
    "sources": [
        {"path": "own.jsonl", "adapter": "records", "licence": "as each record says", "access": "local",
         "read": 300, "kept": 250, "files": {"own.jsonl": "0"}},
        {"path": "cxr", "adapter": "mimic-cxr", "licence": "PhysioNet 1.5", "access": "credentialed",
         "read": 1000, "kept": 950, "files": {}},
    ],
    "dropped": {"duplicate": {"says the same": 90}, "filter": {"priors: compares": 10}},
    "splits": {"train": {"rows": 1100, "shards": []}, "test": {"rows": 100, "shards": []}},
    "apart": {"groups": 400, "keys_compared": 2000, "keys_in_two_splits": 0},
    "duplicates": {"records": 1300, "clusters": 7, "in_clusters": 97, "largest": 9, "beyond": 0},
    "against": {"sets": ["slake.jsonl"], "records_met": 3},
    "phi": {"level": "normal", "found": "drop", "attest": {"by": None, "basis": None, "classes": []},
            "sure": {"record_number": 2}, "doubtful": {}, "looked_at": "texts by rules"},
    "image_flags": {"small": 4},
    "images": "reference",
    "recipe": {"filters": {"min_words": None, "priors": True, "languages": ["en"], "refusals": False}},
    "environment": {"medgpt": "0.1.0", "python": "3.11.7", "packages": {"torch": "2"}, "tools": {"numpy": "2"}},
}  # fmt: skip
KNOWN = {"mimic-cxr": Known("MIMIC-CXR", "https://physionet.org/content/mimic-cxr", True)}
TERMS = {("own", "CC-BY-4.0"): 200, ("own", ""): 50, ("mimic-cxr", "PhysioNet 1.5"): 950}


def sheet(known: dict = KNOWN, terms: dict = TERMS, **changes: Any) -> str:
    manifest = {**copy.deepcopy(MANIFEST), **changes}
    return datasheet(manifest, name="mine", digest="ab12", terms=terms, known=known)


def test_everything_the_manifest_knows_stands_under_its_heading() -> None:
    text = sheet()
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == list(SECTIONS)
    for line in (
        "1,200 records were kept of 1,300 that were read.",
        "| train | 1,100 |",
        "| cxr | MIMIC-CXR | PhysioNet 1.5 | credentialed | 1,000 | 950 |",
        "| own | (not said) | 50 |",
        "- Near-duplicates: 97 records in 7 clusters, the largest of 9.",
        "- Identifiers of persons, of high confidence: record number 2.",
        "- Identifiers of persons, doubtful: none found.",
        "- The gate: level normal; what it finds, it is told to drop.",
        "- Waived: nothing.",
        "- Compared with the evaluation sets slake.jsonl: 3 of their records were met, and what met them was left out.",
        "- own.jsonl: records of one's own; 1 record file, hashes in the manifest.",
        "| filter | priors: compares | 10 |",
        "- Quality filters: priors=True, languages=['en'].",
        "- Strictest access class of a source: **credentialed**. It holds a credentialed source; whoever receives it "
        "needs a credential of their own.",
        "- Licences: CC-BY-4.0; PhysioNet 1.5.",
        "- Pictures that are small: 4.",
    ):
        assert line in text.splitlines(), line


def test_what_only_a_person_knows_is_marked_and_counted() -> None:
    text = sheet()
    asked = [question for questions in QUESTIONS.values() for question in questions]
    assert text.count(ASKED) == len(asked)
    assert f"{len(asked)} questions are left" in text
    assert set(QUESTIONS) <= set(SECTIONS)


def test_the_same_set_gives_the_same_text() -> None:
    assert sheet() == sheet()


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"against": {"sets": [], "records_met": 0}},
            "- Leakage into evaluation sets was not looked for.",
        ),
        (
            {
                "phi": {
                    **MANIFEST["phi"],
                    "attest": {"by": "IRB", "basis": "2026-17", "classes": ["date"]},
                }
            },
            "- Waived: findings of date, attested by IRB on the basis of 2026-17.",
        ),
        ({"dropped": {}}, "- Nothing was left out."),
        (
            {"recipe": {"filters": {"priors": False, "mismatch": {"model": None, "percentile": 5.0}}}},
            "- Quality filters: none was asked for.",
        ),
        ({"images": "embed"}, "- Pictures: their bytes are in the set."),
        (
            {"sources": [{**MANIFEST["sources"][0], "access": "of its own kind"}]},
            "- Strictest access class of a source: **of its own kind**.",
        ),
    ],
)
def test_other_sets(changes: dict, line: str) -> None:
    assert line in sheet(**changes).splitlines()


def test_a_layout_that_could_not_be_established_is_told() -> None:
    text = sheet(known={"mimic-cxr": Known("MIMIC-CXR", "https://x", False)})
    assert "(its published layout could not be established)" in text
    assert "their columns were checked when read" in text


def test_words_of_others_make_no_markup() -> None:
    terms = {("a|b\n# c", "<script>"): 1}
    text = sheet(terms=terms)
    assert "| a\\|b # c | &lt;script&gt; | 1 |" in text
    assert "<script>" not in text


def test_a_column_that_is_different_in_every_record_does_not_fill_the_sheet() -> None:
    text = sheet(terms={(f"{n:04d}", "x"): 2 for n in range(1000)})
    assert "| (950 others) |  | 1,900 |" in text
    assert "| 0049 | x | 2 |" in text
    assert "0050" not in text
