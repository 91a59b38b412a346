from __future__ import annotations

import pytest

from medgpt_cli.core.types import Sample
from medgpt_cli.data.filters.leaked_answers import leaked_answers
from tests.data.filters.samples import answered, choice, document

STREP = "Streptococcus pneumoniae"


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        (answered("axial", "Which view? Answer: axial"), "the answer is told in the question"),
        (
            answered("Axial.", "Which view? The correct answer is axial."),
            "the answer is told in the question",
        ),
        (answered("axial", "Which view? Ground truth: hidden"), "the answer is told in the question"),
        (choice("Which germ? Answer: B", "B", "E. coli", STREP), "the answer is told in the question"),
        (
            choice(f"Which? answer is {STREP}", "B", "E. coli", STREP),
            "the answer is told in the question",
        ),
        (choice("Which germ?", "B", "E. coli", f"{STREP} (correct)"), "an option is marked as right"),
        (choice("Which germ?", "A", "E. coli ✓", STREP), "an option is marked as right"),
        (
            choice(f"A film of {STREP} infection. Which germ?", "B", "E. coli", STREP),
            "the right option alone stands in the question",
        ),
        (
            answered(
                "a mass in the left upper lobe",
                "The film shows a mass in the left upper lobe. What is seen?",
            ),
            "the answer stands in the question",
        ),
    ],
)
def test_questions_that_give_their_answer_away(sample: Sample, reason: str) -> None:
    assert leaked_answers()(sample) == reason


@pytest.mark.parametrize(
    "sample",
    [
        answered("axial", "Is it axial or coronal?"),
        answered("yes", "Is there a nodule? Answer yes or no."),
        answered("no", "Is the answer: yes?"),
        answered("right", "Is the heart on the right?"),
        answered("in the left upper lobe", "Is the mass in the left upper lobe or in the right?"),
        choice("Pneumonia with cough. Which germ?", "A", "E. coli", STREP),
        choice("Which is typical of asthma?", "B", "Fever", "Asthma"),
        choice(f"E. coli or {STREP}?", "B", "E. coli", STREP),
        document("Answer: none"),
    ],
)
def test_fair_questions(sample: Sample) -> None:
    assert leaked_answers()(sample) == ""
