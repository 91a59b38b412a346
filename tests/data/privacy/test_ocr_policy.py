from __future__ import annotations

import pytest

from medgpt_cli.data.privacy.ocr_policy import OcrMode, to_read

SHOWN = {f"us{i}": "US" for i in range(3)} | {f"dx{i:03d}": "DX" for i in range(200)} | {"png": ""}


def ask(mode: OcrMode, bearing: frozenset[str] = frozenset()) -> tuple[set[str], list[str]]:
    asked: list[str] = []

    def bears_text(key: str) -> bool:
        asked.append(key)
        return key in bearing

    return to_read(SHOWN, mode, order=lambda key: key[::-1], bears_text=bears_text), asked


def test_off_and_all_ask_nobody() -> None:
    assert ask(OcrMode.OFF) == (set(), [])
    assert ask(OcrMode.ALL) == (set(SHOWN), [])


def test_risky_kinds_are_read_and_two_in_a_hundred_of_the_others() -> None:
    chosen, asked = ask(OcrMode.AUTO)
    assert {key for key in chosen if key.startswith("us")} == {"us0", "us1", "us2"}
    assert len([key for key in chosen if key.startswith("dx")]) == 4
    assert "png" in chosen
    assert sorted(asked) == sorted(key for key in chosen if not key.startswith("us"))


@pytest.mark.parametrize("order", [0, 1])
def test_one_that_bears_text_makes_all_be_read(order: int) -> None:
    sample = sorted(key for key in ask(OcrMode.AUTO)[0] if key.startswith("dx"))
    chosen, _ = ask(OcrMode.AUTO, frozenset({sample[order]}))
    assert len([key for key in chosen if key.startswith("dx")]) == 200


def test_the_sample_does_not_depend_on_the_order_of_files() -> None:
    back = to_read(
        dict(reversed(SHOWN.items())),
        OcrMode.AUTO,
        order=lambda key: key[::-1],
        bears_text=lambda _: False,
    )
    assert back == ask(OcrMode.AUTO)[0]
