from __future__ import annotations

import pytest

from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.data.looking.counts import NAMED, Counts, characters, form

HERE = Place("f", 1)
ASKED, SAID = Turn(Role.USER, (0, "Seen?")), Turn(Role.ASSISTANT, ("A mass.",), "Look.")


@pytest.mark.parametrize(
    ("sample", "name"),
    [
        (Sample(HERE, document=("text",)), "document"),
        (Sample(HERE, (ASKED, SAID), options=(("A", "x"), ("B", "y"))), "multiple choice"),
        (Sample(HERE, (Turn(Role.USER, (0, "Describe this image.")), SAID), images=("a",)), "caption"),
        (Sample(HERE, (Turn(Role.SYSTEM, ("Be brief.",)), ASKED, SAID), images=("a",)), "question"),
        (Sample(HERE, (ASKED, SAID, Turn(Role.USER, ("Where?",)), SAID), images=("a",)), "dialogue"),
    ],
)
def test_forms(sample: Sample, name: str) -> None:
    assert form(sample) == name


def test_everything_is_counted_and_nothing_is_kept() -> None:
    counts = Counts()
    first = {
        "source": "slake",
        "split": "train",
        "licence": "CC-BY-4.0",
        "facets": (("modality", "CT"),),
    }
    turns = (ASKED, SAID)
    counts.add(Sample(HERE, turns, images=("a", "a"), patient_id="p1", study_id="s1", **first))
    counts.add(Sample(HERE, turns, images=("a", "b"), patient_id="p1", study_id="s2", **first))
    counts.add(
        Sample(HERE, turns, patient_id="p1", source="roco")
    )  # p1 of another set is another person
    counts.add(Sample(HERE, document=("abc", 0, "de")))
    document = counts.document()
    assert {
        key: document[key] for key in ("records", "patients", "studies", "images", "image_files")
    } == {
        "records": 4,
        "patients": 2,
        "studies": 2,
        "images": 4,
        "image_files": 2,
    }
    assert document["splits"] == {"train": 2, "(not said)": 2}
    assert document["sources"] == {"slake": 2, "roco": 1, "(not said)": 1}
    assert document["forms"] == {"question": 3, "document": 1}
    assert document["licences"] == {"CC-BY-4.0": 2, "(not said)": 2}
    assert document["facets"] == {"modality": {"CT": 2}}
    assert document["images_per_record"] == {"0": 2, "2": 2}
    assert (document["characters"]["min"], document["characters"]["max"]) == (5, 17)
    assert "mass" not in str(document)


def test_characters_are_those_of_every_text() -> None:
    assert characters(Sample(HERE, (ASKED, SAID))) == len("Seen?") + len("A mass.") + len("Look.")


def test_a_facet_that_is_a_number_of_its_own_does_not_fill_the_table() -> None:
    counts = Counts()
    for number in range(NAMED + 5):
        counts.add(Sample(HERE, (ASKED, SAID), facets=(("row", str(number)),)))
    row = counts.document()["facets"]["row"]
    assert (len(row), row["(others)"]) == (NAMED + 1, 5)
