"""Wordings that several tasks use, by name: ours, which state the form of the answer, and those of public harnesses.

A harness's wording is copied to the letter where it could be read, so that a score under it may be compared with
one of that harness; ours are free to be clearer.  A changed wording is a new version of every task that uses it.
This module knows nothing of any task.
"""

from __future__ import annotations

from collections.abc import Mapping

from medgpt_cli.evaluation.items import Kind
from medgpt_cli.evaluation.tasks.prompts import Prompt, Variant

_LETTER_ALONE = "Answer with the letter of the right option and nothing else."
_SHORT = "{question}\nAnswer with a single word or a short phrase and nothing else."
_SHORT_ZH = "{question}\n请只用一个词或短语回答。"
_OPEN_TOO = Variant({"kind": "short"}, _SHORT)

_LLAVA_LETTER = "Answer with the option's letter from the given choices directly."
_LLAVA_WORD = "{question}\nAnswer the question using a single word or phrase."

PROMPTS: Mapping[str, Prompt] = {
    "choice": Prompt("{question}\n{options}\n" + _LETTER_ALONE, variants=(_OPEN_TOO,)),
    "choice-shuffled": Prompt(
        "{question}\n{options}\n" + _LETTER_ALONE, variants=(_OPEN_TOO,), shuffle=0
    ),
    "choice-in-picture": Prompt("{question}\nWrite the letter and nothing else."),
    "short": Prompt(_SHORT, variants=(Variant({"language": "zh"}, _SHORT_ZH),)),
    "report": Prompt("{question}\nWrite it as plain sentences, without a heading."),
    "impression-of-findings": Prompt(
        "FINDINGS: {given}\n\nWrite the impression of this radiology report: one to three plain sentences, "
        "without a heading."
    ),
    # lmms-eval, tasks/slake
    "lmms-eval-slake": Prompt(_LLAVA_WORD, max_new_tokens=32),
    # MedEvalKit, utils/question_formats.py; which wording is asked depends on the right answer there
    "medevalkit-slake": Prompt(
        "{question}\nPlease answer the question concisely.",
        variants=(
            Variant(
                {"answer_type": "CLOSED", "language": "zh"},
                "{question}\n请用一个单词或者短语回答该问题。",
            ),
            Variant({"answer_type": "CLOSED"}, _LLAVA_WORD),
            Variant({"language": "zh"}, "{question}\n请简要回答该问题。"),
        ),
    ),
    "medevalkit-vqa": Prompt(
        "{question}\nPlease answer the question concisely.",
        variants=(
            Variant({"yes_no": "yes"}, "{question}\nPlease output 'yes' or 'no'(no extra output)."),
        ),
    ),
    "medevalkit-choice": Prompt("\nQuestion: {question}\nOptions: \n{options}\n" + _LLAVA_LETTER),
    # MedXpertQA's own code, prompting type "ao" (answer only); its published scores are from two turns of reasoning
    "medxpertqa-answer-only": Prompt(
        "Q: {question}\nAnswer Choices: {options}\nA: Among {first} through {last}, the answer is",
        system="Please answer only.",
        option="({letter}) {text}",
        between=" ",
    ),
    # lm-evaluation-harness, tasks/{medqa,medmcqa,pubmedqa,mmlu}: options are chosen by likelihood
    "lm-eval-medqa": Prompt("Question: {question}\n{options}\nAnswer:", choices_by="likelihood"),
    "lm-eval-medmcqa": Prompt(
        "Question: {question}\nChoices:\n{options}\nAnswer:", choices_by="likelihood"
    ),
    "lm-eval-pubmedqa": Prompt(
        "Abstract: {context}\nQuestion: {stem}\nAnswer:", choices_by="likelihood", likelihood_of="text"
    ),
    "lm-eval-mmlu": Prompt(
        "{question}\n{options}\nAnswer:",
        system="The following are multiple choice questions (with answers) about {facet.subject}.",
        choices_by="likelihood",
    ),
}


LIMIT = 512
"""Tokens an answer may take where nothing names a number: a model that thinks first needs room, one that does not
stops long before.
"""

_DEFAULTS: Mapping[Kind, tuple[str, tuple[str, ...]]] = {
    Kind.CHOICE: ("choice", ("exact",)),
    Kind.SHORT: ("short", ("exact", "normalised", "token_f1", "bleu1_sent")),
    Kind.REPORT: ("report", ("rouge_l", "bleu1_sent", "bleu1_corpus")),
}


def default_prompt(kind: Kind) -> str:
    """The name of the wording for a kind of answer where a task names none."""
    return _DEFAULTS[kind][0]


def default_measures(kind: Kind) -> tuple[str, ...]:
    """What is measured of a kind of answer where a task names nothing."""
    return _DEFAULTS[kind][1]
