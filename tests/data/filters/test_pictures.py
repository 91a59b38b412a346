from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.data.filters.pictures import pictures
from tests.data.filters.samples import answered, shown


def test_flags_that_were_named(tmp_path: Path) -> None:
    Image.new("L", (200, 200)).save(tmp_path / "black.png")
    Image.effect_noise((200, 200), 60).save(tmp_path / "fine.png")
    black, fine = str(tmp_path / "black.png"), str(tmp_path / "fine.png")
    assert pictures(["almost-black"])(shown("x", fine, black)) == "a picture is almost-black"
    assert pictures(["small"])(shown("x", fine, black)) == ""
    assert pictures(["almost-black"])(shown("x", fine)) == ""
    assert pictures(["almost-black"])(answered("x")) == ""


def test_a_picture_is_looked_at_by_whoever_is_handed_in() -> None:
    seen = []
    judge = pictures(["long"], lambda path: seen.append(path) or ["small", "long"])
    assert judge(shown("x", "a", "a", "b")) == "a picture is long"
    assert seen == ["a"]


def test_a_word_that_is_no_flag() -> None:
    with pytest.raises(BadRecipe) as caught:
        pictures(["almost-blak"])
    assert str(caught.value) == (
        "filters.picture_flags  almost-blak is nothing that is noticed about a picture\n"
        "did you mean almost-black?"
    )
