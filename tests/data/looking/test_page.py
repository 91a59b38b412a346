from __future__ import annotations

import stat
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from medgpt_cli.data.looking.marking import Block, Piece
from medgpt_cli.data.looking.page import Card, Chip, Shown, data_uri, write_page

EVIL = "<script>alert(1)</script>"


class Reader(HTMLParser):
    """The tags and addresses of a page, and whether every tag is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def card(**changes: object) -> Card:
    words = {
        "place": EVIL,
        "chips": [Chip(EVIL, "fact"), Chip("identifies: name", "finding")],
        "images": [Shown(data_uri(Image.new("RGB", (4, 4))), "4 × 4"), Shown("", "is damaged")],
        "blocks": [
            Block("system", [Piece("text", EVIL, False, 3)]),
            Block(
                "assistant",
                [Piece("image", "0", False, 64), Piece("special", "<|end|>", True, 1, "<s>")],
            ),
        ],
        "tokens": 1234,
        "learnt": 1,
    }
    return Card(**{**words, **changes})


def test_the_page_stands_alone_says_what_it_holds_and_escapes_everything(tmp_path: Path) -> None:
    write_page(
        tmp_path / "p.html", [card(), card()], title=EVIL, model=EVIL, seen=2, side=112, max_tiles=1
    )
    page = (tmp_path / "p.html").read_text()
    read = Reader(page)
    assert not read.open
    assert not {"script", "link", "iframe", "form"} & set(read.tags)
    assert len(read.addresses) == 2
    assert all(address.startswith("data:image/png;base64,") for address in read.addresses)
    assert page.index("This page holds clinical text") < page.index("<h1>")
    assert "default-src 'none'" in page
    assert "1,234 tokens, 1 learnt" in page
    assert "learnt as &lt;s&gt;" in page
    assert "image 1 is damaged" in page
    assert page.count("<details open>") == 1  # the system message is shown once, and folded after that
    assert page.count("<details>") == 1


@pytest.mark.parametrize("mode", [0o755, 0o777, 0o770])
def test_only_its_owner_may_read_it_whatever_the_folder_allows(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(mode)
    write_page(folder / "p.html", [], title="x", model="tiny", seen=0, side=112, max_tiles=1)
    assert stat.S_IMODE((folder / "p.html").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["p.html"]


def test_a_page_that_cannot_be_finished_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "p.html").mkdir()
    (tmp_path / "p.html" / "x").touch()
    with pytest.raises(OSError, match=r"p\.html"):
        write_page(tmp_path / "p.html", [], title="x", model="tiny", seen=0, side=112, max_tiles=1)
    assert [path.name for path in tmp_path.iterdir()] == ["p.html"]
