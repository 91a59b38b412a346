"""Folders of numbered recipes, and whose a KEY=VALUE word is."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import BadRecipe, UsageError
from medgpt_cli.core.recipe.families import families, find_family, share_out

STAGES = {"1-align": "align", "2-midtrain": "midtrain", "3-more": "midtrain", "5-eval": "eval"}


def test_members_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in (
        "10-sft.yaml",
        "2-midtrain.yml",
        "1-b.yaml",
        "1-a.yaml",
        "notes.yaml",
        "3-x.txt",
        "4.yaml",
    ):
        (tmp_path / name).write_text("stage: sft\n")
    (tmp_path / "5-folder.yaml").mkdir()
    family = find_family(str(tmp_path))
    assert family.name == tmp_path.name
    assert [each.name for each in family.members] == ["1-a", "1-b", "2-midtrain", "10-sft"]
    assert family.members[2].source == str(tmp_path / "2-midtrain.yml")


def test_a_shipped_family_is_found_by_its_name_and_a_folder_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_family("tiny").members[0].source == "tiny/1-align"
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "1-sft.yaml").write_text("stage: sft\n")
    assert find_family("tiny").members[0].source == "tiny/1-sft.yaml"


def test_what_is_no_family_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="no numbered recipe lies in") as empty:
        find_family(str(tmp_path))
    assert empty.value.repair == "name them in order, such as 1-align.yaml"
    with pytest.raises(BadRecipe) as typo:
        find_family("tny")
    assert str(typo.value) == "there is no folder of recipes tny\ndid you mean tiny?"
    with pytest.raises(BadRecipe, match=", ".join(families())):
        find_family("qqqqqq")


@pytest.mark.parametrize(
    ("word", "whose"),
    [
        ("train.lr=1e-5", ["1-align", "2-midtrain", "3-more"]),
        ("train.guard={}", ["1-align", "2-midtrain", "3-more"]),
        ("data.mix.0.weight=2", ["1-align", "2-midtrain", "3-more"]),
        ("eval.limit=3", ["5-eval"]),
        ("train.lrr=1", list(STAGES)),
        ("nonsense", list(STAGES)),
        ("1-align:train.lr=1", ["1-align"]),
        ("midtrain:train.lr=1", ["2-midtrain", "3-more"]),
        ("data.image_root=a:b=c", ["1-align", "2-midtrain", "3-more"]),
    ],
)
def test_whose_a_word_is(word: str, whose: list[str]) -> None:
    plain = word.partition(":")[2] if word[0] in "1m" else word
    shares = share_out([word], STAGES)
    assert shares == {name: [plain] if name in whose else [] for name in STAGES}


def test_a_word_for_nobody_is_refused() -> None:
    with pytest.raises(UsageError) as typo:
        share_out(["2-midtran:train.lr=1"], STAGES)
    assert str(typo.value) == (
        "2-midtran:train.lr=1 is for 2-midtran, which is none of the recipes\ndid you mean 2-midtrain?"
    )
    with pytest.raises(UsageError, match="they are 1-align, 2-midtrain, 3-more, 5-eval"):
        share_out(["qqqq:train.lr=1"], STAGES)
