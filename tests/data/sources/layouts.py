"""Every set as it is published, two to a dozen records each, written into an empty folder.

Each builder returns how many records the folder holds; all of them are fit.  A module of this name with anything
behind it (`layouts_reports.py`) is found as well.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.data.sources.writing import (
    as_csv,
    as_json,
    as_jsonl,
    as_parquet,
    embedded,
    pictures,
    text,
)

TURNS = [{"from": "human", "value": "What is shown?\n<image>"}, {"from": "gpt", "value": "A lung."}]
UNTAGGED = [{"from": "human", "value": "What is shown?"}, {"from": "gpt", "value": "A lung."}]
DOMAIN = {"chest_xray": False, "mri": False, "ct_scan": False, "histology": True, "gross": True}


def llava(pair: str, key: str = "conversatons", **more: Any) -> dict[str, Any]:
    return {"id": pair, "image": f"{pair}.jpg", "domain": DOMAIN, key: TURNS, **more}


def llava_med_alignment(root: Path) -> int:
    as_json(
        root / "alignment/llava_med_alignment_500k.json", [llava("18063892_F3"), llava("18318598_g001")]
    )
    url = "https://ftp.ncbi.nlm.nih.gov/pub/pmc/oa_package/1e/ed/PMC2629018.tar.gz"
    as_jsonl(
        root / "llava_med_image_urls.jsonl",
        [
            {
                "pair_id": "18063892_F3",
                "pmc_tar_url": url,
                "image_file_path": "PMC2629018/kjo-21-4-F3.jpg",
            }
        ],
    )
    pictures(root / "images", "18063892_F3.jpg", "18318598_g001.jpg")
    return 2


def llava_med_instruct(root: Path) -> int:
    mention = {"tokens": "See ( Fig. 3 ) .", "entities": []}
    source = {"pair_id": "18063892_F3", "fig_label": "Fig. 3", "fig_caption": "A cyst."}
    as_json(
        root / "instruct/llava_med_instruct_10k.json",
        [llava("18063892_F3", "conversations", **source, in_text_mention=[mention])],
    )
    as_json(
        root / "instruct/llava_med_instruct_60k_inline_mention.json",
        [llava("18063892_F3", **source, in_text_mention=["See Fig. 3."])],
    )
    pictures(root / "images", "18063892_F3.jpg")
    return 2


def vision(number: int, *names: str) -> dict[str, Any]:
    return {
        "image": [f"images/{name}" for name in names],
        "id": f"identity_{number}",
        "modality": "Computed Tomography",
        "body_part": "Chest",
        "conversations": UNTAGGED,
    }


def pubmedvision(root: Path) -> int:
    as_json(
        root / "PubMedVision_Alignment_VQA.json",
        [vision(0, "pmc_1_0.jpg"), vision(1, "pmc_2_0.jpg", "pmc_2_1.jpg")],
    )
    as_json(root / "PubMedVision_InstructionTuning_VQA.json", [vision(0, "pmc_1_0.jpg")])
    pictures(root / "images", "pmc_1_0.jpg", "pmc_2_0.jpg", "pmc_2_1.jpg")
    return 3


PART = "images/caption_T060_filtered_top4_sep_v0_subfigures"


def pmc_oa(root: Path) -> int:
    row = {"alignment_type": "aligned", "alignment_score": 0.9, "caption": "A. A nodule."}
    names = "PMC212319_Fig3_4.jpg", "PMC212319_Fig3_5.jpg"
    as_jsonl(root / "pmc_oa.jsonl", [{"image": name, **row} for name in names])
    pictures(root / PART, *names)
    return 2


def pmc_oa_beta(root: Path) -> int:
    as_jsonl(root / "pmc_oa_beta.jsonl", [{"image": "PMC212319_Fig3.jpg", "caption": "A. One. B. Two."}])
    pictures(root / "images", "PMC212319_Fig3.jpg")
    return 1


def asked(figure: str, **more: str) -> dict[str, str]:
    choices = {
        "Choice A": " A:Red ",
        "Choice B": " B:Blue ",
        "Choice C": " C:Green",
        "Choice D": "D: White ",
    }
    return {"Figure_path": figure, "Question": " Which colour? ", **choices, **more}


def pmc_vqa(root: Path) -> int:
    named = {"Answer": "Blue", "Answer_label": "B"}
    as_csv(root / "train.csv", [asked("PMC8253797_Fig4_11.jpg", Anwser="Blue", Answer_label="B")])
    as_csv(root / "test.csv", [asked("PMC1_Fig1_1.jpg", **named), asked("PMC2_Fig1_1.jpg", **named)])
    as_csv(root / "test_clean.csv", [asked("PMC2_Fig1_1.jpg", **named)])
    pictures(root / "images", "PMC8253797_Fig4_11.jpg", "PMC1_Fig1_1.jpg", "PMC2_Fig1_1.jpg")
    return 3


def pmc_vqa_2(root: Path) -> int:
    for split in ("train", "test"):
        row = asked(f"PMC3_Fig1_{split}.jpg", Caption="Colours.", Answer="B", split=split)
        as_csv(root / f"{split}_2.csv", [{"index": "0", **row}])
        pictures(root / "figures", f"PMC3_Fig1_{split}.jpg")
    return 2


def quilt(root: Path) -> int:
    columns = {
        "Unnamed: 0": "0",
        "caption": "Glands, with a comma.",
        "image_path": "uMSRwBJ8U3Q_image_6d3a.jpg",
        "subset": "quilt",
        "split": "val",
        "pathology": "['Gastrointestinal']",
        "roi_text": "[]",
        "noisy_text": "[]",
        "corrected_text": "[]",
        "med_umls_ids": "[]",
        "magnification": "1.0",
        "height": "512",
        "width": "512",
    }
    rows = [
        columns,
        {**columns, "Unnamed: 0": "1", "image_path": "laion_7.png", "subset": "laion", "split": "train"},
    ]
    as_csv(
        root / "quilt_1M_lookup.csv",
        [{"" if k == "Unnamed: 0" else k: v for k, v in row.items()} for row in rows],
    )
    pictures(root / "quilt_1m", "uMSRwBJ8U3Q_image_6d3a.jpg", "laion_7.png")
    return 2


def roco(root: Path) -> int:
    for number, split in enumerate(("train", "validation", "test")):
        for kind, own in (("radiology", f"ROCO_0000{number}"), ("non-radiology", f"ROCO_1000{number}")):
            folder = root / "data" / split / kind
            name = f"AMHSR-4-14-g00{number}.jpg"
            text(folder / "captions.txt", f'{own}\t Axial "MRI" (coronal view).')
            text(
                folder / "licences.txt",
                "ROCO_ID,PMC_ID,CC",
                f"{own},PMC408372{number}_{name},CC BY-NC-SA",
            )
            address = f"ftp://ftp.ncbi.nlm.nih.gov/pub/pmc/oa_package/1e/ed/PMC408372{number}.tar.gz"
            text(folder / "dlinks.txt", f"{own}\twget -r {address} -P /path/to/Dir\t{name}")
            pictures(folder / "images", f"PMC408372{number}_{name}")
    return 6


def rocov2(root: Path) -> int:
    for split in ("train", "validation", "test"):
        rows = [
            {
                "image": embedded(n),
                "image_id": f"ROCOv2_2023_{split}_00000{n}",
                "caption": "A CT.",
                "cui": ["C0040405"],
            }
            for n in range(2)
        ]
        as_parquet(root / "data" / f"{split}-00000-of-00001.parquet", rows)
    return 6


def medicat(root: Path) -> int:
    row = {
        "pdf_hash": "a" * 40,
        "fig_key": "Figure 1",
        "fig_uri": "2-Figure1-1.png",
        "pdf_meta": None,
        "s2_caption": "Figure 1. A CT.",
        "s2orc_caption": "A CT.",
        "s2orc_references": ["As seen in Fig. 1."],
        "radiology": True,
        "scope": ["ct"],
        "predicted_type": "Medical images",
        "oa_info": {"license": "cc by"},
    }
    other = {**row, "fig_uri": "3-Figure2-1.png", "s2_caption": None, "s2orc_references": None}
    as_jsonl(
        root / "release/s2_full_figures_oa_nonroco_combined_medical_top4_public.jsonl", [row, other]
    )
    pictures(root / "release/figures", f"{'a' * 40}_2-Figure1-1.png", f"{'a' * 40}_3-Figure2-1.png")
    return 2


def slaked(picture: int, qid: int, language: str) -> dict[str, Any]:
    return {
        "img_id": picture,
        "img_name": f"xmlab{picture}/source.jpg",
        "question": "Is this a CT?" if language == "en" else "这是CT吗？",
        "answer": "Yes" if language == "en" else "是",
        "q_lang": language,
        "location": "Abdomen",
        "modality": "CT",
        "answer_type": "CLOSED",
        "base_type": "vqa",
        "content_type": "Modality",
        "triple": ["vhead", "_", "_"],
        "qid": qid,
    }


def slake(root: Path) -> int:
    as_json(root / "train.json", [slaked(1, 0, "en"), slaked(3, 1, "zh")])
    as_json(root / "validation.json", [slaked(2, 2, "en")])
    as_json(root / "test.json", [slaked(3, 3, "en")])
    pictures(root / "imgs", *(f"xmlab{number}/source.jpg" for number in (1, 2, 3)))
    return 4


def radded(qid: int, phrase: str, linked: str, name: str, answer: Any = "Yes") -> dict[str, Any]:
    return {
        "qid": qid,
        "phrase_type": phrase,
        "qid_linked_id": linked,
        "image_case_url": "https://medpix.nlm.nih.gov/case?id=48e1dd0e",
        "image_name": name,
        "image_organ": "CHEST",
        "evaluation": "evaluated",
        "question": "Is there a pleural effusion?",
        "question_rephrase": "NULL",
        "question_relation": "NULL",
        "question_frame": "NULL",
        "question_type": "PRES",
        "answer": answer,
        "answer_type": "CLOSED ",
    }


def vqa_rad(root: Path) -> int:
    rows = [
        radded(0, "freeform", "03f451ca", "synpic29265.jpg"),
        radded(1, "test_para", "03f451ca", "synpic29265.jpg"),
        radded(2, "test_freeform", "06e26b2c", "synpic100.jpg", 4),
    ]
    as_json(root / "VQA_RAD Dataset Public.json", rows)
    pictures(root / "VQA_RAD Image Folder", "synpic29265.jpg", "synpic100.jpg")
    return 3


def embedded_questions(root: Path, *splits: str) -> int:
    for split in splits:
        rows = [
            {"image": embedded(shade), "question": "Is it?", "answer": "yes"} for shade in (10, 20, 10)
        ]
        as_parquet(root / "data" / f"{split}-00000-of-00001-eb8844602202be60.parquet", rows)
    return 3 * len(splits)


def path_vqa(root: Path) -> int:
    return embedded_questions(root, "train", "validation", "test")


BY_CATEGORY = (
    ("Modality", "modality"),
    ("Plane", "plane"),
    ("Organ", "organ"),
    ("Abnormality", "abnormality"),
)


def vqa_med_2019(root: Path) -> int:
    for folder, short in (
        ("ImageClef-2019-VQA-Med-Training", "train"),
        ("ImageClef-2019-VQA-Med-Validation", "val"),
    ):
        lines = []
        for number, (category, word) in enumerate(BY_CATEGORY, start=1):
            lines.append(f'synpic4109{short}|what {word} is "this"?|ct w/contrast (iv)')
            text(root / folder / "QAPairsByCategory" / f"C{number}_{category}_{short}.txt", lines[-1])
        text(root / folder / f"All_QA_Pairs_{short}.txt", *lines)
        pictures(root / folder / f"{short.title()}_images", f"synpic4109{short}.jpg")
    text(
        root / "VQAMed2019Test/VQAMed2019_Test_Questions_w_Ref_Answers.txt",
        "synpic54143|abnormality|what is abnormal?|glioma#multi-cystic complex mass",
        "synpic35171|abnormality|what is abnormal?|(angioinvasive aspergillosis with) septic cerebral emboli",
    )
    pictures(root / "VQAMed2019Test/VQAMed2019_Test_Images", "synpic54143.jpg", "synpic35171.jpg")
    return 10


def vqa_med_2020(root: Path) -> int:
    text(
        root / "VQAMed2020-VQAnswering-TrainingSet/VQAnswering_2020_Train_QA_pairs.txt",
        "synpic1|is it normal?|no",
    )
    pictures(root / "VQAMed2020-VQAnswering-TrainingSet/VQAnswering_2020_Train_images", "synpic1.jpg")
    text(
        root / "VQAMed2020-VQAnswering-ValidationSet/VQAnswering_2020_Val_QA_Pairs.txt",
        "synpic2|is it normal?|no",
    )
    pictures(root / "VQAMed2020-VQAnswering-ValidationSet/VQAnswering_2020_Val_images", "synpic2.jpg")
    test = root / "VQA-TestSet-ReferenceAnswers-VQAMed2020-Task1"
    text(test / "VQAMed2020-Task1-VQAnswering-Test-Questions.txt", "synpic3|what is abnormal?")
    text(
        test / "VQAMed2020-Task1-VQAnswering-Test-ReferenceAnswers.txt",
        "synpic3| aberrant artery (arsa)",
    )
    pictures(test / "Task1-2020-VQAnswering-Test-Images", "synpic3.jpg")
    return 3


def vqa_med_2021(root: Path) -> int:
    validation = root / "VQA-Med-2021-Tasks-1-2-NewValidationSets"
    text(
        validation / "VQA-Med-2021-VQAnswering-Task1-New-ValidationSet.txt",
        "synpic4|what is abnormal?|cyst",
    )
    pictures(validation / "ImageCLEF-2021-VQA-Med-New-Validation-Images", "synpic4.jpg")
    test = root / "Task1-VQA-2021-TestSet-w-GroundTruth"
    text(
        test / "Task1-VQA-2021-TestSet-Questions.txt",
        "synpic5|what is abnormal?",
        "synpic6|what is seen?",
    )
    text(test / "Task1-VQA-2021-TestSet-ReferenceAnswers.txt", "synpic6|a|b|c ", "synpic5|cyst")
    pictures(test / "images/VQA-500-Images", "synpic5.jpg", "synpic6.jpg")
    return 3


def omni(number: int, **more: Any) -> dict[str, Any]:
    return {
        "dataset": "Chest CT Scan",
        "question_id": f"Chest CT Scan_{number:04d}",
        "question_type": "Modality Recognition",
        "question": "What is this?",
        "gt_answer": "CT",
        "image_path": f"Images/Chest CT Scan/{number}.png",
        "option_A": "MR",
        "option_B": "CT",
        "modality_type": "CT(Computed Tomography)",
        **more,
    }


def omnimedvqa(root: Path) -> int:
    row = omni(1, option_C="X-ray", option_D="US", modality="CT(Computed Tomography)")
    del row["modality_type"]
    as_json(root / "QA_information/Open-access/Chest CT Scan.json", [omni(0), row])
    as_json(root / "QA_information/Restricted-access/Other.json", [omni(2)])
    pictures(root / "Images/Chest CT Scan", "0.png", "1.png", "2.png")
    return 2


def omnimedvqa_restricted(root: Path) -> int:
    as_json(root / "QA_information/Restricted-access/Other.json", [omni(2)])
    pictures(root / "Images/Chest CT Scan", "2.png")
    return 1


LAYOUTS: dict[str, Callable[[Path], int]] = {
    "llava-med-alignment": llava_med_alignment,
    "llava-med-instruct": llava_med_instruct,
    "pubmedvision": pubmedvision,
    "pmc-oa": pmc_oa,
    "pmc-oa-beta": pmc_oa_beta,
    "pmc-vqa": pmc_vqa,
    "pmc-vqa-2": pmc_vqa_2,
    "quilt-1m": quilt,
    "roco": roco,
    "rocov2": rocov2,
    "medicat": medicat,
    "slake": slake,
    "vqa-rad": vqa_rad,
    "path-vqa": path_vqa,
    "vqa-med-2019": vqa_med_2019,
    "vqa-med-2020": vqa_med_2020,
    "vqa-med-2021": vqa_med_2021,
    "omnimedvqa": omnimedvqa,
    "omnimedvqa-restricted": omnimedvqa_restricted,
}
