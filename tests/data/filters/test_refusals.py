from __future__ import annotations

import pytest

from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.data.filters.refusals import refusals
from tests.data.filters.samples import answered


@pytest.mark.parametrize(
    "text",
    [
        "As an AI language model, I have no opinion.",
        "As an AI, I would look at the left lung.",
        "I'm sorry, but that is not possible.",
        "I’m sorry, I do not know.",
        "I cannot provide medical advice.",
        "I can't help with this.",
        "I am unable to assist with that request.",
        "Unfortunately, I cannot definitively diagnose this.",
        "I cannot see the image.",
        "I'm not able to view any attachments.",
        "No image was provided.",
        "Please upload the X-ray.",
        "I apologize for the confusion.",
    ],
)
def test_answers_that_refuse(text: str) -> None:
    assert refusals()(answered(text)) == "an answer refuses"


@pytest.mark.parametrize(
    "text",
    [
        "I cannot see a fracture.",
        "I cannot exclude a small effusion.",
        "The patient says: I cannot breathe.",
        "An AI system was used for triage.",
        "Cannot be determined.",
        "I see no image artefacts.",
        "The family was sorry, but agreed.",
    ],
)
def test_answers_that_answer(text: str) -> None:
    assert refusals()(answered(text)) == ""


def test_every_answer_counts_and_no_question() -> None:
    refused = (Turn(Role.ASSISTANT, ("I cannot assist.",)), Turn(Role.USER, ("And now?",)))
    turns = (Turn(Role.USER, ("Why?",)), *refused, Turn(Role.ASSISTANT, ("A mass.",)))
    assert refusals()(Sample(Place("f", 1), turns)) == "an answer refuses"
    assert refusals()(answered("A mass.", "As an AI, what do you see? I'm sorry, but I must ask.")) == ""
