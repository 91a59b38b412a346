"""Fields written out in a text, as programs print them, read like the labels that people write."""

from __future__ import annotations

import pytest

from medgpt_cli.data.privacy.fields import as_labels
from tests.data.privacy.seen import seen


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"mrn": "12345678"}', ("record_number!", "12345678")),
        ("{'patient_id': 'A1234567'}", ("record_number!", "A1234567")),
        ("<mrn>12345678</mrn>", ("record_number!", "12345678")),
        ("MEDICAL_RECORD_NUMBER=MRN-OM312-0001;", ("record_number!", "MRN-OM312-0001")),
        ("HEALTH_PLAN_BENEFICIARY_NUMBER=HPB-OM312-0002;", ("plan!", "HPB-OM312-0002")),
        ("ACCOUNT_NUMBER=ACCT-000333444;", ("account!", "ACCT-000333444")),
        ("ACCESSION_NUMBER=CT20-123456", ("other!", "CT20-123456")),
        ("TELEPHONE_NUMBER=555-010-3199;", ("phone!", "555-010-3199")),
        ("FAX_NUMBER=555-010-7788;", ("fax!", "555-010-7788")),
        ('"phone": "5550123"', ("phone!", "5550123")),
        ("date_of_birth: 1980-01-01", ("date!", "1980-01-01")),
        ('"dob":"01/02/1980"', ("date!", "01/02/1980")),
        ('"patient_name": "Jane Doe"', ("name!", "Jane Doe")),
        ("study_id=50414267", ("other", "50414267")),
    ],
)
def test_a_field_is_a_label(text: str, found: tuple[str, str]) -> None:
    assert seen(text) == [found]


@pytest.mark.parametrize(
    "text",
    ["gene_id=12345, model_id: 123456", "P=0.0000012", "height=1024 width=2048", '"page": "12"',
     "<b>Patient Name</b> text", "batch_size=16384", '{"label": "cat", "score": 0.9812}'],
)  # fmt: skip
def test_no_field_of_anybody(text: str) -> None:
    assert seen(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "The patient's chart: seen on 2 days",
        'He said: "well" and left',
        "see Fig_3 and a_b",
        "a < b > c",
        "x = y",
        "",
    ],
)
def test_what_is_no_field_stays(text: str) -> None:
    assert as_labels(text) == text


def test_places_stay_where_they_are() -> None:
    text = """{"patient_name" : "A_b", 'dob'='1'} <mrn>12</mrn> FAX_NUMBER=1"""
    assert as_labels(text) == """{ patient name  :  A_b",  dob : 1'}  mrn:12</mrn> FAX NUMBER:1"""
    assert len(as_labels(text)) == len(text)
