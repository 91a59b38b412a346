"""Names that something announces, however they are written."""

from __future__ import annotations

import pytest

from medgpt_cli.data.privacy.findings import Identifier
from tests.data.privacy.seen import of, seen


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("PATIENT NAME: LONG, GRACE E", "LONG, GRACE E"),
        ("Patient: Rajesh Krishnamurthy", "Rajesh Krishnamurthy"),
        ("Pt: maria de la cruz born in 1950", "maria de la cruz"),
        ("Name: Zhang, Xiaoling   Sex: F", "Zhang, Xiaoling"),
        ("Patient Fatima Al-Hassan was seen", "Fatima Al-Hassan"),
    ],
)
def test_a_labelled_patient_is_sure_unless_in_small_letters(text: str, name: str) -> None:
    [(label, found)] = seen(text)
    assert (label.rstrip("!"), found) == ("name", name)
    assert label.endswith("!") == (not name.islower())


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Seen by Dr. O'Brien today.", ["O'Brien"]),
        ("Drs. Patel and van der Berg agree.", ["Patel", "van der Berg"]),
        ("Mrs. Garcia-Lopez's wound is dry.", ["Garcia-Lopez"]),
        ("Referring physician: Kwame Mensah", ["Kwame Mensah"]),
        ("Signed by: Olga K. Ivanova, MD", ["Olga K. Ivanova"]),
        ("handed to Dmitri Kowalski, RN", ["Dmitri Kowalski"]),
        ("Her husband, Hunter, drove her.", ["Hunter"]),
        ("Family (Wei Ng, nephew) present.", ["Wei Ng"]),
        ("Dear Dr. Venkataraman,\nthank you", ["Venkataraman"]),
        ("See you.\n\nSincerely,\nLayla Haddad", ["Layla Haddad"]),
        ("Best, Aarav", ["Aarav"]),
        ("I, Carmen Rivers, have read the images.", ["Carmen Rivers"]),
        ("/es/ LUIS HERNÁNDEZ", ["LUIS HERNÁNDEZ"]),
        ("Dictated by: GPB", ["GPB"]),
        ("Result called to Aarav in the ED.", ["Aarav"]),
        ("JOHN SMITH AGREES WITH THE PLAN. WIFE JANE SMITH AGREES.", ["JOHN SMITH", "JANE SMITH"]),
    ],
)
def test_other_people_are_found_and_doubtful(text: str, names: list[str]) -> None:
    assert [(label, name) for label, name in seen(text) if label.startswith("name")] == [
        ("name", name) for name in names
    ]


@pytest.mark.parametrize(
    "text",
    [
        "A Foley catheter and a Jackson-Pratt drain.",
        "Hodgkin lymphoma, Graves disease, Baker cyst, Parkinson disease, Crohn's disease.",
        "Will Continue current care. May return. Grace period.",
        "Patient denies pain. Patient Education given. Patient: stable.",
        "The circle of Willis, the pouch of Douglas, the ligament of Treitz.",
        "To: Radiology. Attending: unknown. cc: Cardiology",
        "characterized by an abnormally high number; seen with an increase",
        "Left anterior descending artery. Chest PA and lateral.",
        "Murphy Sign positive, Gleason Score 7, Glasgow Coma Scale 15.",
    ],
)
def test_what_only_looks_like_a_name_is_left(text: str) -> None:
    assert of(text, Identifier.NAME) == []


def test_a_name_is_found_wherever_it_comes_back() -> None:
    text = "Patient: Rose Young\nRose reports pain. I saw Young again. Young children attend. A young woman."
    assert of(text, Identifier.NAME) == ["Rose Young", "Rose", "Young"]


def test_a_patient_called_like_an_eponym_is_no_catheter() -> None:
    text = "Patient: Ann Foley\nFoley catheter placed. Mrs. Foley is well."
    assert of(text, Identifier.NAME) == ["Ann Foley", "Foley"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("we met Priya Xyzzyvar there", "Priya Xyzzyvar"),
        ("with Thompson, Grace", "Thompson, Grace"),
        ("ordered, R. de la Cruz", "R. de la Cruz"),
        ("asked Svetlana K. to help", "Svetlana K."),
    ],
)
def test_names_by_their_words_alone(text: str, name: str) -> None:
    assert of(text, Identifier.NAME) == [name]
