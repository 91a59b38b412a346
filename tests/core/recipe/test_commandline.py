from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.recipe.commandline import parse_words
from medgpt_cli.core.recipe.layers import DEFAULT, Sheet


def laid(*overrides: str, **flags: Any) -> Sheet:
    sheet = Sheet()
    sheet.lay({"train": {"lr": 1.0}, "data": {"mix": [{"path": "a"}]}}, lambda _: DEFAULT)
    given = {f"--{name}": value for name, value in flags.items()}
    assert parse_words(overrides, given).lay_on(sheet) == []
    return sheet


@pytest.mark.parametrize(
    ("word", "keys", "value"),
    [
        ("train.lr=1e-4", ("train", "lr"), 1e-4),
        ("train.lr=", ("train", "lr"), None),
        ("train.lr=no", ("train", "lr"), "no"),
        ("train.lr=a=b", ("train", "lr"), "a=b"),
        ("train.lr='5'", ("train", "lr"), "5"),
        ("train.list=[1, x]", ("train", "list"), [1, "x"]),
        ("train.map={a: 1}", ("train", "map", "a"), 1),
    ],
)
def test_values_are_read_as_in_a_file(word: str, keys: tuple[str, ...], value: Any) -> None:
    assert laid(word).get(keys) == value


def test_an_item_of_a_list() -> None:
    assert laid("data.mix.0.path=b").tree["data"]["mix"] == [{"path": "b"}]


def test_flags_set_their_field() -> None:
    sheet = laid(data=["b.jsonl", Path("c.jsonl")], model="tiny")
    assert sheet.tree["data"]["mix"] == [{"path": "b.jsonl"}, {"path": "c.jsonl"}]
    assert sheet.origin(("data", "mix", 1, "path")).name == "--data"
    assert (sheet.get(("model", "base")), sheet.origin(("model", "base")).name) == ("tiny", "--model")


def test_flags_that_were_not_given_set_nothing() -> None:
    assert laid(data=[], model=None).tree == laid().tree


def test_words_are_stronger_than_flags() -> None:
    assert laid("data.mix.0.path=c", data=["b"]).tree["data"]["mix"] == [{"path": "c"}]


@pytest.mark.parametrize(
    ("words", "flags", "says"),
    [
        (
            ["local.jsonl"],
            {},
            "local.jsonl is not KEY=VALUE; did you mean --data local.jsonl?\n"
            "a recipe field is set like train.lr=1e-5",
        ),
        (["train.lr"], {}, "train.lr is not KEY=VALUE\na recipe field is set like train.lr=1e-5"),
        (["=5"], {}, "=5 is not KEY=VALUE\na recipe field is set like train.lr=1e-5"),
        (["train..lr=5"], {}, "train..lr=5 is not KEY=VALUE\na recipe field is set like train.lr=1e-5"),
        (["a b=5"], {}, "a b=5 is not KEY=VALUE\na recipe field is set like train.lr=1e-5"),
        (
            ["train.lr=1", "train.lr=2"],
            {},
            "train.lr=1 and train.lr=2 set the same field\ngive one of them",
        ),
        (
            ["model.base=b"],
            {"--model": "a"},
            "--model and model.base=b set the same field\ngive one of them",
        ),
    ],
)
def test_what_is_no_word(words: list[str], flags: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_words(words, flags)
    assert (str(caught.value), caught.value.exit_code) == (says, 2)


def test_a_file_in_the_folder_is_taken_for_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("records").mkdir()
    with pytest.raises(UsageError, match="did you mean --data records"):
        parse_words(["records"], {})
