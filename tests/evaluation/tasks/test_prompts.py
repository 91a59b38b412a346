from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.data.marks import MARK as MARK_OF_RECORDS
from medgpt_cli.data.records import read_record
from medgpt_cli.evaluation.items import MARK, Item, items_from
from medgpt_cli.evaluation.tasks.prompts import Prompt, Variant, faults, prompted
from medgpt_cli.evaluation.tasks.shared_prompts import PROMPTS

PLACE = Place("my.jsonl", 1)


def item(**record: object) -> Item:
    """An item as it comes of a record in pair form."""
    sample = read_record({"id": "q1", "answer": "A", **record}, PLACE, lambda name: f"/d/{name}")[1]
    [made], complaints = items_from([sample])
    assert complaints == []
    return made


def said(asked: Item) -> tuple[str | int, ...]:
    return asked.turns[-1].parts


def test_the_mark_is_that_of_records() -> None:
    assert MARK == MARK_OF_RECORDS


def test_question_and_options_are_filled_in_once() -> None:
    asked = item(question="Is {options} set? {0}", options=["{question}", "no"])
    prompt = Prompt(
        "Q {question} | {options} | {letters} {first}-{last}", option="({letter}) {text}", between=" "
    )
    assert said(prompted(asked, prompt)) == (
        "Q Is {options} set? {0} | (A) {question} (B) no | A or B A-B",
    )


def test_pictures_stay_where_they_stand_in_the_question_and_in_the_options() -> None:
    asked = item(
        question="Which fits <image>?",
        options=["this <image>", "that", "or <image>"],
        images=["q.png", "a.png", "c.png"],
    )
    found = prompted(asked, Prompt("{options}\n{question}"))
    assert said(found) == ("A. this ", 0, "\nB. that\nC. or ", 1, "\nWhich fits ", 2, "?")
    assert found.images == ("/d/a.png", "/d/c.png", "/d/q.png")


@pytest.mark.parametrize(
    "options", [["<image>", "<image>"], ["a\n", "b\n"], ["a\n<image>\n", "\nb"], ["(", "[b"]]
)
def test_options_are_found_again_however_they_are_written(options: list[str]) -> None:
    shown = sum("<image>" in option for option in options)
    images = {"images": [f"{number}.png" for number in range(shown)]} if shown else {}
    found = prompted(item(question="Which?", options=options, **images), Prompt("{options}|{question}"))
    assert said(found)[-1].endswith("|Which?")
    assert found.images == tuple(f"/d/{number}.png" for number in range(shown))


def test_a_picture_that_is_not_shown_is_not_sent() -> None:
    asked = item(question="What?", answer="a lung", image="q.png")
    found = prompted(asked, Prompt("FINDINGS: {given}"), "clear")
    assert (said(found), found.images) == (("FINDINGS: clear",), ())


def test_the_text_before_the_last_blank_line_is_the_context() -> None:
    asked = item(question="We asked.\n\nWe saw.\n\nDoes it help?", answer="yes")
    found = prompted(asked, PROMPTS["lm-eval-pubmedqa"])
    assert said(found) == ("Abstract: We asked.\n\nWe saw.\nQuestion: Does it help?\nAnswer:",)


def test_facets_and_system_turn() -> None:
    asked = item(question="Which?", options=["a", "b"], facets={"subject": "medical_genetics"})
    found = prompted(asked, PROMPTS["lm-eval-mmlu"])
    assert [(turn.role, turn.text) for turn in found.turns] == [
        (
            Role.SYSTEM,
            "The following are multiple choice questions (with answers) about medical genetics.",
        ),
        (Role.USER, "Which?\nA. a\nB. b\nAnswer:"),
    ]


def test_a_records_own_system_turn_stays_where_the_prompt_has_none() -> None:
    asked = item(question="Which?", answer="left", system="Be brief.")
    assert [turn.text for turn in prompted(asked, Prompt("{question}!")).turns] == [
        "Be brief.",
        "Which?!",
    ]
    assert [turn.text for turn in prompted(asked, Prompt("{question}!", system="S")).turns] == [
        "S",
        "Which?!",
    ]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"facets": {"language": "zh"}, "answer": "是"}, "zh"),
        ({"answer": "Yes"}, "closed"),
        ({"answer": "a lung"}, "open"),
        ({"options": ["x", "y"]}, "choice"),
    ],
)
def test_the_first_variant_that_applies_is_asked(record: dict[str, object], expected: str) -> None:
    prompt = Prompt(
        "open",
        variants=(
            Variant({"language": "zh"}, "zh"),
            Variant({"yes_no": "yes"}, "closed"),
            Variant({"kind": "choice"}, "choice"),
        ),
    )
    assert said(prompted(item(question="?", **record), prompt)) == (expected,)


