"""Of batch_size and batch_tokens the later layer decides; both in one layer contradict each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.recipe import read_recipe

SIZE, TOKENS = "train.batch_size=4", "train.batch_tokens=4096"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(base: str, file: str, *words: str) -> tuple[int | None, int | None]:
    Path("base.yaml").write_text(f"stage: sft\ntrain: {{{base}}}\n")
    Path("mine.yaml").write_text(f"stage: sft\nbase: base.yaml\ntrain: {{{file}}}\n")
    train = read_recipe("mine.yaml", stage="sft", overrides=words).recipe.train
    return train.batch_size, train.batch_tokens


@pytest.mark.parametrize(
    ("base", "file", "words", "expected"),
    [
        ("", "", (), (8, None)),
        ("batch_tokens: 4096", "", (), (None, 4096)),
        ("batch_tokens: 4096", "batch_size: 4", (), (4, None)),
        ("batch_size: 4", "batch_tokens: 4096", (), (None, 4096)),
        ("batch_size: 4", "batch_tokens: 4096", ("train.batch_size=2",), (2, None)),
        ("", "batch_size: 4", (TOKENS,), (None, 4096)),
        ("", "batch_size: 4, batch_tokens: null", (), (4, None)),
        ("batch_tokens: 4096", "", ("train.batch_tokens=512",), (None, 512)),
    ],
)
def test_the_later_layer_decides(
    base: str, file: str, words: tuple[str, ...], expected: tuple[int | None, int | None]
) -> None:
    assert read(base, file, *words) == expected


@pytest.mark.parametrize(
    ("base", "file", "words", "where"),
    [
        ("", "batch_size: 4, batch_tokens: 4096", (), "mine.yaml:3 train.batch_tokens"),
        ("batch_tokens: 4096, batch_size: 4", "", (), "base.yaml:2 train.batch_tokens"),
        (
            "batch_tokens: 9, batch_size: 4",
            "",
            ("train.batch_size=2",),
            "base.yaml:2 train.batch_tokens",
        ),
        ("", "", (SIZE, TOKENS), TOKENS),
    ],
)
def test_both_in_one_layer_are_refused(base: str, file: str, words: tuple[str, ...], where: str) -> None:
    with pytest.raises(BadRecipe) as caught:
        read(base, file, *words)
    [complaint] = caught.value.complaints
    assert (complaint.where, complaint.what, complaint.repair) == (
        where,
        "cannot stand beside train.batch_size",
        "give one of the two",
    )


def test_one_of_the_two_is_needed() -> None:
    with pytest.raises(BadRecipe) as caught:
        read("", "batch_tokens: 4096", "train.batch_tokens=")
    [complaint] = caught.value.complaints
    assert complaint.what == "is empty, and so is train.batch_tokens"


def test_what_was_emptied_names_who_emptied_it_and_reads_back_equal() -> None:
    first = read_recipe("sft", stage="sft", overrides=[TOKENS])
    assert first.origins["train.batch_size"] == first.origins["train.batch_tokens"] == "command line"
    Path("recipe.json").write_text(json.dumps(first.as_json()))
    assert read_recipe("recipe.json", stage="sft").recipe == first.recipe


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["train.batch_tokens=5000"], "such as 4096, 6144"),
        (["train.batch_tokens=1000"], "such as 2048"),
        (["train.batch_tokens=6144", "train.accumulate=2"], "such as 4096, 8192"),
    ],
)
def test_packed_rows_must_make_up_the_step(words: list[str], near: str) -> None:
    read_recipe("sft", stage="sft", overrides=words)  # without packing any number will do
    with pytest.raises(BadRecipe) as caught:
        read_recipe("sft", stage="sft", overrides=[*words, "train.packing=true"])
    [complaint] = caught.value.complaints
    assert complaint.where == words[0]
    assert complaint.repair == near
