"""The few facts of a DICOM header that may go into a data set: no tag and no value but those listed here.

The tags alone would not do: people type names into any field.  So each value has to be one of the standard's terms, or
a number; anything else is dropped, and so are dates, identifiers, descriptions and private tags, which are never read.
Ages from 90 on are one class (45 CFR 164.514(b)(2)(i)(C)).  What the facts are used for is not known here.
"""

from __future__ import annotations

import re
from typing import Any, BinaryIO

from pydicom import Dataset, dcmread

from medgpt_cli.data.images.dicom_header import DAMAGE, damage_in_words, inflated

OLDEST = 90
"""Years from which ages are not told apart."""
_TAGS = [
    "Modality", "ViewPosition", "PatientSex", "PatientAge", "BodyPartExamined", "Laterality", "ImageLaterality",
    "Rows", "Columns", "PixelSpacing", "ImagerPixelSpacing",
]  # fmt: skip
_TERMS = {
    "Modality": "CR CT DX ES GM IO IVOCT IVUS MG MR NM OCT OP OPM OPT OPTENF OT PT PX RF RG RTIMAGE SC SM US XA XC",
    "ViewPosition": "AP PA LL RL RLD LLD RLO LLO LAT LATERAL CC MLO ML LM LMO XCCL XCCM XCC FB SIO ISO CV AT",
    "PatientSex": "M F O",
    "Laterality": "L R B U",
    "ImageLaterality": "L R B U",
    "BodyPartExamined": (
        "ABDOMEN ABDOMENPELVIS ADRENAL ANKLE AORTA ARM AXILLA BACK BLADDER BRAIN BREAST BRONCHUS BUTTOCK CALCANEUS "
        "CALF CAROTID CEREBELLUM CERVIX CHEEK CHEST CHESTABDOMEN CHESTABDPELVIS CIRCLEOFWILLIS CLAVICLE COCCYX COLON "
        "CORNEA CORONARYARTERY CSPINE CTSPINE DUODENUM EAR ELBOW ESOPHAGUS EXTREMITY EYE EYELID FACE FEMUR FINGER "
        "FOOT GALLBLADDER HAND HEAD HEADNECK HEART HIP HUMERUS ILEUM ILIUM IAC JAW JEJUNUM KIDNEY KNEE LARYNX LEG "
        "LIVER LSPINE LSSPINE LUNG MANDIBLE MAXILLA MEDIASTINUM MOUTH NECK NECKCHEST NECKCHESTABDOMEN NECKCHESTABDPELV "
        "NOSE ORBIT OVARY PANCREAS PAROTID PATELLA PELVIS PENIS PHARYNX PROSTATE RECTUM RIB SCALP SCAPULA SCLERA "
        "SCROTUM SHOULDER SKULL SPINE SPLEEN SSPINE STERNUM STOMACH TESTIS THIGH THUMB THYMUS THYROID TIBIA TLSPINE "
        "TOE TONGUE TRACHEA TSPINE UMBILICUS URETER URETHRA UTERUS VAGINA VULVA WHOLEBODY WRIST ZYGOMA"
    ),
}
"""Defined terms: PS3.3 C.7.3.1.1.1, C.8.1.1, C.8.11.7, C.7.1.1, C.7.6.1; PS3.16 annex L; LAT and LATERAL as they are
written."""
_NAMES = {
    "Modality": "modality",
    "ViewPosition": "view",
    "PatientSex": "sex",
    "BodyPartExamined": "body_part",
    "Laterality": "laterality",
    "ImageLaterality": "laterality",
}
_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}


def dicom_facts(stream: BinaryIO) -> tuple[tuple[str, str], ...]:
    """What may be said of a DICOM file, as facets of a sample.

    Args:
        stream: The file.

    Returns:
        (name, value) of those that are known: modality, view, sex, age (whole years, or `90+`), body_part,
        laterality, rows, columns, spacing (millimetres between rows x between columns).

    Raises:
        BadImage: The header cannot be read.
    """
    with damage_in_words():
        data, _ = inflated(stream)
        data.seek(0)
        tags = dcmread(data, force=True, stop_before_pixels=True, specific_tags=list(_TAGS))
        return tuple(_facts(tags).items())


def _facts(tags: Dataset) -> dict[str, str]:
    facts: dict[str, str] = {}
    for keyword, name in _NAMES.items():
        value = str(_value(tags, keyword) or "").strip().upper()
        if value in _TERMS[keyword].split():
            facts.setdefault(name, value)
    if age := _age(str(_value(tags, "PatientAge") or "")):
        facts["age"] = age
    for keyword in ("Rows", "Columns"):
        if isinstance(number := _value(tags, keyword), int) and number > 0:
            facts[keyword.lower()] = str(number)
    if spacing := _spacing(_value(tags, "PixelSpacing") or _value(tags, "ImagerPixelSpacing")):
        facts["spacing"] = spacing
    return facts


def _spacing(written: Any) -> str:
    try:
        down, across = map(float, written)
    except (TypeError, ValueError):
        return ""
    return f"{down:.4g}x{across:.4g}" if 0 < down < 100 and 0 < across < 100 else ""


def _value(tags: Dataset, keyword: str) -> Any:
    """A value; None where it is absent or is none of its kind, which is no reason to lose the others."""
    try:
        return tags.get(keyword)
    except DAMAGE:
        return None


def _age(written: str) -> str:
    """`093Y` as `90+`, `018M` as `1`; nothing where it is not written as the standard says."""
    match = re.fullmatch(r"(\d{3})([YMWD])", written.strip())
    if not match:
        return ""
    years = int(int(match[1]) * _YEARS[match[2]] + 1e-9)
    return f"{OLDEST}+" if years >= OLDEST else str(years)
