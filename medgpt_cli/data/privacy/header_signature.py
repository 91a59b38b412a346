"""What a de-identified DICOM file says of itself: which options of PS3.15 Annex E were truly applied.

This module knows nothing of how they are applied.
"""

from __future__ import annotations

from pydicom import Dataset, Sequence

from medgpt_cli.data.privacy.profile import Profile

CODES = {
    "113100": "Basic Application Confidentiality Profile",
    "113101": "Clean Pixel Data Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
    "113108": "Retain Patient Characteristics Option",
}
"""Those of CID 7050 that can be applied here."""


def sign(dataset: Dataset, profile: Profile) -> None:
    """Says that the header was de-identified (PS3.15 E.1.1, step 6).

    Args:
        dataset: Changed in place.
        profile: What became of dates.
    """
    shifted = profile is Profile.SHIFTED
    dataset.PatientIdentityRemoved = "YES"
    dataset.LongitudinalTemporalInformationModified = "MODIFIED" if shifted else "REMOVED"
    dataset.DeidentificationMethod = "medgpt data deid"
    codes = ["113100", *(["113107"] if shifted else []), "113108"]
    dataset.DeidentificationMethodCodeSequence = Sequence(_code(code) for code in codes)


def sign_pixels(dataset: Dataset) -> None:
    """Says that burned-in text was looked for and blanked: option 113101."""
    dataset.DeidentificationMethodCodeSequence.append(_code("113101"))
    dataset.BurnedInAnnotation = "NO"


def _code(code: str) -> Dataset:
    item = Dataset()
    item.CodeValue = code
    item.CodingSchemeDesignator = "DCM"
    item.CodeMeaning = CODES[code]
    return item
