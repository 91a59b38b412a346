"""Numbers that stand for somebody or something, by label or by shape."""

from __future__ import annotations

import pytest

from tests.data.privacy.seen import seen


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MRN: 12345678", ("record_number!", "12345678")),
        ("mrn 00-12-34-56", ("record_number!", "00-12-34-56")),
        ("Med. Rec. No. A123456", ("record_number!", "A123456")),
        ("Patient ID:\n  E-1029384", ("record_number!", "E-1029384")),
        ("NHS number 943 476 5919", ("record_number!", "943 476 5919")),
        ("SSN 123-45-6789", ("ssn!", "123-45-6789")),
        ("Social Security Number: 123456789", ("ssn!", "123456789")),
        ("number 123-45-6789 given", ("ssn!", "123-45-6789")),
        ("Member ID: XGH123456789", ("plan!", "XGH123456789")),
        ("Acct # 1234567890", ("account!", "1234567890")),
        ("NPI: 1234567893", ("licence!", "1234567893")),
        ("Driver's license S1234567", ("licence!", "S1234567")),
        ("license plate KCC 5322", ("vehicle!", "KCC 5322")),
        ("VIN 1HGBH41JXMN109186", ("vehicle!", "1HGBH41JXMN109186")),
        ("S/N FNH775244T", ("device!", "FNH775244T")),
        ("Accession #: CT20-123456", ("other!", "CT20-123456")),
        ("GenBank under accession number AF123456", ("other", "AF123456")),
        ("trial no. NCT01234567", ("other", "NCT01234567")),
        ("lot no. 12345AB", ("device", "12345AB")),
        ("registration no. 2019-1234", ("licence", "2019-1234")),
        ("noted 123456789 there", ("other", "123456789")),
        ("card 4539 1488 0343 6467 kept", ("account", "4539 1488 0343 6467")),
        ("paid from DE89 3704 0044 0532 0130 00 then", ("account", "DE89 3704 0044 0532 0130 00")),
        ("holds 2345 6789 0123 now", ("other", "2345 6789 0123")),
        (
            "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
            ("other", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"),
        ),
    ],
)
def test_each_class(text: str, found: tuple[str, str]) -> None:
    assert seen(text) == [found]


@pytest.mark.parametrize(
    "text",
    [
        "medical records reviewed 2019", "account for 30% of cases", "case 12 of 30", "study of 2020 patients",
        "policy since 1998", "serial images 4 and 5", "group 3 hypertension", "licence renewed", "platelets 245000",
        "accuracy (acc = 0.9812)", "serial 0.1234",
        "in order 1, 2", "DLP 451 mGy-cm, WBC 11.2, 5000 units, 1200 mL", "report 2 of 3",
    ],
)  # fmt: skip
def test_no_number_of_anybody(text: str) -> None:
    assert seen(text) == []
