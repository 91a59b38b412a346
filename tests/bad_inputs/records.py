"""Bad data files and bad records, through `read_records`."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

from medgpt_cli.data.records import read_records
from tests.bad_inputs.case import Case

FILE = Path("local.jsonl")
ONE = "local.jsonl  1 of 1 record cannot be used\nmend them, or let up to N be left out with data.max_bad=N"


def written(data: bytes) -> object:
    FILE.write_bytes(data)
    return read_records(FILE)


def file(name: str, data: bytes, says: str, code: str = "BAD_RECORD") -> Case:
    """A file refused as a whole."""
    return Case(name, lambda: written(data), says, code)


def line(name: str, data: bytes, says: str) -> Case:
    """A single line that is no record; `says` follows the file and the line."""
    return Case(name, lambda: written(data), f"local.jsonl:1{says}\n{ONE}", "BAD_RECORD")


def record(name: str, fields: dict[str, Any], says: str, prepare: Any = None) -> Case:
    """A single record; `says` follows the file and the line."""

    def refused() -> object:
        Path("a.png").touch()  # a reader of records looks only whether the file is there
        if prepare:
            prepare()
        return written(json.dumps(fields).encode())

    return Case(name, refused, f"local.jsonl:1 {says}\n{ONE}", "BAD_RECORD")


def dialogue(*turns: tuple[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for role, content in turns], **more}


def image(path: Any) -> dict[str, Any]:
    return {"question": "Q?", "answer": "A", "image": path}


def outward_link() -> None:
    os.symlink("/etc/hostname", "link.png")


FILES = [
    Case(
        "no such file",
        lambda: read_records(Path("nowhere.jsonl")),
        "nowhere.jsonl  there is no such file",
        "NOT_FOUND",
    ),
    Case(
        "no such folder",
        lambda: read_records(Path("nowhere/local.jsonl")),
        "nowhere/local.jsonl  there is no such file",
        "NOT_FOUND",
    ),
    Case(
        "a folder instead of a file",
        lambda: (Path("set").mkdir(), read_records(Path("set"))),
        "set  is a folder\nname the JSONL file in it",
        "BAD_RECORD",
    ),
    Case(
        "a pipe nobody writes to",
        lambda: (os.mkfifo("pipe.jsonl"), read_records(Path("pipe.jsonl"))),
        "pipe.jsonl  is not a regular file\nsave the records to a file first",
        "BAD_RECORD",
    ),
    Case(
        "an image root that is not there",
        lambda: (FILE.touch(), read_records(FILE, image_root=Path("pictures"))),
        "pictures  there is no such folder for images\nmend --image-root",
        "NOT_FOUND",
    ),
    file("empty file", b"", "local.jsonl  holds no records\nwrite one JSON object a line"),
    file(
        "blank lines alone", b"\n  \r\n\n", "local.jsonl  holds no records\nwrite one JSON object a line"
    ),
    file("empty array", b"[]", "local.jsonl  holds no records\nwrite one JSON object a line"),
    file(
        "UTF-16",
        '{"text": "x"}'.encode("utf-16"),
        "local.jsonl  the file is UTF-16, not UTF-8\niconv -f UTF-16 -t UTF-8 local.jsonl > utf8.jsonl",
    ),
    file(
        "UTF-16 without a mark",
        '{"text": "x"}'.encode("utf-16-le"),
        "local.jsonl  the file is UTF-16LE, not UTF-8\niconv -f UTF-16LE -t UTF-8 local.jsonl > utf8.jsonl",
    ),
    file(
        "gzip cut short",
        gzip.compress(b'{"text": "x"}\n' * 9999)[:-20],
        "local.jsonl  the gzip stream is broken or cut short\ncopy or compress the file again",
    ),
    file(
        "a line over 16 MB",
        b'{"text": "x"}\n{"text": "' + b"x" * 2**24 + b'"}',
        "local.jsonl:2  the record is longer than 16 MB\n"
        "pictures belong into files beside it, not into the JSON",
    ),
    file(
        "a broken array",
        b'[{"text": "x"},\n {"text": "y",}]',
        "local.jsonl:2  not JSON: trailing comma in object at column 15\none JSON object stands on each line",
    ),
]

LINES = [
    line(
        "truncated JSON",
        b'{"question": "Q?", "ans',
        "  truncated JSON; one whole record stands on each line; jq -c . local.jsonl writes it so",
    ),
    line(
        "Latin-1",
        '{"text": "Übergang"}'.encode("latin-1"),
        "  the text is not UTF-8, perhaps LATIN1; iconv -f LATIN1 -t UTF-8 local.jsonl > utf8.jsonl",
    ),
    line("NUL byte", b'{"text": "a\x00b"}', "  holds a NUL byte; the file is damaged or is not text"),
    line(
        "duplicate key",
        b'{"text": "x", "text": "y"}',
        " text  the key stands twice in one object; keep one of the two",
    ),
    line(
        "duplicate key in a message",
        b'{"messages": [{"role": "user", "role": "system", "content": "x"}]}',
        " role  the key stands twice in one object; keep one of the two",
    ),
    line(
        "NaN",
        b'{"text": "x", "score": NaN}',
        "  holds NaN, Infinity or a number out of range; write null, or leave the key out",
    ),
    line(
        "a number out of range",
        b'{"text": "x", "score": 1e999}',
        "  holds NaN, Infinity or a number out of range; write null, or leave the key out",
    ),
    line(
        "JSON 3,000 deep",
        b'{"text":' + b"[" * 3000 + b"]" * 3000 + b"}",
        "  the JSON is nested too deeply; a record is a flat object with a list of messages",
    ),
    line(
        "lone surrogate",
        rb'{"text": "\ud83d"}',
        "  holds a lone surrogate (half a character); write the file again with valid Unicode",
    ),
    line(
        "terminal escape",
        rb'{"text": "\u001b[2J"}',
        " text  holds control characters; remove them: terminals obey them and models learn them",
    ),
    line(
        "terminal escape as a C1 byte",
        '{"question": "Q?", "answer": "\x9b2J"}'.encode(),
        " answer  holds control characters; remove them: terminals obey them and models learn them",
    ),
    line("no object", b'"x"', "  is a text where a record belongs; one JSON object stands on each line"),
]

FORMS = [
    record(
        "unknown form",
        {"findings": "x", "impression": "y", "Jane Doe": "z"},
        " is no known form of a record; its keys: findings, impression and 1 more; a record needs messages; or "
        "conversations; or question and answer, or prompt and response; or image and caption; or text",
    ),
    record(
        "unknown form with a near one",
        {"questions": "x", "answers": "y"},
        "questions  is no key of a record; did you mean question?; rename it",
    ),
    record(
        "unknown form far from its nearest",
        {"dialog_messages": []},
        " is no known form of a record; its keys: dialog_messages; the nearest form is messages, which needs messages",
    ),
    record(
        "two forms",
        {"text": "x", "caption": "y", "image": "a.png"},
        " belongs to 2 forms at once (text, caption); keep the keys of one form",
    ),
    record("half a pair", {"question": "x", "answer": None}, " has question and no answer; add answer"),
    record(
        "halves of two pairs",
        {"question": "x", "response": "y"},
        " mixes two kinds of pair (question, response); question goes with answer, prompt with response",
    ),
    record(
        "misspelt key",
        {"question": "x", "answer": "y", "imgae": "a.png"},
        "imgae  is no key of a record; did you mean image?; rename it",
    ),
    record(
        "wrong type",
        {"question": "x", "answer": 3},
        "answer  is a number where a text belongs; write it in quotes",
    ),
    record(
        "empty answer",
        {"prompt": "x", "response": " \n"},
        "response  is empty; fill it in, or leave the record out",
    ),
    record(
        "a caption without its image",
        {"caption": "x"},
        "caption  has no image; add image: path, or write the text form",
    ),
    record(
        "a text with a system prompt",
        {"text": "x", "system": "y"},
        "system  belongs to a dialogue, and this is a plain text; remove it",
    ),
    record(
        "a patient number in a list",
        {"text": "x", "patient_id": [1]},
        "patient_id  is a list where a text belongs; write it in quotes",
    ),
]

DIALOGUES = [
    record(
        "empty dialogue",
        {"messages": []},
        "messages  is an empty dialogue; add a question and an answer, or leave the record out",
    ),
    record(
        "no answer",
        dialogue(("system", "S"), ("user", "Q?")),
        "messages  has no assistant answer at the end; add the answer, or leave the last question out",
    ),
    record(
        "empty assistant",
        dialogue(("user", "Q?"), ("assistant", "")),
        "messages[1].content  is empty; fill it in, or leave the record out",
    ),
    record(
        "two users in a row",
        dialogue(("user", "Q?"), ("user", "Q?"), ("assistant", "A")),
        "messages[1]  is a user turn where an assistant turn belongs; "
        "a system turn may come first; then user and assistant alternate, and the user begins",
    ),
    record(
        "system turn in the middle",
        dialogue(("user", "Q?"), ("system", "S"), ("assistant", "A"), system="S"),
        "messages[1]  is a system turn where an assistant turn belongs; "
        "a system turn may come first; then user and assistant alternate, and the user begins",
    ),
    record(
        "unknown role",
        dialogue(("user", "Q?"), ("tool", "A")),
        "messages[1].role  is an unknown role; write one of system, user, assistant",
    ),
    record(
        "unknown speaker",
        {"conversatons": [{"from": "human", "value": "Q?"}, {"from": "assistant", "value": "A"}]},
        "conversatons[1].from  is an unknown role; write one of human, gpt, system",
    ),
    record(
        "a weight that would be ignored",
        {"messages": [{"role": "user", "content": "Q?", "weight": 0}]},
        "messages[0].weight  is no key of a message; a message has role, content and thinking",
    ),
    record(
        "a tag without an image",
        dialogue(("user", "<image>Q?"), ("assistant", "A")),
        "messages  has 1 <image> tag and no image; add images: [path], or remove the tag",
    ),
    record(
        "an image without a tag",
        dialogue(("user", "Q?"), ("assistant", "A"), images=["a.png"]),
        "messages  has 1 image and no <image> tag; write <image> where each image stands",
    ),
    record(
        "two tags, one image",
        {"question": "<image><image>Q?", "answer": "A", "image": "a.png"},
        "question  has 2 <image> tags and 1 image; write one tag for each image",
    ),
    record(
        "the assistant shows an image",
        dialogue(("user", "Q?"), ("assistant", "<image>"), images=["a.png"]),
        "messages[1].content  is not a user's and shows an image (<image>); images stand in what the user says",
    ),
    record(
        "a part with a URL",
        dialogue(
            ("user", [{"type": "image_url", "image_url": {"url": "http://x"}}]), ("assistant", "A")
        ),
        "messages[0].content[0]  is no part of a content; "
        'write {"type": "text", "text": …} or {"type": "image"}, and the paths in images',
    ),
]


def options(value: Any, answer: str) -> dict[str, Any]:
    return {"question": "Q?", "options": value, "answer": answer}


OPTIONS = [
    record("one option", options(["x"], "x"), "options  has 1 option; a choice has at least 2"),
    record(
        "a letter twice",
        options({"a": "x", "A": "y"}, "x"),
        "options  has the letter A twice; give each option its own letter",
    ),
    record(
        "an answer that is no option",
        options(["x", "y"], "z"),
        "answer  is none of the options; write the letter or the text of one of them",
    ),
    record(
        "a blood group that is also a letter",
        options(["AB", "A", "B", "0"], "A"),
        "answer  may mean option A or B; "
        "write options as {letter: text} with letters that are no option's text, or make the texts differ",
    ),
    record(
        "options of a caption",
        {"caption": "x", "image": "a.png", "options": ["x", "y"]},
        "options  belongs to a question and its answer; remove it, or write a pair",
    ),
]

LEAVES = (
    "image  leaves the folder it is relative to; "
    "move the image inside, or name a folder above both with --image-root"
)
URL = "image  is a URL, and URLs in records are never followed; download the image beside the data file"
WINDOWS = (
    "image  is a Windows or network path; write it relative to the data file, with / between folders"
)

PATHS = [
    record("a path upwards", image("../../etc/passwd"), LEAVES),
    record("a path upwards and down again", image("x/../../other/a.png"), LEAVES),
    record("an absolute path", image("/etc/hostname"), LEAVES),
    record("a symlink out of the folder", image("link.png"), LEAVES, outward_link),
    record("http", image("http://example.org/a.png"), URL),
    record("s3", image("s3://bucket/a.png"), URL),
    record("data", image("data:image/png;base64,AAAA"), URL),
    record("file", image("FILE:///etc/passwd"), URL),
    record("a chained URL", image("zip://a.png::http://example.org/x.zip"), URL),
    record("a network share", image(r"\\server\share\a.png"), WINDOWS),
    record("a drive", image(r"C:\scans\a.png"), WINDOWS),
    record(
        "a missing image",
        image("b.png"),
        "image  there is no such file; paths are relative to the data file's folder or to --image-root",
    ),
    record(
        "a folder as an image",
        image("pictures"),
        "image  is a folder, not a file; name an image file",
        lambda: Path("pictures").mkdir(),
    ),
    record(
        "a pipe as an image",
        image("pipe"),
        "image  is a pipe, not a file; name an image file",
        lambda: os.mkfifo("pipe"),
    ),
    record(
        "a frame that is no number",
        image("a.png#frame=last"),
        "image  names a frame that is not a number; write path#frame=12, counted from 0",
    ),
    record("an empty path", image(""), "image  is empty; name a file, or leave the field out"),
    record(
        "a number as a path",
        image(7),
        "image  is a number where a path or a list of paths belongs; write paths in quotes",
    ),
    record(
        "image and images",
        image("a.png") | {"images": ["a.png"]},
        "images  stands beside image; keep one of the two",
    ),
]

CASES = [*FILES, *LINES, *FORMS, *DIALOGUES, *OPTIONS, *PATHS]
