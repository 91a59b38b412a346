from __future__ import annotations

from pathlib import Path
from typing import Any

from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import Fault, Unfit
from medgpt_cli.data.sources.making import by_name_alone, made

PLACE, ROOT = Place("a", 1), Path("/set")


def test_the_records_own_words_win_and_empty_ones_are_left_out() -> None:
    written = made(lambda: {"split": "test"}, PLACE, ROOT, split="train", source="s", id="")
    assert (written.record, written.fault) == ({"split": "test", "source": "s"}, "")


def test_every_fault_is_told_on_one_line() -> None:
    def unfit() -> dict[str, Any]:
        raise Unfit(Fault("question", "is empty"), Fault("", "has no answer"))

    written = made(unfit, PLACE, ROOT, source="s")
    assert (written.record, written.fault) == ({}, "question is empty; has no answer")


def test_a_variant_is_never_detected() -> None:
    assert not by_name_alone(Path("/"))


def test_control_characters_are_refused_whatever_file_they_come_from() -> None:
    written = made(lambda: {"text": "a\x1b[31m", "keys": ["a:b"]}, PLACE, ROOT)
    assert (written.record, written.fault) == ({}, "text holds control characters")
