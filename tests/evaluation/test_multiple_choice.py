import time

import pytest

from medgpt_cli.evaluation.multiple_choice import Choice, parse_choice

OPTIONS = (
    ("A", "Stroke"),
    ("B", "E. coli sepsis"),
    ("C", "COPD"),
    ("D", "Asthma"),
    ("E", "Pulmonary embolism"),
)

CASES = [
    # the whole reply is a letter
    ("E", "E", "letter"),
    ("e", "E", "letter"),
    ("E.", "E", "letter"),
    ("e)", "E", "letter"),
    ("(E)", "E", "letter"),
    ("[E]", "E", "letter"),
    ("**E**", "E", "letter"),
    ("**(E)**.", "E", "letter"),
    ("$E$", "E", "letter"),
    (" E\n", "E", "letter"),
    ("Ｅ", "E", "letter"),
    (r"\boxed{E}", "E", "letter"),
    (r"$\boxed{\text{E}}$", "E", "letter"),
    ("<answer>E</answer>", "E", "letter"),
    ("<answer> e </answer>", "E", "letter"),
    # an explicit declaration
    ("ANSWER: $E$", "E", "cue"),
    ("Answer: E", "E", "cue"),
    ("answer = e", "E", "cue"),
    ("Answer:\n\n**E**", "E", "cue"),
    ("**Answer: E**\n\nExplanation: A is wrong because …", "E", "cue"),
    ("The correct answer is **E**. Not COPD because the chest is clear.", "E", "cue"),
    ("The answer is E because of the filling defect.", "E", "cue"),
    ("The answer is E, not A.", "E", "cue"),
    ("The answer is E. Option A is wrong.", "E", "cue"),
    ("The correct option is (E)", "E", "cue"),
    ("Answer: Option E", "E", "cue"),
    ("The answer is the letter E", "E", "cue"),
    ("The answer is E Pulmonary embolism", "E", "cue"),
    ("Answer: E (Pulmonary embolism)", "E", "cue"),
    ("Final answer E", "E", "cue"),
    ("I reason so.\nOption E.", "E", "cue"),
    ("Therefore \\boxed{E} it is.", "E", "cue"),
    ("first <answer>\nE\n</answer> and so on", "E", "cue"),
    ("A patient with cirrhosis and ascites … Answer: C", "C", "cue"),
    ("Answer: A. No, wait.\nAnswer: E", "E", "cue"),
    # the option's own text
    ("Pulmonary embolism", "E", "text"),
    ("**pulmonary embolism.**", "E", "text"),
    ("E. coli sepsis", "B", "text"),
    # a leading letter
    ("E. Pulmonary embolism", "E", "leading"),
    ("E. pulmonary embolism", "E", "leading"),
    ("E) the clot is seen", "E", "leading"),
    ("E: because of the clot", "E", "leading"),
    ("(E) Pulmonary embolism", "E", "leading"),
    ("**E.** Because the clot is seen.", "E", "leading"),
    ("\n\nE. Because of the clot\nA. is wrong", "E", "leading"),
]
NOT_READ = [
    "",
    "...",
    "E is correct; A is wrong.",
    "A is wrong … E is correct.",
    "I cannot determine the diagnosis from this image.",
    "The DNA PCR was negative for MRSA",
    "The",
    "AB",
    "F",
    "Answer: F",
    "None of the above",
    "A patient with cirrhosis",
    "E. coli is the pathogen",
    "The answer is E. coli",
    "The answer is a fracture of the femur",
    "The answer is not A",
    "The answer is either A or E",
    "The answer is A or E",
    "Answer: A, E",
    "Answer: A and E",
    "Answer: A/E",
    "Option A is wrong",
    "Option A: no. Option B: no.",
    "(A) is wrong",
    "A) or E)",
    "A: Asthma",
    "Answer: A. Asthma",
    "The answer is pulmonary embolism",
    "Pulmonary embolism, most likely",
    "Stroke or asthma",
]


@pytest.mark.parametrize(("reply", "letter", "rule"), CASES)
def test_reads_the_letter_by_the_first_rule_that_finds_one(reply: str, letter: str, rule: str) -> None:
    assert parse_choice(reply, OPTIONS) == Choice(letter, rule)


@pytest.mark.parametrize("reply", NOT_READ)
def test_never_guesses(reply: str) -> None:
    assert parse_choice(reply, OPTIONS) == Choice()


@pytest.mark.parametrize("reply", ["A", "a", "(A)", "Answer: A", "A. Stroke", "E"])
def test_only_the_items_own_letters_count(reply: str) -> None:
    assert parse_choice(reply, (("F", "Stroke"), ("G", "COPD"))).letter == ""


@pytest.mark.parametrize("letter", ["A", "I", "J"])
def test_ten_options_make_neither_the_article_nor_the_pronoun_an_answer(letter: str) -> None:
    ten = tuple((one, f"finding {one}") for one in "ABCDEFGHIJ")
    assert parse_choice(f"Answer: {letter}", ten).letter == letter
    assert parse_choice("I understand. A patient with pain: I would treat.", ten) == Choice()
    assert parse_choice("The answer is I think unclear", ten) == Choice()


@pytest.mark.parametrize(
    "style", ["{}", "{}.", "**{}**", "({})", "({}).", "Answer: {}", "Answer: **{}**.", "{}) {text}"]
)
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_a_perfect_answer_is_read_in_every_surface_style(style: str, case: type) -> None:
    for letter, text in OPTIONS:
        said = style.format(case(letter) if "{text}" not in style else letter, text=text)
        assert parse_choice(said, OPTIONS).letter == letter


@pytest.mark.parametrize("letter", "ABCDE")
def test_every_options_text_is_its_letter(letter: str) -> None:
    assert parse_choice(dict(OPTIONS)[letter] + ".", OPTIONS) == Choice(letter, "text")


def test_equal_option_texts_give_the_first_letter() -> None:
    assert parse_choice("asthma", (("A", "COPD"), ("B", "Asthma"), ("C", "asthma."))) == Choice(
        "B", "text"
    )


@pytest.mark.parametrize(
    "junk", ["answer is the option: ", "option: ", "(((*", "answer:\n", "\\boxed{", "A, or "]
)
def test_long_replies_are_read_in_time(junk: str) -> None:
    began = time.process_time()
    parse_choice(junk * 2000, OPTIONS)
    assert time.process_time() - began < 5
