"""Bad questions by the command line, to whoever is asked them: exit code, words, nothing written, nothing quoted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.app import main

GOOD = {"id": "good", "question": "Plane of Jane Doe's slice?", "answer": "axial"}
MEND = "mend them; a question that is left out would change the score unseen"
TWO = ["left", "right"]


def cannot(what: str, where: str, repair: str) -> str:
    return (
        f"my.jsonl:{where}  {what}; {repair}\nerror: my.jsonl  1 of 2 records cannot be used\n{MEND}\n"
    )


BAD: dict[str, tuple[bytes | dict[str, Any], str]] = {
    "a label behind the last letter": (
        {"question": "Side?", "options": TWO, "answer": "C"},
        cannot("is none of the options", "2 answer", "write the letter or the text of one of them"),
    ),
    "a label that is a number": (
        {"question": "Side?", "options": TWO, "answer": 7},
        cannot("is a number where a text belongs", "2 answer", "write it in quotes"),
    ),
    "a label before the first": (
        {"question": "Side?", "options": TWO, "answer": "-1"},
        cannot("is none of the options", "2 answer", "write the letter or the text of one of them"),
    ),
    "a label among named letters": (
        {"question": "Side?", "options": {"A": "left", "B": "right"}, "answer": "D"},
        cannot("is none of the options", "2 answer", "write the letter or the text of one of them"),
    ),
    "no options": (
        {"question": "Side?", "options": [], "answer": "A"},
        cannot("has 0 options", "2 options", "a choice has at least 2"),
    ),
    "one option": (
        {"question": "Side?", "options": ["left"], "answer": "A"},
        cannot("has 1 option", "2 options", "a choice has at least 2"),
    ),
    "no image": (
        {"question": "Side?", "image": "jane_doe.png", "answer": "left"},
        cannot(
            "there is no such file",
            "2 image",
            "paths are relative to the data file's folder or to --image-root",
        ),
    ),
    "one image of two": (
        {"question": "Side?", "images": ["here.png", "jane_doe.png"], "answer": "left"},
        cannot(
            "there is no such file",
            "2 images[1]",
            "paths are relative to the data file's folder or to --image-root",
        ),
    ),
    "an image elsewhere": (
        {"question": "Side?", "image": "http://example.org/jane_doe.png", "answer": "left"},
        cannot(
            "is a URL, and URLs in records are never followed",
            "2 image",
            "download the image beside the data file",
        ),
    ),
    "no answer": (
        {"question": "Side?"},
        cannot("has question and no answer", "2", "add answer"),
    ),
    "an empty answer": (
        {"question": "Side?", "answer": ""},
        cannot("is empty", "2 answer", "fill it in, or leave the record out"),
    ),
    "an answer of marks alone": (
        {"question": "Side?", "answer": "..."},
        "my.jsonl:2 answer  there is no answer to compare with; write the right answer\n"
        "error: my.jsonl  1 of 2 records cannot be scored\n",
    ),
    "an id twice": (
        {"id": "good", "question": "Side?", "answer": "left"},
        "my.jsonl:2 id  the id is already used at my.jsonl:1; give each record its own\n"
        "error: my.jsonl  1 of 2 records cannot be scored\n",
    ),
    "no JSON": (
        b'{"question": "Side of Jane?", "answer": "left"\n',
        cannot(
            "truncated JSON", "2", "one whole record stands on each line; jq -c . my.jsonl writes it so"
        ),
    ),
    "not UTF-8": (
        '{"question": "Größe?", "answer": "5 cm"}\n'.encode("latin-1"),
        cannot(
            "the text is not UTF-8, perhaps LATIN1",
            "2",
            "iconv -f LATIN1 -t UTF-8 my.jsonl > utf8.jsonl",
        ),
    ),
}


@pytest.mark.parametrize("asker", ["run", "score"])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_question_is_refused_before_anybody_is_asked(
    name: str,
    asker: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    bad, says = BAD[name]
    line = bad if isinstance(bad, bytes) else json.dumps(bad).encode() + b"\n"
    Path("my.jsonl").write_bytes(json.dumps(GOOD).encode() + b"\n" + line)
    Path("here.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    Path("answers.jsonl").write_text('{"id": "good", "answer": "axial"}\n')
    words = ["--answers", "answers.jsonl"] if asker == "score" else ["--model", "tiny"]
    assert main(["eval", asker, "--task", "my.jsonl", "--out", "out", *words]) == 3
    out, err = capfd.readouterr()
    assert (out, err) == ("", says)
    assert not Path("out").exists()
    assert "Jane" not in err
    assert "jane" not in err


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "error: my.jsonl  holds no records\nwrite one JSON object a line\n"),
        (
            json.dumps(GOOD).encode("utf-16"),
            "error: my.jsonl  the file is UTF-16, not UTF-8\niconv -f UTF-16 -t UTF-8 my.jsonl > utf8.jsonl\n",
        ),
    ],
)
def test_a_file_of_questions_that_cannot_be_read(
    data: bytes,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my.jsonl").write_bytes(data)
    assert main(["eval", "run", "--model", "tiny", "--task", "my.jsonl", "--out", "out"]) == 3
    assert capfd.readouterr() == ("", says)
    assert not Path("out").exists()


def test_all_bad_questions_are_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [json.dumps(bad) for bad, _ in BAD.values() if isinstance(bad, dict)]
    Path("my.jsonl").write_text("\n".join(lines))
    assert main(["eval", "run", "--model", "tiny", "--task", "my.jsonl", "--json"]) == 3
    document = json.loads(capfd.readouterr().out)
    told = {complaint["where"].split()[0] for complaint in document["complaints"]}
    assert (document["error"], document["exit_code"]) == ("BAD_RECORD", 3)
    assert told == {f"my.jsonl:{number}" for number in range(1, 12)}