def test_shuffled_options_keep_what_is_right() -> None:
    asked = item(question="Which?", options=["one", "two", "three", "two "], answer="B", image="q.png")
    orders = set()
    for number in range(40):
        found = prompted(replace(asked, id=f"q{number}"), PROMPTS["choice-shuffled"])
        texts = dict(found.options)
        assert sorted(texts.values()) == ["one", "three", "two", "two "]
        assert {texts[letter].strip() for letter in found.letters} == {"two"}
        assert (found.gold, found.golds) == (found.letters[0], found.letters)
        assert f"{found.gold}. two" in found.question
        orders.add(tuple(texts.values()))
    assert len(orders) > 5
    again = [prompted(replace(asked, id="q7"), PROMPTS["choice-shuffled"]) for _ in range(2)]
    assert again[0] == again[1]
    assert prompted(asked, Prompt("{options}", shuffle=1)) != prompted(
        asked, Prompt("{options}", shuffle=2)
    )


def test_options_whose_letters_alone_are_known_are_not_listed() -> None:
    [asked], _ = items_from(
        [
            Sample(
                PLACE, (Turn(Role.USER, (0, "Which?")), Turn(Role.ASSISTANT, ("B",))), images=("q.png",)
            )
        ],
    )
    asked = replace(asked, options=(("A", ""), ("B", "")), letters=("B",))
    assert said(prompted(asked, PROMPTS["choice-in-picture"])) == (
        0,
        "Which?\nWrite the letter and nothing else.",
    )


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        (Prompt("{answer}"), "{answer} is no field of a prompt"),
        (Prompt("{question}", system="{gold}"), "{gold} is no field"),
        (Prompt("{question}", variants=(Variant({}, "{x}"),)), "{x} is no field"),
        (Prompt("{options}", option="{letter} {words}"), "{words} is no part of an option"),
    ],
)
def test_what_no_item_can_fill_is_told(prompt: Prompt, told: str) -> None:
    [found] = faults(prompt)
    assert found.startswith(told)


@pytest.mark.parametrize("name", PROMPTS)
def test_shared_prompts_have_no_fault(name: str) -> None:
    assert faults(PROMPTS[name]) == []


HARNESSES: list[tuple[str, dict[str, object], Callable[[], str]]] = [
    # Written out from the harnesses' own code.
    (
        "lm-eval-medqa",
        {"question": "A man coughs.", "options": ["w", "x", "y", "z"]},
        lambda: (
            "Question: A man coughs.\n"
            + "".join(f"{k}. {v}\n" for k, v in {"A": "w", "B": "x", "C": "y", "D": "z"}.items())
            + "Answer:"
        ),
    ),
    (
        "lm-eval-medmcqa",
        {"question": "Which?", "options": ["w", "x", "y", "z"]},
        lambda: "Question: Which?\nChoices:\nA. w\nB. x\nC. y\nD. z\nAnswer:",
    ),
    (
        "lm-eval-pubmedqa",
        {"question": "One.\nTwo.\n\nHelps?", "options": {"A": "yes", "B": "no", "C": "maybe"}},
        lambda: "Abstract: {}\nQuestion: {}\nAnswer:".format("\n".join(["One.", "Two."]), "Helps?"),
    ),
    (
        "lmms-eval-slake",
        {"question": "Which plane?", "answer": "axial"},
        lambda: "Which plane?" + "\nAnswer the question using a single word or phrase.",
    ),
    (
        "medxpertqa-answer-only",
        {"question": "A man coughs. What is it?", "options": ["v", "w"]},
        lambda: (
            "Q: A man coughs. What is it?\nAnswer Choices: (A) v (B) w\nA: Among A through B, the answer is"
        ),
    ),
]


@pytest.mark.parametrize(("name", "record", "expected"), HARNESSES)
def test_a_harness_is_quoted_to_the_letter(
    name: str, record: dict[str, object], expected: Callable[[], str]
) -> None:
    assert prompted(item(**record), PROMPTS[name]).question == expected()
