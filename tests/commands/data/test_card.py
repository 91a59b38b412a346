"""`medgpt data card`, and `stats` and `preview` of a prepared set, as a person sees them."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from medgpt_cli.app import main


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared set of twenty records of ten patients."""
    folder = tmp_path_factory.mktemp("prepared")
    Image.effect_noise((90, 70), 50).save(folder / "a.png")
    records = [
        {"question": f"Sign number {n}?", "answer": f"seen in Jane {n}", "patient_id": f"p{n // 2}",
         "source": "own", "licence": "CC0-1.0", "split": ("train", "test")[n // 2 % 2]}
        for n in range(20)
    ]  # fmt: skip
    records[0]["image"] = "a.png"
    (folder / "own.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    words = ["data", "prep", str(folder / "own.jsonl"), "--out", str(folder / "set"), "--workers", "1"]
    assert main([*words, "--quiet"]) == 0
    return folder / "set"


def test_a_card_on_the_screen_or_in_a_file(medgpt: Callable[..., Any], prepared: Path) -> None:
    done = medgpt("data", "card", str(prepared))
    assert (done.code, done.err) == (0, "")
    header = "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/train-*.parquet\n"
    header += "  - split: test\n    path: data/test-*.parquet\n---\n"
    assert done.out.startswith(f"{header}\n# Datasheet of set\n")
    assert "| own | CC0-1.0 | 20 |" in done.out
    assert "Jane" not in done.out
    written = medgpt("data", "card", str(prepared), "--out", "card.md")
    assert written == (0, "card.md: 19 questions are left to be answered by a person\n", "")
    assert Path("card.md").read_text() == done.out
    assert not stat.S_IMODE(Path("card.md").stat().st_mode) & 0o007


def test_what_is_refused(medgpt: Callable[..., Any], prepared: Path) -> None:
    Path("there.md").write_text("mine")
    for words, code, message in (
        ((str(prepared), "--out", "there.md"), 2, "there.md exists"),
        ((str(prepared), "--out", ".", "--force"), 2, ". is a folder"),
        ((str(prepared), "--out", "no/card.md"), 3, "there is no such folder"),
        (("gone",), 3, "gone  there is no such folder"),
        (
            ("there.md",),
            3,
            "there.md  is no prepared set, and only one has a manifest\nmake one: medgpt data prep",
        ),
    ):
        done = medgpt("data", "card", *words)
        assert (done.code, done.out) == (code, "")
        assert message in done.err
    assert Path("there.md").read_text() == "mine"
    assert medgpt("data", "card", str(prepared), "--out", "there.md", "--force").code == 0


def test_an_unfinished_set_is_refused(medgpt: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "preparation.json").write_text('{"state": "running", "kind": "data prep"}')
    for command in ("card", "stats"):
        done = medgpt("data", command, "half")
        assert done.code == 3
        assert "the preparation has not finished" in done.err


def test_stats_of_a_prepared_set(medgpt: Callable[..., Any], prepared: Path) -> None:
    document = json.loads(medgpt("data", "stats", str(prepared), "--json").out)
    assert (document["kind"], document["records"], document["patients"]) == ("prepared set", 20, 10)
    assert document["splits"] == {"train": 10, "test": 10}
    assert document["prepared"]["apart"]["keys_in_two_splits"] == 0
    assert list(document["access"].values()) == ["local"]
    table = medgpt("data", "stats", str(prepared))
    assert "apart: keys in two splits" in table.out
    assert "None" not in table.out
    assert "Jane" not in table.out


def test_preview_of_one_split(medgpt: Callable[..., Any], prepared: Path) -> None:
    done = medgpt("data", "preview", str(prepared), "--out", "p.html", "--split", "test", "-n", "20")
    assert done == (0, "p.html\n", "")
    page = Path("p.html").read_text()
    assert len(re.findall(r"test-00000-of-00001\.parquet:\d+", page)) == 10
    assert '<span class="chip fact">train' not in page
    done = medgpt("data", "preview", str(prepared), "--out", "q.html", "--split", "validation")
    assert (done.code, done.out) == (2, "")
    assert "has no split validation\nit has train, test" in done.err
