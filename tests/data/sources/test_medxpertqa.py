from __future__ import annotations

from pathlib import Path

from medgpt_cli.data.sources.medxpertqa import without_choices
from tests.data.sources.layouts_questions import expert, medxpertqa
from tests.data.sources.reading import facets, read, samples, shown
from tests.data.sources.writing import as_jsonl, pictures


def test_options_are_not_printed_twice(tmp_path: Path) -> None:
    medxpertqa(tmp_path)
    for sample in samples("medxpertqa", tmp_path):
        said = sample.turns[0].text
        assert "Answer Choices" not in said
        assert said.count("Choice A") == 1
        assert said.startswith("A man coughs. What is it?\nA. Choice A\nB. Choice B")


def test_five_options_with_pictures_and_ten_without(tmp_path: Path) -> None:
    medxpertqa(tmp_path)
    dev, several, plain = samples("medxpertqa", tmp_path)
    assert [sample.split for sample in (dev, several, plain)] == ["dev", "test", "test"]
    assert shown(several, tmp_path) == ("images/MM-2-b.jpeg", "images/MM-2-a.jpeg")
    assert [len(sample.options) for sample in (dev, several, plain)] == [5, 5, 10]
    assert plain.keys == ("question:medxpertqa/Text-1",)
    assert facets(dev) == {
        "medical_task": "Diagnosis",
        "body_system": "Respiratory",
        "question_type": "Reasoning",
    }
    assert several.answer == "B"


def test_rows_of_the_authors_harness(tmp_path: Path) -> None:
    row = expert("MM-3", 5)
    row |= {
        "options": [{"letter": letter, "content": text} for letter, text in row["options"].items()],
        "label": ["B"],
        "images": [{"image_path": "MM-3-a.jpeg"}],
    }
    as_jsonl(tmp_path / "medxpertqa_mm_test.jsonl", [row])
    pictures(tmp_path / "images", "MM-3-a.jpeg")
    (sample,) = samples("medxpertqa", tmp_path)
    assert (sample.options[1], sample.answer) == (("B", "Choice B"), "B")
    assert shown(sample, tmp_path) == ("images/MM-3-a.jpeg",)


def test_a_tail_that_is_not_the_options_stays() -> None:
    assert without_choices("Why? Answer Choices: none", ["A", "B"]) == "Why? Answer Choices: none"
    assert without_choices("Why?", ["A"]) == "Why?"


def test_a_label_that_is_no_letter_is_told(tmp_path: Path) -> None:
    as_jsonl(tmp_path / "Text/test.jsonl", [expert("a", 5, label="F"), expert("b", 5, label=["A", "B"])])
    assert read("medxpertqa", tmp_path) == (
        [],
        ["1: label is no letter of an option", "2: label is no letter of an option"],
    )
