from __future__ import annotations

import pytest

from medgpt_cli.data.sources.mimic_sections import (
    Section,
    conclusion,
    last_of_each,
    section_name,
    sections,
)

REPORT = """\
                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)
 
 INDICATION:  ___-year-old with cough  // pneumonia?
 
 COMPARISONS:  Chest radiograph ___.
 
 FINDINGS: 
 
 The lungs are clear.
 There is no effusion.
 
 IMPRESSION: 
 
 No acute process.
"""  # noqa: W291, W293


def test_headers_are_told_apart_and_brought_to_one_name() -> None:
    assert [s.name for s in sections(REPORT)] == [
        "preamble",
        "examination",
        "indication",
        "comparison",
        "findings",
        "impression",
    ]
    assert last_of_each(REPORT)["findings"] == "The lungs are clear.\n There is no effusion."
    assert last_of_each(REPORT)["impression"] == "No acute process."


def test_the_last_section_of_a_name_counts() -> None:
    report = "\n FINDINGS: one.\n\n IMPRESSION: first.\n\n IMPRESSION: second.\n"
    assert last_of_each(report)["impression"] == "second."
    assert conclusion(report) == "second."


def test_an_empty_findings_section_does_not_hide_the_filled_one() -> None:
    # p10103318/s57408307's shape: a title that looks like a findings header
    report = "\n CHEST, PA LATERAL:\n\n INDICATION:   Cough.\n\n FINDINGS: Clear.\n\n FINDINGS:  \n"
    assert last_of_each(report)["findings"] == "Clear."
    assert last_of_each(report)["indication"] == "Cough."


def test_a_header_begins_a_line_of_its_own() -> None:
    assert [s.name for s in sections("\n FINDINGS: a\n IMPRESSION: b\n")] == [
        "preamble",
        "findings",
        "impression",
    ]
    # the blank behind a header may be the line's end, and then no second header follows it
    assert sections("\n WET READ:\n FINDINGS: a") == [
        Section("preamble", "\n "),
        Section("wet read", " FINDINGS: a"),
    ]


def test_an_empty_impression_is_no_impression() -> None:
    report = "\n IMPRESSION: \n\n COMPARISON: None.\n \n The lungs are clear.\n"
    assert [s.name for s in sections(report)] == ["preamble", "comparison", "last_paragraph"]
    assert conclusion(report) == "The lungs are clear."


def test_a_report_without_findings_and_impression_has_a_last_paragraph() -> None:
    report = "\n INDICATION: Cough.\n \n The heart is normal.\n \n No effusion.\n"
    found = last_of_each(report)
    assert found["indication"] == "Cough."
    assert found["last_paragraph"] == "The heart is normal.\n \n No effusion."
    assert conclusion(report) == found["last_paragraph"]


def test_a_report_without_headers_is_one_section() -> None:
    assert sections("No header here.") == [Section("full report", "No header here.")]
    assert conclusion("No header here.") == ""


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ("\n IMPRESSION: i\n\n FINDINGS: f\n", "i"),
        ("\n COMPARISON: c\n\n FINDINGS: f\n", "f"),
        ("\n COMPARISON: it is read here.\n", "it is read here."),
    ],
)
def test_the_conclusion_falls_back_in_the_published_order(report: str, expected: str) -> None:
    assert conclusion(report) == expected


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("IMPRESSION", "impression"),
        ("IMPRESSON", "impression"),
        ("CONCLUSION", "impression"),
        ("FINDINGS AND IMPRESSION", "impression"),
        ("FINDINGS/IMPRESSION", "impression"),
        ("NDICATION", "impression"),
        ("CHEST, TWO VIEWS", "findings"),
        ("PA AND LATERAL VIEWS OF THE CHEST", "findings"),
        ("REFERENCE FINDINGS", "findings"),
        ("CLINICAL HISTORY", "history"),
        ("SOCIAL HISTORY", "history"),
        ("PFI", "history"),
        ("REASON FOR EXAM", "indication"),
        ("COMPARISION", "comparison"),
        ("RECOMMENDATION(S)", "recommendations"),
        ("WETREAD", "wet read"),
        ("EXAM", "examination"),
        ("NOTE", "note"),
    ],
)
def test_names_as_published(header: str, name: str) -> None:
    assert section_name(header) == name


def test_reports_listed_by_hand() -> None:
    assert (
        conclusion("\n HISTORY: it stands here.\n\n IMPRESSION: no.\n", "s51491012") == "it stands here."
    )
    assert conclusion("x" * 59 + "the reading" + "y" * 400, "s56579911") == ("the reading" + "y" * 148)
    assert conclusion(REPORT, "s58235663") == ""
    assert conclusion(REPORT, "s50414267") == "No acute process."
