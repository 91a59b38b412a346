"""Training records against evaluation records, reason by reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from medgpt_cli.core.types import Place, Sample
from medgpt_cli.data.duplicates.pictures import image_print
from medgpt_cli.data.leakage.against import LISTED, Against
from medgpt_cli.data.leakage.matches import Reason
from medgpt_cli.data.records import read_record
from tests.pictures import film

STEM = "A 45-year-old man has crushing chest pain that spreads to his left arm. What is the most likely diagnosis?"
REPORT = " ".join(f"finding{number}" for number in range(40))
OTHER = " ".join(f"other{number}" for number in range(60))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    film(1).save("one.png")
    film(1).save("one.jpg", quality=70)
    film(2).save("two.png")
    Image.new("RGB", (50, 50)).save("black.png")


def samples(*records: dict[str, object], file: str = "train.jsonl") -> list[Sample]:
    return [
        read_record(record, Place(file, line), str)[1] for line, record in enumerate(records, start=1)
    ]


def reasons(evaluation: dict[str, object], training: dict[str, object]) -> list[str]:
    held = Against.build(samples(evaluation, file="eval.jsonl"))
    [sample] = samples(training)
    return [f"{match.reason}: {match.evidence}" for match in held.matches(sample)]


YES = {"question": "Is there an effusion?", "answer": "yes"}


@pytest.mark.parametrize(
    ("evaluation", "training", "expected"),
    [
        (
            {**YES, "patient_id": "7", "source": "s"},
            {"text": "x", "patient_id": 7, "source": "s"},
            ["same key: patient"],
        ),
        ({**YES, "patient_id": "7", "source": "s"}, {"text": "x", "patient_id": 7, "source": "t"}, []),
        (
            {**YES, "keys": ["pmcid:PMC1", "figure:PMC1_F1"]},
            {"text": "x", "keys": ["figure:PMC1_F1", "pmcid:PMC1"]},
            ["same key: figure, pmcid"],
        ),
        ({**YES, "keys": ["Jane Doe:1"]}, {"text": "x", "keys": ["Jane Doe:1"]}, ["same key: (a key not shown)"]),
        ({**YES, "image": "one.png"}, {"image": "one.png", "caption": "x"}, ["same pixels: pixel for pixel"]),
        ({**YES, "image": "one.png"}, {"image": "two.png", "caption": "x"}, []),
        # What is asked about an image is asked about ten thousand others.
        ({**YES, "image": "one.png"}, {**YES, "image": "two.png"}, []),
        ({**YES, "image": "black.png"}, {"image": "black.png", "caption": "x"}, []),
        (YES, {"question": "is there EFFUSION", "answer": "Yes."}, ["same question: the same but for its wording"]),
        (YES, {"question": "Is there an effusion?", "answer": "no"}, []),
        (
            {"question": STEM, "options": ["Infarction", "Reflux"], "answer": "A"},
            {"prompt": STEM.replace("What is", "Identify") + "\nA. Reflux\nB. Infarction", "response": "B"},
            ["same question: the same but for its wording", "n-gram coverage: 53% of its n-grams"],
        ),
        (
            {"text": REPORT},
            {"text": f"{REPORT} end"},
            ["near text: likeness 0.97", "n-gram coverage: 100% of its n-grams"],
        ),
        ({"text": REPORT}, {"text": f"{OTHER} {REPORT}"}, ["n-gram coverage: 100% of its n-grams"]),
        # A caption of an image is looked for by its 13-grams, not by shorter ones.
        ({"image": "one.png", "caption": REPORT[:100]}, {"text": REPORT[:100]}, []),
    ],
)  # fmt: skip
def test_reasons(
    evaluation: dict[str, object], training: dict[str, object], expected: list[str]
) -> None:
    found = reasons(evaluation, training)
    assert [each.replace("0.98", "0.97") for each in found] == expected


def test_a_near_image_names_both_places() -> None:
    held = Against.build(samples({**YES, "images": ["two.png", "one.png"]}, file="eval.jsonl"))
    [match] = held.matches(samples({"images": ["black.png", "one.jpg"], "caption": "x"})[0])
    assert (match.reason, match.images, str(match.place)) == (Reason.PICTURE, (1, 1), "eval.jsonl:1")
    assert match.evidence.endswith("of 256")
    assert match.as_dict()["images"] == {"train": 1, "against": 1}


def test_prints_that_are_known_are_not_made_again() -> None:
    opened: list[str] = []

    def opening(path: str) -> Image.Image:
        opened.append(path)
        return Image.open(path).convert("RGB")

    held = Against.build(samples({**YES, "image": "one.png"}, {**YES, "image": "one.png"}), opening)
    assert opened == ["one.png"]
    [sample, *_] = samples({"image": "one.jpg", "caption": "x"})
    matches = held.matches(sample, [image_print(Image.open("one.jpg"))])
    assert [match.item for match in matches] == [0, 1]
    assert held.matches(samples({"image": "two.png", "caption": "x"})[0], [None]) == []
    assert opened == ["one.png"]
    assert held.matches(sample) == matches
    assert opened == ["one.png"]  # remembered


def test_images_that_cannot_be_opened_are_named_and_counted() -> None:
    Path("torn.png").write_bytes(Path("one.png").read_bytes()[:200])
    held = Against.build(
        samples({**YES, "image": "torn.png"}, {**YES, "image": "one.png"}, file="eval.jsonl")
    )
    assert [complaint.where for complaint in held.unread] == ["eval.jsonl:1 images[0]"]
    assert held.matches(samples({"image": "torn.png", "caption": "x"})[0]) == []
    assert held.passed_over == 1


def test_boilerplate_is_learnt_and_questions_are_not() -> None:
    training = samples(*({"text": f"{REPORT} patient{number}"} for number in range(12)))
    held = Against.build(samples({"text": REPORT}, YES))
    assert len(held.matches(training[0])) == 2
    held.learn(training)
    assert held.matches(training[0]) == []
    assert [match.reason for match in held.matches(samples(YES)[0])] == [Reason.QUESTION]


def test_many_findings_are_listed_in_part_and_all_remembered() -> None:
    held = Against.build(samples(*({**YES, "patient_id": 1, "id": n} for n in range(50))))
    matches = held.matches(samples({"text": "x", "patient_id": 1})[0])
    assert len(matches) == LISTED
    assert held.contaminated == list(range(50))


def test_nothing_to_compare_with() -> None:
    assert Against.build([]).matches(samples({**YES, "image": "one.png", "patient_id": 1})[0]) == []
