"""A DICOM header by the Basic Application Level Confidentiality Profile of PS3.15 Annex E, consistent under a key.

UIDs are remapped by HMAC, so instances still belong to their study in every process; dates are moved by a constant per
patient (option 113107) or removed; sex, age, size and weight stay (option 113108), an age over 89 as 090Y; private
elements, curves and overlays go.  Names and numbers of the patient are looked for in what stays.  Pixels are not
touched: the basic profile does not speak of what is burned into them.
"""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any

from pydicom import DataElement, Dataset, Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from medgpt_cli.data.privacy.findings import Identifier
from medgpt_cli.data.privacy.header_dummies import DUMMY, empty, make_dummy
from medgpt_cli.data.privacy.header_signature import sign
from medgpt_cli.data.privacy.headers import PIXELS, needles, texts_of
from medgpt_cli.data.privacy.profile import Profile
from medgpt_cli.data.privacy.replacing import Find
from medgpt_cli.data.privacy.shifting import moved
from medgpt_cli.data.privacy.standins import StandIns
from medgpt_cli.data.privacy.tag_classes import FREE_TEXT, action_of, class_of

KEPT_OF_THE_PATIENT = frozenset({
    "PatientSex", "PatientAge", "PatientSize", "PatientWeight", "EthnicGroup", "SmokingStatus", "PregnancyStatus",
    "PatientSexNeutered",
})  # fmt: skip
"""What option 113108 keeps unchanged; what it says to clean instead (allergies, special needs) is removed."""
_BIRTH = "PatientBirth"
_META = frozenset({0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010})
"""What the file meta group needs; application titles, private information and who wrote the original go."""


def patient_of(dataset: Dataset) -> str:
    """What tells patients apart in a DICOM file: number, else name, else study, else the instance."""
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "SOPInstanceUID"):
        if value := str(dataset.get(keyword, "")).strip():
            return value
    return ""


class HeaderProfile:
    """The profile under one key.

    Args:
        standins: Draws UIDs, names, numbers and dates.
        find: Finds identifiers in the free texts that stay.
    """

    def __init__(self, standins: StandIns, find: Find) -> None:
        self._standins = standins
        self._find = find

    def apply(self, dataset: Dataset, *, patient: str = "") -> Counter[Identifier]:
        """De-identifies a data set in place.

        Args:
            dataset: As read from a file, with its file meta.
            patient: What tells patients apart, where the header does not say.

        Returns:
            Elements changed or removed, by class; those without a class are not counted.
        """
        person = patient_of(dataset) or patient
        counts: Counter[Identifier] = Counter()
        _Pass(self._standins, self._find, person, needles(dataset), counts).over(dataset)
        sign(dataset, self._standins.profile)
        self._meta(dataset)
        dataset.preamble = bytes(128)
        return counts

    def _meta(self, dataset: Dataset) -> None:
        meta = dataset.file_meta
        for tag in list(meta.keys()):
            if tag not in _META:
                del meta[tag]
        if "SOPInstanceUID" in dataset:
            meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        if "TransferSyntaxUID" not in meta:
            implicit = dataset.original_encoding[0]
            meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian


def _goes(element: DataElement, action: str | None) -> bool:
    """Private elements, curves and overlays, and UIDs that are to be removed: whatever else they may be."""
    whole_group = element.tag.is_private or element.tag.group & 0xFF00 in (0x5000, 0x6000)
    return whole_group or (action == "X" and element.VR == "UI")


