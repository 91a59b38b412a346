"""Which class of identifier a DICOM element holds, by its keyword and value representation, and what is to be done to
it by the Basic Profile of PS3.15 Annex E.

The actions are those of table E.1-1 as the package `dicom-anonymizer` carries it (edition 2026c); its own replacing is
not used, because its UIDs are random in every process.  This module knows nothing of values.
"""

from __future__ import annotations

from functools import cache

from medgpt_cli.data.privacy.findings import Identifier

TABLE = "dicomfields_2026c"
"""Edition of table E.1-1."""

Action = str
"""X remove, Z empty, D replace by a dummy, U remap the UID, and combinations: X/Z, X/D, Z/D, X/Z/D, X/Z/U."""

DIRECT: dict[str, Identifier] = {
    "PatientName": Identifier.NAME,
    "PatientBirthName": Identifier.NAME,
    "PatientMotherBirthName": Identifier.NAME,
    "OtherPatientNames": Identifier.NAME,
    "ResponsiblePerson": Identifier.NAME,
    "PatientID": Identifier.RECORD_NUMBER,
    "OtherPatientIDs": Identifier.RECORD_NUMBER,
    "MedicalRecordLocator": Identifier.RECORD_NUMBER,
    "PatientBirthDate": Identifier.DATE,
    "PatientBirthDateInAlternativeCalendar": Identifier.DATE,
    "PatientDeathDateInAlternativeCalendar": Identifier.DATE,
    "PatientAddress": Identifier.PLACE,
    "PatientTelephoneNumbers": Identifier.PHONE,
    "PersonTelephoneNumbers": Identifier.PHONE,
    "PersonAddress": Identifier.PLACE,
    "InsurancePlanIdentification": Identifier.PLAN,
    "AccessionNumber": Identifier.OTHER,
}
"""Elements that identify by themselves: a value in one of them is a sure finding."""

_BY_WORD = (
    (("Telephone", "Phone"), Identifier.PHONE),
    (("Address", "Institution", "RegionOfResidence", "CountryOfResidence", "PatientLocation"), Identifier.PLACE),
    (("Device", "Station", "Detector", "Cassette", "Plate", "Gantry", "Generator"), Identifier.DEVICE),
    (("PatientID", "AdmissionID", "RecordNumber"), Identifier.RECORD_NUMBER),
    (("AccountNumber",), Identifier.ACCOUNT),
    (("URL", "URI"), Identifier.URL),
    (("AccessionNumber", "PlacerOrder", "FillerOrder", "ProcedureID", "ProcedureStepID", "StudyID"), Identifier.OTHER),
)  # fmt: skip
_NUMBERED = frozenset({"AE", "LO", "SH", "LT", "ST", "UT", "UC", "UR", "CS"})
FREE_TEXT = frozenset({"LO", "SH", "LT", "ST", "UT", "UC", "UR", "PN"})
"""Value representations that people write into."""


def class_of(keyword: str, vr: str) -> tuple[Identifier, bool] | None:
    """The class of an element that the profile acts on, and whether its presence is a sure finding.

    Returns:
        None for elements that identify only by what they say (comments, descriptions), which are read as texts, and
        for those that do not identify (protocols, times of day).
    """
    if keyword in DIRECT:
        return DIRECT[keyword], True
    if vr == "PN":
        return Identifier.NAME, False
    if vr in ("DA", "DT"):
        return Identifier.DATE, False
    if vr == "UI":
        return Identifier.OTHER, False
    if vr in _NUMBERED and not keyword.endswith(("Description", "Comments", "Comment")):
        for words, identifier in _BY_WORD:
            if any(word in keyword for word in words):
                return identifier, False
    return None


@cache
def _actions() -> dict[tuple[int, int], Action]:
    from dicomanonymizer.dicomfields_selector import dicom_anonymization_database_selector

    table = dicom_anonymization_database_selector(TABLE)
    lists: dict[str, list[tuple[int, ...]]] = {
        "X": table["X_TAGS"],
        "Z": table["Z_TAGS"],
        "D": table["D_TAGS"],
        "U": table["U_TAGS"],
        "Z/D": table["Z_D_TAGS"],
        "X/Z": table["X_Z_TAGS"],
        "X/D": table["X_D_TAGS"],
        "X/Z/D": table["X_Z_D_TAGS"],
        "X/Z/U": table["X_Z_U_STAR_TAGS"],
    }
    return {(tag[0], tag[1]): action for action, tags in lists.items() for tag in tags if len(tag) == 2}


def action_of(group: int, element: int) -> Action | None:
    """What the Basic Profile does to an element, or None where it keeps it.

    Private elements, curves (50xx) and overlays (60xx) are removed as whole groups.
    """
    if group % 2 or group & 0xFF00 in (0x5000, 0x6000):
        return "X"
    return _actions().get((group, element))
