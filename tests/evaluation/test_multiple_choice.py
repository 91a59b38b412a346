import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    (r"\(E\)", "E", "letter"),
    ("E。", "E", "letter"),
    ("E!", "E", "letter"),
    ("$$E$$", "E", "letter"),
    ("\r\nE\r\n", "E", "letter"),
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
    (r"The answer is \(E\).", "E", "cue"),
    (r"The final answer is: $\boxed{\text{E}}$", "E", "cue"),
    ("答 Answer：Ｅ", "E", "cue"),
    ("Answer: E…", "E", "cue"),
    ("Answer: E。", "E", "cue"),
    ("Answer: E!", "E", "cue"),
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
    "E?",
    "É",
    "E\u0301",
    "Answer: E\u0301tat",
    "Antwort: C",
    "E" * 5000,
    " \n\t ",
    "\u200b",
    "答案是右肺",
    "Ответ: Е",
    "Is the answer E?",
    "E-cadherin",
    "A1c is raised",
]


def _found(reply: str) -> tuple[str, str]:
    choice = parse_choice(reply, OPTIONS)
    return choice.letter, choice.rule


@pytest.mark.parametrize(("reply", "letter", "rule"), CASES)
def test_reads_the_letter_by_the_first_rule_that_finds_one(reply: str, letter: str, rule: str) -> None:
    assert _found(reply) == (letter, rule)


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
    assert _found(dict(OPTIONS)[letter] + ".") == (letter, "text")


def test_equal_option_texts_give_the_first_letter() -> None:
    equal = (("A", "COPD"), ("B", "Asthma"), ("C", "asthma."))
    assert parse_choice("asthma", equal) == Choice("B", "text", (0, 6))


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("  (E).\n", "E"),
        (r"$\boxed{\text{e}}$", "e"),
        ("Answer: A. No, wait.\nAnswer: **E**", "E"),
        ("  pulmonary embolism. ", "pulmonary embolism."),
        ("\n\nE) the clot is seen", "E"),
        ("ﬁrst: it is… the answer is Ｅ", "Ｅ"),
    ],
)
def test_the_span_is_where_the_answer_stands_in_the_reply_itself(reply: str, said: str) -> None:
    choice = parse_choice(reply, OPTIONS)
    assert choice.letter == "E"
    assert reply[slice(*choice.span)] == said
    assert reply.rindex(said) == choice.span[0]


def test_numbers_can_be_letters_without_reading_measurements() -> None:
    numbered = (("1", "one cyst"), ("2", "two cysts"))
    assert parse_choice("Answer: 2.", numbered).letter == "2"
    assert parse_choice("2) two cysts", numbered).letter == "2"
    for measured in ("Answer: 1.5 cm", "1.5 cm", "Answer: 2,5 cm", "The option is 12"):
        assert parse_choice(measured, numbered) == Choice()


def test_the_options_text_stands_before_the_leading_letter() -> None:
    """Otherwise the whole right option B would be read as the letter C."""
    bugs = (("A", "E. coli"), ("B", "C. Difficile"), ("C", "Listeria"))
    assert parse_choice("C. Difficile", bugs).letter == "B"
    assert parse_choice("C. Difficile is likely", bugs).letter != "B"


def test_an_item_without_options_has_no_letter() -> None:
    assert parse_choice("Answer: A", ()) == Choice()


@pytest.mark.parametrize(
    "junk",
    [
        "answer is the option: ",
        "option: ",
        "(((*",
        "((((",
        "))))",
        "[{(",
        "answer:\n",
        "answer: A or B ",
        "answer: A x ",
        "answer: A\n",
        "\\boxed{",
        "\\boxed{A ",
        "A, or ",
        "\n \n",
        "- ",
        "*_*",
        "a\u0301\u0323",
        "\u0301\u0323",
        "答",
    ],
)
def test_time_grows_with_length_and_no_faster(junk: str) -> None:
    """Sixteen times the text may take sixteen times as long, not two hundred and fifty."""

    def seconds(copies: int) -> float:
        began = time.process_time()
        parse_choice("x" + junk * copies + "x", OPTIONS)
        return time.process_time() - began

    seconds(10)
    assert (
        min(seconds(16_000) for _ in range(2)) < max(min(seconds(1_000) for _ in range(3)), 0.004) * 80
    )


@given(st.text(max_size=300))
def test_whatever_stands_there_is_one_letter_of_the_item_or_none(reply: str) -> None:
    choice = parse_choice(reply, OPTIONS)
    start, end = choice.span
    assert choice.letter in {"", *"ABCDE"}
    assert bool(choice.letter) == bool(choice.rule) == (0 <= start < end <= len(reply))


@given(st.text("AB ()*:.\n\\boxed{}answeri", max_size=80))
def test_near_answers_never_end_in_a_fault(reply: str) -> None:
    assert parse_choice(reply, OPTIONS).letter in {"", *"ABCDE"}