class _Pass:
    """One walk over a data set and everything nested in it."""

    def __init__(
        self,
        standins: StandIns,
        find: Find,
        patient: str,
        known: frozenset[str],
        counts: Counter[Identifier],
    ) -> None:
        self._standins, self._find, self._patient = standins, find, patient
        self._known, self._counts = known, counts
        self._shifted = standins.profile is Profile.SHIFTED

    def over(self, dataset: Dataset) -> None:
        for tag in list(dataset.keys()):
            if tag in PIXELS:
                continue
            action = action_of(tag.group, tag.element)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    element = dataset[tag]
            except Exception:  # a value that cannot be decoded cannot be shown to be harmless
                del dataset[tag]
                continue
            self._element(dataset, element, action)

    def _element(self, dataset: Dataset, element: DataElement, action: str | None) -> None:
        keyword, vr = element.keyword, element.VR
        before = texts_of(element)
        if _goes(element, action):
            del dataset[element.tag]
        elif keyword in KEPT_OF_THE_PATIENT:
            self._characteristic(element)
        elif keyword in ("PatientName", "PatientID"):
            self._patients_own(element)
        elif vr == "UI":
            self._uids(element, mapped=action is not None)
        elif vr in ("DA", "DT", "TM") and self._shifted and not keyword.startswith(_BIRTH):
            if action != "X" or vr != "TM":
                self._date(dataset, element)
        elif action is None and vr == "UN":
            del dataset[element.tag]
        elif action is None and vr != "SQ":
            self._kept(dataset, element)
        elif action is None or (action == "X/Z/U" and vr == "SQ"):
            for item in element.value or ():
                self.over(item)
        elif "D" in action:
            make_dummy(element, self._other)
        elif "Z" in action:
            element.value = Sequence() if vr == "SQ" else empty(vr)
        else:
            del dataset[element.tag]
        if before and before != (texts_of(element) if element.tag in dataset else []):
            told = class_of(keyword, vr)
            if told is not None:
                self._counts[told[0]] += 1

    def _patients_own(self, element: DataElement) -> None:
        """Name and number of the patient: stand-ins, so that files of one patient still belong together."""
        original = str(element.value or "")
        if element.keyword == "PatientID":
            element.value = self._standins.surrogates.identifier(original)
        elif original:
            given = self._standins.surrogates.given_name(self._patient, "")
            surname = self._standins.surrogates.surname(self._patient, original)
            element.value = f"{surname}^{given}"

    def _characteristic(self, element: DataElement) -> None:
        age = str(element.value or "")
        if (
            element.keyword == "PatientAge"
            and age[-1:] == "Y"
            and age[:-1].isdigit()
            and int(age[:-1]) > 89
        ):
            element.value = "090Y"
            self._counts[Identifier.DATE] += 1

    def _uids(self, element: DataElement, *, mapped: bool) -> None:
        """Every UID that no standard defines gets its stand-in, whether the table names the element or not."""
        if element.keyword in ("SOPClassUID", "ImplementationClassUID") and not mapped:
            return
        value = element.value
        several = hasattr(value, "append")
        element.value = [self._other(uid) for uid in value] if several else self._other(value or "")

    def _other(self, uid: Any) -> str:
        text = str(uid)
        standard = text.startswith("1.2.840.10008.") or not text
        return text if standard else self._standins.surrogates.uid(text)

    def _date(self, dataset: Dataset, element: DataElement) -> None:
        """A date moved with the patient's others; a time of day stays; what cannot be read goes."""
        if element.VR == "TM" or not element.value:
            return
        values = element.value if hasattr(element.value, "append") else [element.value]
        new = [self._moved(str(value)) for value in values]
        if all(new):
            element.value = new if len(new) > 1 else new[0]
        else:
            del dataset[element.tag]

    def _moved(self, text: str) -> str:
        day, rest = text[:8].strip(), text[8:]
        if len(day) < 8 or not day.isdigit():
            return ""
        return (moved(day, self._standins.surrogates.days(self._patient)) or "") + rest

    def _kept(self, dataset: Dataset, element: DataElement) -> None:
        """An element the table does not name: stays, unless it says something of the patient."""
        if element.VR == "PN":
            element.value = DUMMY
        elif element.VR in ("DA", "DT") and not self._shifted:
            del dataset[element.tag]
        elif element.VR in FREE_TEXT:
            for text in texts_of(element):
                if any(word in text for word in self._known) or self._find(text):
                    for found in self._find(text):
                        self._counts[found.identifier] += 1
                    del dataset[element.tag]
                    return
        elif isinstance(element.value, bytes) and any(
            word.encode() in element.value for word in self._known
        ):
            del dataset[element.tag]
