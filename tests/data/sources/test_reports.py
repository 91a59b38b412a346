from __future__ import annotations

import pytest

from medgpt_cli.data.complaints import Unfit
from medgpt_cli.data.sources.reports import MOST_PICTURES, Picture, report_record, squeezed


def test_current_pictures_then_prior_ones_six_at_most() -> None:
    own = [Picture(f"{n}.jpg", "AP") for n in range(4)]
    prior = [Picture(f"p{n}.jpg", "", prior=True) for n in range(4)]
    record = report_record([*own, *prior], {"findings": "Clear."}, "findings")
    assert record["images"] == ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "p0.jpg", "p1.jpg"]
    said = record["messages"][0]["content"]
    assert said.count("<image>") == MOST_PICTURES
    assert said.count("current AP image") == 4
    assert said.count("prior image") == 2


def test_other_sections_are_given_only_where_they_are_known_beforehand() -> None:
    sections = {
        "findings": "Clear.",
        "impression": "Normal.",
        "indication": " Cough\n and\tfever. ",
        "history": "",
    }
    findings = report_record([Picture("a")], sections, "findings")["messages"]
    assert findings[0]["content"].splitlines()[2:] == [
        "Write the findings of the current study.",
        "INDICATION: Cough and fever.",
    ]
    impression = report_record([Picture("a")], sections, "impression")["messages"]
    assert impression[1]["content"] == "Normal."
    assert "Clear" not in impression[0]["content"]


def test_what_lacks_its_target_or_its_pictures_is_unfit() -> None:
    for pictures, sections, fault in (
        ([Picture("a")], {"findings": " \n"}, "the report has no findings"),
        ([], {"findings": "Clear."}, "the study has no picture"),
    ):
        with pytest.raises(Unfit) as caught:
            report_record(pictures, sections, "findings")
        assert caught.value.faults[0].what == fault


def test_a_typed_mark_stands_for_no_picture() -> None:
    assert squeezed(" see\n<image>  here ") == "see < image > here"
