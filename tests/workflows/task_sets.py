"""Every public set that a task reads, in the published layout, in one folder as a person may keep them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.data.sources import layouts, layouts_questions, layouts_reports
from tests.data.sources.layouts_reports import Shot
from tests.data.sources.writing import as_json, pictures

MIMIC: list[Shot] = [
    # dicom, subject, study, view, date, time, split
    ("a1", "10000001", "50000001", "PA", 21500101, 80000.0, "test"),
    ("a2", "10000001", "50000001", "LATERAL", 21500101, 80000.0, "test"),
    ("a3", "10000001", "50000002", "AP", 21500301, 80000.0, "test"),
    ("b1", "10000002", "50000003", "AP", 21500101, 80000.0, "train"),
    ("b2", "10000003", "50000004", "LATERAL", 21500101, 80000.0, "train"),
]


def slake(root: Path) -> None:
    """As the archive has it, with a Chinese question on a picture of the English training part."""
    layouts.slake(root)
    asked = [
        layouts.slaked(3, 3, "en"),
        layouts.slaked(1, 4, "zh"),
        {**layouts.slaked(3, 5, "en"), "answer": "CT"},
    ]
    as_json(root / "test.json", asked)
    pictures(root / "imgs", "xmlab1/source.jpg")


def pubmedqa(root: Path) -> None:
    layouts_questions.pubmedqa(root)
    as_json(root / "pqa_labeled/test_ground_truth.json", {"2": "maybe"})


SETS: dict[str, Callable[[Path], Any]] = {
    **layouts.LAYOUTS,
    **layouts_questions.LAYOUTS,
    **layouts_reports.LAYOUTS,
    "slake": slake,
    "pubmedqa": pubmedqa,
    "mimic-cxr": lambda root: layouts_reports.mimic_cxr(root, MIMIC),
}
NAMES = (
    "slake", "vqa-rad", "path-vqa", "vqa-med-2019", "vqa-med-2020", "vqa-med-2021", "pmc-vqa", "pmc-vqa-2",
    "omnimedvqa", "medxpertqa", "medframeqa", "mmmu-medical", "mmmu-pro-medical", "medqa", "medqa-5", "medmcqa",
    "pubmedqa", "medbullets", "mmlu-medical", "mimic-cxr", "mimic-cxr-mek", "mimic-cxr-r2gen", "iu-xray", "iu-xray-mek",
    "iu-xray-r2gen",
)  # fmt: skip


def lay(folder: Path, *names: str) -> Path:
    """Writes sets below a folder, each in one of its own name."""
    for name in names or NAMES:
        SETS[name](folder / name)
    return folder
