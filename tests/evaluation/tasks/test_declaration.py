from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import BadRecipe, NotThere
from medgpt_cli.evaluation.items import Kind
from medgpt_cli.evaluation.tasks import declaration
from medgpt_cli.evaluation.tasks.declaration import FIELDS, read_declaration

LEAST = "version: 1\ntitle: Mine\nkind: choice\nrecords: my.jsonl\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "my.yaml"
    path.write_text(text)
    return path


def test_the_least_a_file_may_say(tmp_path: Path) -> None:
    found = read_declaration(written(tmp_path, LEAST))
    assert (found.version, found.kind, found.records) == (1, Kind.CHOICE, "my.jsonl")
    assert (list(found.prompts), found.measured, found.limit) == (["medgpt"], ("exact",), 512)
    assert found.wants("any", {}, 3)


def test_a_wording_may_be_written_out(tmp_path: Path) -> None:
    found = read_declaration(
        written(
            tmp_path,
            LEAST
            + "profiles:\n  ours:\n    ask: '{question} {options}'\n    shuffle: 3\n  plain: choice\n",
        )
    )
    assert found.prompts["ours"].shuffle == 3
    assert list(found.prompts) == ["ours", "plain"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LEAST + "spits: [test]\n", ["my.yaml:5 spits  is no word of a task; did you mean splits?"]),
        (LEAST + "version: 2\n", ["my.yaml:5 version  written twice, first on line 1"]),
        (
            "version: '1'\ntitle: Mine\nkind: guess\nrecords: a\nsplits:\n  - test\n  - 3\n",
            [
                "my.yaml:1 version  expected `int`, got `str`",
                "my.yaml:3 kind  is no kind of answer: 'guess'",
                "my.yaml:7 splits  expected `str`, got `int`",
            ],
        ),
        (
            "version: 0\nkind: short\nrecords: a\n",
            ["my.yaml:1 version  expected `int` >= 1", "my.yaml:1 title  is missing"],
        ),
        (
            LEAST + "reads: [slake]\n",
            ["my.yaml:5 reads  exactly one of reads and records says where the questions are"],
        ),
        (
            LEAST + "profiles: {a: chioce}\n",
            ["my.yaml:5 profiles  a: no wording is called chioce; did you mean choice?"],
        ),
        (
            LEAST + "profiles:\n  a: {ask: '{gold}'}\n",
            ["my.yaml:5 profiles  a: {gold} is no field of a prompt; known: "],
        ),
        (
            LEAST + "profiles:\n  a: {ask: 'x', extra: 1}\n",
            ["my.yaml:5 profiles  Object contains unknown field `extra`"],
        ),
        (
            LEAST + "splits: [test]\nshots_from: [train, test]\n",
            ["my.yaml:6 shots_from  an example may not come from a split that is asked"],
        ),
        (
            LEAST.replace("choice", "short") + "letters: ABC\nchoices_by: likelihood\n",
            [
                "my.yaml:5 letters  only a choice has letters",
                "my.yaml:6 choices_by  only a choice has options whose likelihood could be taken",
            ],
        ),
        ("- a\n", ["my.yaml:1  is no map of words"]),
        ("a: [\n", ["my.yaml:2  cannot be read"]),
    ],
)
def test_every_fault_is_told_by_its_line(tmp_path: Path, text: str, told: list[str]) -> None:
    with pytest.raises(BadRecipe) as caught:
        read_declaration(written(tmp_path, text))
    lines = str(caught.value).replace(f"{tmp_path}/", "").splitlines()
    for line, expected in zip(lines, told, strict=False):
        assert line.startswith(expected)
    assert len(caught.value.complaints or [1]) == len(told)


def test_no_file_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(NotThere):
        read_declaration(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"title: \xe9\n")
    with pytest.raises(BadRecipe, match="is not UTF-8 text"):
        read_declaration(tmp_path / "latin.yaml")


def test_which_records_are_wanted(tmp_path: Path) -> None:
    text = LEAST + "splits: [test]\nfilters: {language: en, organ: [lung, heart]}\nimages: some\n"
    found = read_declaration(written(tmp_path, text))
    facets = {"language": "en", "organ": "heart"}
    assert found.wants("Test", facets, 1)
    assert not found.wants("train", facets, 1)
    assert found.wants("train", facets, 1, ("train",))
    assert not found.wants("test", facets, 0)
    assert not found.wants("test", {**facets, "organ": "brain"}, 1)
    assert not found.wants("test", {"organ": "lung"}, 1)


def test_every_word_is_explained_where_a_person_looks() -> None:
    explained = declaration.__doc__ or ""
    assert [name for name in FIELDS if f"    {name}:" not in explained] == []
