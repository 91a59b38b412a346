"""Pictures on the shelf while several questions are open."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from medgpt_cli.serving.inline import Inline, Shelf


def test_a_picture_stays_while_any_question_has_it() -> None:
    shelf = Shelf(lambda data, frame, window: SimpleNamespace(image=data))  # type: ignore[arg-type, return-value]
    ours, theirs = Inline(b"a", None, None, "here"), Inline(b"a", None, None, "there")
    other: Any = Inline(b"b", None, None, "here")
    with shelf.holding([ours, other, ours]) as names:
        assert names[0] == names[2] != names[1]
        with shelf.holding([theirs]) as same:
            assert same == names[:1]
        assert shelf.open(names[0]) == b"a"
        assert shelf.open(names[1]) == b"b"
    for name in names:
        with pytest.raises(KeyError):
            shelf.open(name)
    assert not shelf._held
