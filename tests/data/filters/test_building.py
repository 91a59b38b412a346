from __future__ import annotations

import dataclasses

import pytest

from medgpt_cli.data.filters.building import build
from medgpt_cli.data.filters.settings import FilterSettings
from tests.data.filters.samples import answered, shown


def test_nothing_is_objected_to_that_was_not_named() -> None:
    assert build(FilterSettings()) == []


def test_every_setting_builds_its_filter_cheapest_first() -> None:
    settings = FilterSettings(
        min_characters=1,
        max_characters=10**6,
        min_words=1,
        max_words=10**5,
        languages=("en",),
        boilerplate=True,
        refusals=True,
        repetition=True,
        placeholders=True,
        truncated=True,
        priors=True,
        leaked_answers=True,
        picture_flags=("small",),
    )
    assert all(getattr(settings, each.name) for each in dataclasses.fields(settings))
    filters = build(settings, look=lambda path: ["small"])
    assert [each.name for each in filters] == [
        "length",
        "placeholders",
        "truncated",
        "refusals",
        "boilerplate",
        "priors",
        "leaked_answers",
        "repetition",
        "languages",
        "picture_flags",
    ]
    assert filters[-1](shown("x")) == "a picture is small"
    assert not any(each(answered("The heart is of normal size.")) for each in filters)


@pytest.mark.parametrize("bound", ["min_characters", "max_characters", "min_words", "max_words"])
def test_one_bound_is_enough(bound: str) -> None:
    assert [each.name for each in build(FilterSettings(**{bound: 1}))] == ["length"]
