"""A DICOM file with 18 made-up identifiers in 23 places: plain, nested, private, in file meta and in free text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom import Dataset, FileDataset, Sequence
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

UID = "1.2.840.113654.2.55.4711"
NEEDLES = (
    "QUIMBYLOU", "WENZESLAUS", "QX48291035", "OTH77123", "ACC9931X", "19310307", "20190203", "BRINKMANNSTR",
    "5558675309", "ZORNBERGHOSP", "HALVORSENREF", "OPERATRIX", "SN44XZ17", "STATIONQ7", "PLANNR5512", "PRIVATEQUARK",
    f"{UID}.1", "MOTHERNAMEX",
)  # fmt: skip
PLACES = 23


def seeded(path: Path, *, frames: int = 1, rows: int = 64, columns: int = 80) -> Path:
    """Writes the file."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = f"{UID}.1"  # 1
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.SourceApplicationEntityTitle = "STATIONQ7"  # 2
    dataset = FileDataset(
        str(path), {}, file_meta=meta, preamble=b"MZ" + b"QX48291035".ljust(126, b"\0")
    )  # 3
    dataset.SOPClassUID = ComputedRadiographyImageStorage
    dataset.SOPInstanceUID = f"{UID}.1"  # 4
    dataset.StudyInstanceUID = f"{UID}.2"
    dataset.SeriesInstanceUID = f"{UID}.3"
    dataset.PatientName = "QUIMBYLOU^WENZESLAUS"  # 5, 6
    dataset.PatientID = "QX48291035"  # 7
    dataset.OtherPatientIDs = "OTH77123"  # 8
    dataset.AccessionNumber = "ACC9931X"  # 9
    dataset.PatientBirthDate = "19310307"  # 10
    dataset.PatientMotherBirthName = "MOTHERNAMEX"  # 11
    dataset.PatientAddress = "12 BRINKMANNSTR"  # 12
    dataset.PatientTelephoneNumbers = "5558675309"  # 13
    dataset.PatientAge = "093Y"
    dataset.PatientSex = "F"
    dataset.StudyDate = "20190203"  # 14
    dataset.StudyTime = "101500"
    dataset.InstitutionName = "ZORNBERGHOSP"  # 15
    dataset.ReferringPhysicianName = "HALVORSENREF^A"  # 16
    dataset.OperatorsName = "OPERATRIX^B"  # 17
    dataset.DeviceSerialNumber = "SN44XZ17"  # 18
    dataset.StudyDescription = "CHEST OF QUIMBYLOU"  # 19
    dataset.ImageComments = "called ACC9931X on 20190203"  # 20
    item = Dataset()
    item.RequestedProcedureDescription = "film for QUIMBYLOU, plan PLANNR5512"  # 21
    item.StudyInstanceUID = f"{UID}.2"
    dataset.RequestAttributesSequence = Sequence([item])
    nested = Dataset()
    nested.CodeMeaning = "left of WENZESLAUS"  # 22: an element the profile keeps
    nested.CodeValue = "1"
    dataset.ViewCodeSequence = Sequence([nested])
    referenced = Dataset()
    referenced.ReferencedSOPClassUID = ComputedRadiographyImageStorage
    referenced.ReferencedSOPInstanceUID = f"{UID}.1"
    dataset.SourceImageSequence = Sequence([referenced])
    block = dataset.private_block(0x0009, "QUARK", create=True)
    block.add_new(1, "LO", "PRIVATEQUARK of QUIMBYLOU")  # 23
    dataset.Modality = "CR"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    if frames > 1:
        dataset.NumberOfFrames = frames
    ramp = np.arange(frames * rows * columns, dtype=np.uint32) % 200
    dataset.PixelData = ramp.astype(np.uint8).tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path
