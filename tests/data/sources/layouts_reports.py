"""Sets of radiology reports, and articles, as they are published, written small."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.data.sources.writing import as_csv, as_json, as_jsonl, pictures, text

METADATA = (
    "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,StudyDate,StudyTime,"
    "ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,PatientOrientationCodeSequence_CodeMeaning"
)
REPORT = """\
                                 FINAL REPORT
 INDICATION:  Cough and
 fever.

 TECHNIQUE:  Chest, two views.

 COMPARISON:  ___

 FINDINGS:

 Findings of
 {study}.

 IMPRESSION:

 Impression {study}."""
Shot = tuple[str, str, str, str, int, float, str]
SHOTS: list[Shot] = [
    # dicom, subject, study, view, date, time, split
    (
        "d4",
        "10000032",
        "50000003",
        "PA",
        21800626,
        93126.0,
        "train",
    ),  # 09:31:26, its zero lost in the table
    ("d3", "10000032", "50000003", "LATERAL", 21800626, 93126.0, "train"),
    ("d1", "10000032", "50000001", "AP", 21800506, 213014.531, "train"),
    ("d2", "10000032", "50000002", "AP", 21800626, 83126.0, "train"),
    ("e1", "10000764", "57375967", "", 21321015, 1.0, "validate"),
    ("e2", "10000764", "57375967", "AP", 21321015, 1.0, "validate"),
]


def mimic_cxr(
    root: Path, shots: list[Shot] = SHOTS, *, ending: str = "jpg", reports: str = "", packed: bool = True
) -> int:
    lines, splits = [METADATA], ["dicom_id,study_id,subject_id,split"]
    for dicom, subject, study, view, date, time, split in shots:
        lines.append(f'{dicom},{subject},{study},"CHEST (PA, LAT)",{view},3056,2544,{date},{time},,,')
        splits.append(f"{dicom},{study},{subject},{split}")
        pictures(root / f"files/p{subject[:2]}/p{subject}/s{study}", f"{dicom}.{ending}")
        text(
            root / reports / f"files/p{subject[:2]}/p{subject}/s{study}.txt", REPORT.format(study=study)
        )
    for name, rows in (("metadata", lines), ("split", splits)):
        text(root / f"mimic-cxr-2.0.0-{name}.csv{'.gz' if packed else ''}", *rows)
    return len({shot[2] for shot in shots})


def mimic_single(root: Path) -> int:
    mimic_cxr(root)
    return sum(shot[3] in ("PA", "AP") for shot in SHOTS)


DICOM = "02aa804e-bde0afdd-112c0b34-7bc16630-4e384014"


def mek(root: Path, *names: str) -> int:
    entry = {"id": 1, "image": list(names), "findings": "Clear lungs.", "impression": "Normal."}
    as_json(root / "test.json", [entry])
    pictures(root / "images", *names)
    return 1


def mek_mimic(root: Path) -> int:
    return mek(root, f"p10/p10000032/s50414267/{DICOM}.jpg")


def mek_iu(root: Path) -> int:
    return mek(root, "CXR1000_IM-0003/0.png", "CXR1000_IM-0003/1.png")


def r2gen(root: Path, entry: dict[str, Any]) -> int:
    other = {**entry, "id": f"{entry['id']}-2"}
    as_json(root / "annotation.json", {"train": [entry], "val": [], "test": [other]})
    pictures(root / "images", *entry["image_path"])
    return 2


def r2gen_mimic(root: Path) -> int:
    path = f"p10/p10000032/s50414267/{DICOM}.jpg"
    words = {"id": DICOM, "study_id": 50414267, "subject_id": 10000032, "split": "train"}
    return r2gen(root, {**words, "report": "Clear lungs.", "image_path": [path]})


def r2gen_iu(root: Path) -> int:
    names = ["CXR2384_IM-0942/0.png", "CXR2384_IM-0942/1.png"]
    words = {"id": "CXR2384_IM-0942", "split": "train"}
    return r2gen(root, {**words, "report": "Clear lungs.", "image_path": names})


def plus(study: str, view: str, **more: str) -> dict[str, str]:
    return {
        "path_to_image": f"{study}/{view}.jpg",
        "section_narrative": "",
        "section_history": "",
        "section_clinical_history": "Cough.",
        "section_findings": "Clear lungs.",
        "section_impression": "Normal.",
        "frontal_lateral": "Frontal",
        "ap_pa": "PA",
        **more,
    }


def chexpert_plus(root: Path) -> int:
    lateral = {"frontal_lateral": "Lateral", "ap_pa": ""}
    rows = [
        plus("train/patient42142/study5", "view1_frontal"),
        plus("train/patient42142/study5", "view2_lateral", **lateral),
        plus("valid/patient64541/study1", "view1_frontal"),
    ]
    as_csv(root / "df_chexpert_plus_240401.csv", rows)
    for row in rows:
        pictures(root / "PNG", row["path_to_image"].replace(".jpg", ".png"))
    return 2


def citation(number: int, names: list[str], findings: str = "Clear lungs.") -> str:
    shown = "".join(f'<parentImage id="{name}"><figureId>F1</figureId></parentImage>' for name in names)
    return f"""<?xml version="1.0" encoding="utf-8"?>
