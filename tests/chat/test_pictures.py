"""Pictures as a person names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.chat.pictures import Shown, picture, question, windowed


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "my scan.png", "odd=name.png", "scan.nii.gz"):
        Path(name).touch()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("a.png", Shown("a.png")),
        ("current=a.png", Shown("a.png", "current")),
        ("prior PA=a.png", Shown("a.png", "prior PA")),
        ("odd=name.png", Shown("odd=name.png")),
        ("scan.nii.gz#plane=axial&slice=4", Shown("scan.nii.gz#plane=axial&slice=4")),
        ("prior=scan.nii.gz#plane=axial", Shown("scan.nii.gz#plane=axial", "prior")),
        ("prior=no.png", Shown("no.png", "prior")),
        ("no.png", Shown("no.png")),
        ("2=a.png", Shown("2=a.png")),
        ("prior a.png", Shown("prior a.png")),
    ],
)
def test_a_name_may_stand_before_a_path(typed: str, expected: Shown) -> None:
    assert picture(typed) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("prior a.png", Shown("a.png", "prior")),
        ("prior PA a.png", Shown("a.png", "prior PA")),
        ("prior 'my scan.png'", Shown("my scan.png", "prior")),
        ("my scan.png", Shown("my scan.png")),
        ("prior my scan.png", Shown("my scan.png", "prior")),
        ("prior no.png", Shown("prior no.png")),
        ("current=a.png", Shown("a.png", "current")),
    ],
)
def test_on_a_line_a_blank_is_enough(typed: str, expected: Shown) -> None:
    assert picture(typed, spaced=True) == expected


def test_the_question_names_pictures_as_training_does() -> None:
    shown = [Shown("a.png", "current PA"), Shown("b.png", "prior"), Shown("c.png")]
    assert question("What changed?", shown, 2).parts == (
        2,
        3,
        4,
        "Pictures: current PA image, prior image, image.\nWhat changed?",
    )
    assert question("Why?", [Shown("a.png")]).parts == (0, "Why?")


def test_a_window_takes_the_place_of_another() -> None:
    assert windowed("a.dcm", "400", "40") == "a.dcm#window=40/400"
    assert windowed("a.dcm#frame=2&window=1/2", "400", "40") == "a.dcm#frame=2&window=40/400"
