"""The fixed prompts and pictures."""

from __future__ import annotations

import hashlib

import pytest

from medgpt_cli.export.prompts import PROMPTS, SIZES, picture


@pytest.mark.parametrize(
    ("name", "digest"), [("wide", "d0f6b0dcca91a9d6"), ("tall", "572e2c182b782a9a")]
)
def test_a_picture_is_the_same_everywhere(name: str, digest: str) -> None:
    drawn = picture(name)
    assert (drawn.size, drawn.mode) == (SIZES[name], "RGB")
    assert drawn.width != drawn.height
    assert hashlib.sha256(drawn.tobytes()).hexdigest()[:16] == digest


def test_there_are_prompts_with_and_without_pictures() -> None:
    assert {len(prompt.pictures) for prompt in PROMPTS} == {0, 1, 2}
    assert {name for prompt in PROMPTS for name in prompt.pictures} <= set(SIZES)