<eCitation><meta type="rr"/><uId id="CXR{number}"/><pmcId id="{number}"/>
<licenseType>open-access</licenseType><licenseURL>http://creativecommons.org/licenses/by-nc-nd/4.0/</licenseURL>
<MedlineCitation><Article><Abstract>
<AbstractText Label="COMPARISON">None.</AbstractText><AbstractText Label="INDICATION">Positive TB test</AbstractText>
<AbstractText Label="FINDINGS">{findings}</AbstractText><AbstractText Label="IMPRESSION">Normal chest.</AbstractText>
</Abstract></Article></MedlineCitation>{shown}</eCitation>"""


def iu_xray(root: Path) -> int:
    for number in (2, 10):
        names = [f"CXR{number}_IM-000{n}-1001" for n in (1, 2)]
        text(root / f"ecgen-radiology/{number}.xml", citation(number, names))
        pictures(root / "NLMCXR_png", *(f"{name}.png" for name in names))
    return 2


def gradient(own: str) -> dict[str, Any]:
    path = f"deid_png/P{own}/A{own}/studies/1/series/2/instances/3.png"
    return {
        "id": own,
        "PatientID": f"P{own}",
        "AccessionNumber": f"A{own}",
        "Indication": "Cough.",
        "Comparison": "None",
        "Findings": "Clear lungs.",
        "Impression": "Normal.",
        "ImagePath": [f"../{path}"],
        "ImageViewPosition": ["PA"],
    }


def rexgradient(root: Path) -> int:
    as_json(
        root / "metadata/train_metadata_view_position.json", {own: gradient(own) for own in ("1", "2")}
    )
    as_json(root / "metadata/train_metadata.json", {own: gradient(own) for own in ("1", "2")})
    as_json(root / "metadata/test_metadata.json", [gradient("3")])
    pictures(root, *(gradient(own)["ImagePath"][0][3:] for own in "123"))
    return 3


def padchest_gr(root: Path) -> int:
    finding = {"sentence_en": "Clear lungs.", "sentence_es": "Pulmones claros.", "abnormal": False}
    box = {**finding, "sentence_en": "Large heart.", "abnormal": True, "boxes": [[0.1, 0.1, 0.2, 0.2]]}
    rows = [{"StudyID": f"S{n}", "ImageID": f"{n}.png", "findings": [finding, box]} for n in (1, 2)]
    as_json(root / "grounded_reports_20240819.json", rows)
    columns = [
        {"StudyID": f"S{n}", "PatientID": f"P{n}", "split": "train", "label": x}
        for n in (1, 2)
        for x in "ab"
    ]
    as_csv(root / "master_table.csv", columns)
    pictures(root / "Padchest_GR_files/PadChest_GR", "1.png", "2.png")
    return 2


def pmc_articles(root: Path) -> int:
    from tests.data.sources.test_jats import FRONT, HEAD

    figure = (
        '<fig><label>Figure 1</label><caption><p>CT.</p></caption><graphic xlink:href="a-g001"/></fig>'
    )
    text(root / "PMC212319/a.nxml", f"{HEAD}{FRONT}<body><p>One.</p>{figure}</body></article>")
    pictures(root / "PMC212319", "a-g001.jpg")
    return 1


def documents(root: Path) -> int:
    as_jsonl(
        root / "books.jsonl", [{"text": "A chapter.", "licence": "CC BY 4.0", "source": "documents"}]
    )
    return 1


MIMIC_NAMES = [
    "-".join(word for word in ("mimic-cxr", kind, target) if word)
    for kind in ("", "multi", "single")
    for target in ("", "impression", "conclusion")
]
BOTH: dict[str, Callable[[Path], int]] = {
    "mimic-cxr-mek": mek_mimic,
    "iu-xray-mek": mek_iu,
    "chexpert-plus": chexpert_plus,
    "iu-xray": iu_xray,
    "rexgradient": rexgradient,
}
"""Sets that are read for their findings, and for their impression when that is named."""
LAYOUTS: dict[str, Callable[[Path], int]] = {
    **{name: mimic_single if "single" in name else mimic_cxr for name in MIMIC_NAMES},
    **BOTH,
    **{f"{name}-impression": build for name, build in BOTH.items()},
    **dict.fromkeys(("iu-xray-single", "iu-xray-single-impression"), iu_xray),
    "mimic-cxr-r2gen": r2gen_mimic,
    "iu-xray-r2gen": r2gen_iu,
    "padchest-gr": padchest_gr,
    "pmc-articles": pmc_articles,
    "documents": documents,
}
VARIANTS = (
    dict.fromkeys(MIMIC_NAMES[1:], "mimic-cxr")
    | {f"{name}-impression": name for name in BOTH}
    | dict.fromkeys(("iu-xray-single", "iu-xray-single-impression"), "iu-xray")
    | {"documents": ""}
)
"""What has to be named, by the set its folder is known as; empty where any folder of JSON lines would do."""
SOURCES = {
    name: next(
        (
            known
            for known in ("mimic-cxr", "iu-xray", "chexpert-plus", "rexgradient")
            if name.startswith(known)
        ),
        name,
    )
    for name in LAYOUTS
}
