"""Only the answer is scored, however a server hands out what came before it."""

from __future__ import annotations

import pytest

from medgpt_cli.evaluation.endpoint.channels import Parted, looks_glued, part

ANALYSIS = "<|channel|>analysis<|message|>No air below.<|end|>"


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("Axial.", Parted("Axial.")),
        ("", Parted("")),
        (" B", Parted(" B")),
        # harmony with its marks
        (
            f"{ANALYSIS}<|start|>assistant<|channel|>final<|message|>No<|return|>",
            Parted("No", "No air below."),
        ),
        ("<|channel|>final<|message|>No", Parted("No")),
        ("<|start|>assistant<|channel|>final <|constrain|>json<|message|>No", Parted("No")),
        (ANALYSIS, Parted("", "No air below.", whole=False)),
        ("<|channel|>analysis<|message|>The answer: Yes", Parted("", "The answer: Yes", whole=False)),
        ("<|channel|>final", Parted("", "", whole=False)),
        ("<|channel|>commentary<|message|>Yes", Parted("", "", whole=False)),
        # its marks left out
        (
            "analysisThe answer is yes? No air.assistantfinalNo",
            Parted("No", "The answer is yes? No air."),
        ),
        ("analysisYes.assistantfinal", Parted("", "Yes.")),
        ("finalAxial", Parted("Axial")),
        ("assistantfinalB", Parted("B")),
        ("final(B)", Parted("(B)")),
        # no harmony at all
        ("final", Parted("final")),
        ("finally healed", Parted("finally healed")),
        ("final: B", Parted("final: B")),
        ("analysis of the assistantfinal", Parted("analysis of the assistantfinal")),
        ("Analysis: benign", Parted("Analysis: benign")),
        # other ways to think aloud
        ("<think>Yes?</think>\n\nNo", Parted("No", "Yes?")),
        ("<think>\n</think>No", Parted("No")),
        ("<think>Yes", Parted("", "Yes", whole=False)),
        ("No <think>Yes</think>", Parted("No <think>Yes</think>")),
    ],
)
def test_the_answer_alone(text: str, parted: Parted) -> None:
    assert part(text) == parted


@pytest.mark.parametrize(
    "text",
    [
        "<|channel|>" * 90_000,
        "<|channel|>a<|message|>" * 40_000,
        "<|channel|>" + "a" * 10**6,
        "analysisx" + "assistant" * 90_000,
        "analysisx" + " " * 10**6,
        "<think>" * 10**5,
    ],
    ids=range(6),
)
def test_a_hostile_text_is_read_once(text: str) -> None:
    """Reading it over and over would not end today."""
    assert not part(text).text or not part(text).thinking


@pytest.mark.parametrize(
    ("text", "glued"),
    [
        ("finalyes", True),
        ("finally", True),
        ("analysisWe", True),
        ("final", False),
        ("final: B", False),
        ("Final", False),
        ("", False),
    ],
)
def test_what_could_be_a_hidden_channel(text: str, glued: bool) -> None:
    assert looks_glued(text) is glued
