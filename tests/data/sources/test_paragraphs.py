from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.types import Place
from medgpt_cli.data.sources.adapter import Written
from medgpt_cli.data.sources.paragraphs import cut, pack


def words(text: str) -> int:
    return len(text.split())


def written(**record: object) -> Written:
    return Written(dict(record), Place("a.jsonl", 1), Path("/"))


def test_whole_paragraphs_are_packed_up_to_the_length() -> None:
    text = "\n\n".join(["aaaa", "bbbb", "cccc"])
    assert list(pack(text, 10)) == ["aaaa\n\nbbbb", "cccc"]
    assert list(pack(text, 9)) == ["aaaa", "bbbb", "cccc"]
    assert list(pack(text, 100)) == [text]


def test_a_counter_of_tokens_is_used() -> None:
    text = "one two\n\nthree four\n\nfive"
    assert list(pack(text, 4, words)) == ["one two\n\nthree four", "five"]


def test_a_long_paragraph_is_cut_after_a_sentence_then_after_a_word_then_anywhere() -> None:
    assert list(pack("One is. Two is! Three is?", 16)) == ["One is. Two is!", "Three is?"]
    assert list(pack("alpha beta gamma", 11)) == ["alpha beta", "gamma"]
    assert list(pack("肺野清晰。未见积液。", 6)) == ["肺野清晰。", "未见积液。"]
    assert list(pack("abcdefgh", 3)) == ["ab", "cd", "ef", "gh"]


def test_no_piece_is_over_the_length_and_nothing_is_lost() -> None:
    text = "\n\n".join(f"Sentence number {i} of many words. " * (i % 7 + 1) for i in range(60))
    for most in (1, 7, 40, 41, 200, 1000):
        pieces = list(pack(text, most))
        assert max(map(len, pieces)) <= most
        assert "".join("".join(pieces).split()) == "".join(text.split())


def test_a_figure_is_never_cut_from_its_caption() -> None:
    figure = "<image>\nFigure 1. " + "A long caption. " * 5
    pieces = list(pack(f"before\n\n{figure}\n\nafter", 30))
    assert pieces == ["before", figure, "after"]


def test_pictures_count_as_asked() -> None:
    assert list(pack("ab\n\n<image>\ncd", 10, image=10)) == ["ab", "<image>\ncd"]
    assert list(pack("ab\n\n<image>\ncd", 10)) == ["ab\n\n<image>\ncd"]


def test_pieces_keep_their_pictures_keys_and_place() -> None:
    document = written(
        id="PMC1",
        text="aaaa\n\n<image>\nb\n\ncccc\n\n<image>\nd",
        images=["1.jpg", "2.jpg"],
        keys=["pmcid:PMC1"],
    )
    pieces = list(cut([document], 5))
    assert [p.record for p in pieces] == [
        {"id": "PMC1/1", "text": "aaaa", "keys": ["pmcid:PMC1"]},
        {"id": "PMC1/2", "text": "<image>\nb", "images": ["1.jpg"], "keys": ["pmcid:PMC1"]},
        {"id": "PMC1/3", "text": "cccc", "keys": ["pmcid:PMC1"]},
        {"id": "PMC1/4", "text": "<image>\nd", "images": ["2.jpg"], "keys": ["pmcid:PMC1"]},
    ]
    assert {str(p.place) for p in pieces} == {"a.jsonl:1"}


def test_a_short_document_keeps_its_id_and_other_forms_pass() -> None:
    short, pair = written(id="n", text="short"), written(question="q", answer="a")
    faulty = Written({}, Place("a", 2), Path("/"), "is broken")
    assert list(cut([short, pair, faulty], 10)) == [short, pair, faulty]


def test_a_length_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be 0 long"):
        list(cut([], 0))
