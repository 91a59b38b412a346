"""`medgpt data preview`, as a person sees it."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from medgpt_cli.data.images.letterbox import letterbox

RECORDS = [
    {"question": "Is there a nodule?", "answer": "Unchanged from the prior study.", "image": "a.png"},
    {"messages": [{"role": "user", "content": "Who?"},
                  {"role": "assistant", "content": "MRN: 8842117, seen on 03/04/2019."}], "split": "train"},
    {"text": "A document with <script>alert(1)</script>", "facets": {"language": "en"}},
    {"image": "torn.png", "caption": "An image"},
]  # fmt: skip


@pytest.fixture(autouse=True)
def _here(medgpt: Callable[..., Any]) -> None:
    Image.radial_gradient("L").resize((140, 90)).save("a.png")
    Path("torn.png").write_bytes(Path("a.png").read_bytes()[:300])
    Path("mine.jsonl").write_text("\n".join(map(json.dumps, RECORDS)))


def test_a_page_and_nothing_on_the_screen_but_its_path(medgpt: Callable[..., Any]) -> None:
    assert medgpt("data", "preview", "mine.jsonl", "--out", "p.html") == (0, "p.html\n", "")
    assert stat.S_IMODE(Path("p.html").stat().st_mode) == 0o600
    page = Path("p.html").read_text()
    assert "4 of 4 records, as tiny will see them" in page
    for text in (
        "priors: compares with a picture that is not shown",
        "identifies: record number",
        "language: en",
        "image 0 is damaged or cut short",
        "140 × 90 pixels, seen at 112 × 112",
        html.escape("<script>"),
        '<span class="learnt">Unchanged from the prior study.</span>',
        '<span class="read">Is there a nodule?</span>',
        '<span class="s learnt">&lt;|return|&gt;</span>',
    ):
        assert text in page, text
    (uri,) = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    shown = Image.open(io.BytesIO(base64.b64decode(uri)))
    assert shown.tobytes() == letterbox(Image.open("a.png"), 112).tobytes()


def test_number_seed_and_split(medgpt: Callable[..., Any]) -> None:
    Path("many.jsonl").write_text("".join(json.dumps({"text": f"Text {n}"}) + "\n" for n in range(50)))

    def chosen(*words: str) -> list[str]:
        assert medgpt("data", "preview", "many.jsonl", "--out", "p.html", "--force", *words).code == 0
        return re.findall(r"many\.jsonl:(\d+)", Path("p.html").read_text())

    assert len(chosen()) == 12
    assert chosen("-n", "3") == chosen("-n", "3") != chosen("-n", "3", "--seed", "1")
    assert medgpt("data", "preview", "mine.jsonl", "--out", "q.html", "--split", "train").code == 0
    assert re.findall(r"mine\.jsonl:(\d+)", Path("q.html").read_text()) == ["2"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "error: --out is missing"),
        (("--out", "mine.jsonl"), 2, "mine.jsonl exists\nname another file with --out"),
        (("--out", ".", "--force"), 2, ". is a folder"),
        (("--out", "no/p.html"), 3, "no  there is no such folder"),
        (("--out", "p.html", "--split", "test"), 3, "holds no usable record of the split test"),
        (("--out", "p.html", "-n", "0"), 2, "-n takes a whole number of at least 1 and at most 500"),
    ],
)
def test_what_is_refused(medgpt: Callable[..., Any], words: tuple, code: int, message: str) -> None:
    before = Path("mine.jsonl").read_bytes()
    done = medgpt("data", "preview", "mine.jsonl", *words)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert Path("mine.jsonl").read_bytes() == before
    assert not Path("p.html").exists()
