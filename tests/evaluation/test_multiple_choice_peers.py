"""Answers on which a public harness is wrong and we are not: each peer's rule in a few lines of our own.

The rules are those published with each harness; where one draws a random letter, that is `None` here.
"""

import difflib
import re
from collections.abc import Callable

import pytest

from medgpt_cli.evaluation.multiple_choice import parse_choice
from medgpt_cli.models.channels import Channels
from medgpt_cli.models.tiny.build import tokenizer

OPTIONS = (
    ("A", "Stroke"),
    ("B", "Sepsis"),
    ("C", "COPD"),
    ("D", "Asthma"),
    ("E", "Pulmonary embolism"),
)
LETTERS = "ABCDE"
Rule = Callable[[str], str | None]


def mmmu_without_left_boundary(reply: str) -> str | None:
    """lmms-eval's MMMU: `(X)` anywhere, else `X ` anywhere; the last one wins."""
    for form in ("({})", "{} "):
        found = {letter: f" {reply} ".rfind(form.format(letter)) for letter in LETTERS}
        if max(found.values()) >= 0:
            return max(found, key=lambda letter: found[letter])
    return None


def nearest_option(reply: str) -> str | None:
    """MedEvalKit: never abstains, but takes the option most similar to the reply."""
    said = reply.lower()
    if said.strip(" .") in {letter.lower() for letter in LETTERS}:
        return said.strip(" .").upper()
    similar = [difflib.SequenceMatcher(None, said, text.lower()).ratio() for _, text in OPTIONS]
    return LETTERS[similar.index(max(similar))]


def first_letter_after_trigger(reply: str) -> str | None:
    """MedXpertQA's own: the first capital that stands alone, after its trigger phrase where that is said."""
    found = re.search(r"\b[A-E]\b", reply.split("the answer is")[-1])
    return found[0] if found else None


def first_lone_letter(reply: str) -> str | None:
    """lmms-eval's shared extraction: the first letter with a word's end on both sides."""
    found = re.search(r"\b([A-E])\b", reply)
    return found[1] if found else None


def any_case_letter(reply: str) -> str | None:
    """A harness filter with `(?i)`: the article `a` is a letter (lm-evaluation-harness, pull request 4188)."""
    found = re.search(r"(?i)\b([A-E])\b", reply)
    return found[1].upper() if found else None


def at_the_start(reply: str) -> str | None:
    """A start-anchored expression without the item's letters (lmms-eval, issue 1434)."""
    found = re.match(r"\(?([A-Z])", reply)
    return found[1] if found else None


def by_prefix(reply: str) -> str | None:
    """Whatever begins with the letter (openai/evals, issue 1767)."""
    return next((letter for letter in LETTERS if reply.startswith(letter)), None)


def first_answer_line(reply: str) -> str | None:
    """The first `Answer:` or `Antwort:`, any letter after it (openai/simple-evals, issue 33)."""
    found = re.search(r"(?i)(?:answer|antwort)\W*([A-E])", reply)
    return found[1].upper() if found else None


def answer_contract(reply: str) -> str | None:
    """inspect_ai: `ANSWER: X`, decorations not foreseen (issue 5145)."""
    found = re.search(r"(?i)^\s*ANSWER\s*:\s*([A-Za-z\d]+)\s*(?:$|\n|\.)", reply)
    return found[1] if found else None


def every_letter_of_the_answer(reply: str) -> str | None:
    """inspect_ai with several answers allowed: every letter found in the words (pull request 3910)."""
    said = re.search(r"(?i)ANSWER\s*:\s*([A-Za-z ,]+)", reply)
    return next((mark for mark in said[1].upper() if mark in LETTERS), None) if said else None


WRONG: list[tuple[Rule, str, str, str | None]] = [
    (mmmu_without_left_boundary, "The DNA PCR was negative for MRSA", "", "A"),
    (mmmu_without_left_boundary, "The correct answer is **E**. Not COPD because", "E", "D"),
    (mmmu_without_left_boundary, "E is correct; A is wrong.", "", "A"),
    (mmmu_without_left_boundary, "**E**", "E", None),
    (mmmu_without_left_boundary, "e", "E", None),
    (nearest_option, "I cannot determine the diagnosis from this", "", "B"),
    (nearest_option, "(E)", "E", "A"),
    (nearest_option, "**E**", "E", "A"),
    (first_letter_after_trigger, "A patient with cirrhosis. Answer: C", "C", "A"),
    (first_letter_after_trigger, "A is wrong, so Answer: E", "E", "A"),
    (first_letter_after_trigger, "e", "E", None),
    (first_letter_after_trigger, "Pulmonary embolism", "E", None),
    (first_lone_letter, "A is wrong. The answer is E.", "E", "A"),
    (any_case_letter, "This is a fracture. Answer: C", "C", "A"),
    (any_case_letter, "There is a fracture.", "", "A"),
    (at_the_start, "The answer is C.", "C", "T"),
    (at_the_start, "Clearly an embolism", "", "C"),
    (by_prefix, "AB", "", "A"),
    (by_prefix, "Asthma", "D", "A"),
    (first_answer_line, "Answer: A? No.\nAnswer: C", "C", "A"),
    (by_prefix, "Antwort: C", "", "A"),
    (answer_contract, "ANSWER: $E$", "E", None),
    (answer_contract, "**ANSWER: E**", "E", None),
    (answer_contract, r"\boxed{E}", "E", None),
    (answer_contract, "<answer>E</answer>", "E", None),
    (every_letter_of_the_answer, "ANSWER: none of the above", "", "E"),
]


@pytest.mark.parametrize(("peer", "reply", "ours", "theirs"), WRONG)
def test_an_answer_that_a_peer_reads_wrongly(
    peer: Rule, reply: str, ours: str, theirs: str | None
) -> None:
    assert peer(reply) == theirs
    assert parse_choice(reply, OPTIONS).letter == ours != theirs


FACTS = [
    ("E", "E"),
    ("e", "E"),
    ("(E)", "E"),
    ("**E**", "E"),
    ("The correct answer is **E**. Not COPD because the chest is clear", "E"),
    ("Pulmonary embolism", "E"),
    ("A patient with cirrhosis and ascites is seen. Answer: C", "C"),
    (r"\boxed{E}", "E"),
    ("<answer>E</answer>", "E"),
    ("ANSWER: $E$", "E"),
    ("E is correct; A is wrong.", ""),
    ("A is wrong because of the age. E is correct.", ""),
    ("I cannot determine the diagnosis from this", ""),
    ("The DNA PCR was negative for MRSA", ""),
]


@pytest.mark.parametrize(("reply", "letter"), FACTS)
def test_the_answers_on_which_seven_public_parsers_disagree(reply: str, letter: str) -> None:
    assert parse_choice(reply, OPTIONS).letter == letter


@pytest.mark.parametrize(
    ("said", "letter"),
    [
        (
            "<|channel|>analysis<|message|>Answer: A<|end|><|start|>assistant<|channel|>final<|message|>E",
            "E",
        ),
        ("<|channel|>analysis<|message|>Answer: A", ""),
        ("<|channel|>analysis<|message|>Answer: A<|end|><|start|>assistant<|channel|>final", ""),
        ("<|channel|>commentary<|message|>Answer: A<|call|>", ""),
    ],
)
def test_only_the_final_channel_answers(said: str, letter: str) -> None:
    harmony = tokenizer()
    assert parse_choice(Channels(harmony).part(harmony.encode(said)).text, OPTIONS).letter == letter
