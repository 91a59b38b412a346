"""The chat page in a real Chromium: an image in, a question, an answer, and what a person sees meanwhile."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from medgpt_cli.data.images.reading import open_image
from tests.data.images.pictures import dicom, save
from tests.pictures import film
from tests.serving.browser import CHROMIUM, Browser, browser
from tests.serving.serving import Here, Model, serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="not run: there is no Chromium on this machine"),
]

TOKEN = "0123456789abcdef"
ANSWER = "A **frontal** chest film.\n\n- The lungs are clear.\n- `No` effusion.\n\n<script>alert(1)</script> <b>x</b>"


@pytest.fixture
def model() -> Model:
    return Model(*re.findall(r"\S+\s*", ANSWER), thinking="Two dark fields.")


@pytest.fixture
def here(model: Model) -> Iterator[Here]:
    with serving(model, TOKEN) as here:
        yield here


@pytest.fixture
def page(here: Here, tmp_path: Path) -> Iterator[Browser]:
    with browser(tmp_path / "profile") as page:
        page.size(1200, 850)
        page.go(here.address)
        yield page
        others = [url for url in page.requests if not url.startswith((here.address, "data:", "blob:"))]
        assert not [url for url in others if url != "about:blank"]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    grey = np.asarray(film(3).convert("L")).astype(np.int16) * 8 - 1000
    tags = {"Modality": "CT", "RescaleIntercept": "0", "RescaleSlope": "1"}
    slice_ = save(dicom(grey, WindowCenter="40", WindowWidth="400", **tags), tmp_path / "slice.dcm")
    film(5, 300, 340).save(tmp_path / "film.png")
    return tmp_path / "film.png", slice_


def screenshot(page: Browser, tmp_path: Path, name: str) -> np.ndarray:
    from PIL import Image

    path = page.shoot(tmp_path / f"{name}.png")
    if folder := os.environ.get("MEDGPT_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder)
    return np.asarray(Image.open(path).convert("L"))


def show_token(page: Browser) -> None:
    page.wait("document.querySelector('#door').open")
    page.run("document.querySelector('#token').focus()")
    page.type(TOKEN)
    page.press("Enter", 13, "\r")


def test_images_a_window_a_question_an_answer_and_another(
    page: Browser, model: Model, files: tuple[Path, Path], tmp_path: Path
) -> None:
    assert screenshot(page, tmp_path, "empty").mean() > 200
    assert page.run("document.activeElement.id") == "question"
    page.choose("#file", *files)
    show_token(page)
    page.wait("document.querySelectorAll('#strip img').length === 2")
    page.click("#strip li:nth-child(2) .see")
    page.wait("document.querySelector('#viewer').open")
    assert page.run("[level.value, width.value]") == ["40", "400"]
    before = page.run("document.querySelector('#viewer-picture').src")
    page.click("#presets button:nth-child(2)")
    page.wait("document.querySelector('#level').value === '-600'")
    assert page.run("document.querySelector('#viewer-picture').src") != before
    screenshot(page, tmp_path, "window")
    page.click("#viewer-close")
    page.run("document.querySelector('#question').focus()")
    page.type("Is it normal?")
    page.press("Enter", 13, "\r")
    page.wait("document.querySelector('.below')")

    assert page.run("document.querySelectorAll('.answer li').length") == 2
    assert page.run("document.querySelector('.answer strong').textContent") == "frontal"
    assert page.run("document.querySelectorAll('.answer script, .answer b').length") == 0
    assert "<script>alert(1)</script>" in page.run("document.querySelector('.answer').textContent")
    assert page.run("document.querySelector('details p').textContent") == "Two dark fields."
    assert "tokens/s" in page.run("document.querySelector('.below').textContent")
    assert page.run("document.querySelector('#status').textContent").startswith("Answer: A **frontal**")
    png, slice_ = files
    for seen, path in zip(model.seen, (str(png), f"{slice_}#window=-600/1500"), strict=True):
        assert np.array_equal(np.asarray(seen), np.asarray(open_image(path)))

    page.type("And now?")
    page.press("Enter", 13, "\r")
    page.wait("document.querySelectorAll('.below').length === 2")
    turns, _ = model.asked[-1]
    assert [turn.text for turn in turns] == ["Is it normal?", ANSWER, "And now?"]
    assert len(model.seen) == 2  # earlier turns keep their images

    bright = screenshot(page, tmp_path, "answer")
    page.click("#theme")
    dark = screenshot(page, tmp_path, "dark")
    assert dark.mean() < 80 < 180 < bright.mean()
    page.size(400, 800)
    screenshot(page, tmp_path, "narrow")
    assert page.run("document.documentElement.scrollWidth") == 400
    assert (
        page.complaints
        == ["Failed to load resource: the server responded with a status of 401 (Unauthorized)"] * 2
    )


def test_keyboard_drop_stop_copy_and_export(
    page: Browser, model: Model, files: tuple[Path, Path], tmp_path: Path
) -> None:
    import threading

    page.run(f"sessionStorage.setItem('medgpt-token', '{TOKEN}')")
    content = list(files[1].read_bytes())
    page.run(
        "(() => { const brought = new DataTransfer();"
        f"brought.items.add(new File([new Uint8Array({content})], 'dropped.dcm'));"
        "brought.items.add(new File(['no picture'], 'notes.txt'));"
        "for (const kind of ['dragenter', 'drop'])"
        "  window.dispatchEvent(new DragEvent(kind, { dataTransfer: brought, cancelable: true })); })()"
    )
    page.wait("document.querySelectorAll('#strip img, #strip .fault').length === 2")
    assert "notes.txt: the picture is no image format" in page.run("strip.textContent")

    go_on = threading.Event()
    words = iter(range(1000))
    model.words = ("on and ",) * 1000
    model.between = lambda: go_on.wait(20) if next(words) == 3 else None
    page.type("Go on.")
    page.press("Enter", 13, "\r")
    page.wait("document.querySelector('.answer').textContent.startsWith('on and')")
    assert page.run("getComputedStyle(document.querySelector('#stop')).display") != "none"
    page.press("Escape", 27)
    page.wait("document.querySelector('.below')")
    go_on.set()
    assert model.stopped.wait(20)
    assert "stopped" in page.run("document.querySelector('.below').textContent")

    page.run("navigator.clipboard.writeText = async (text) => { globalThis.taken = text; }")
    page.click(".below button")
    assert page.run("globalThis.taken").startswith("on and")
    page.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path / "out"))
    page.click("#export")
    end = 200
    while not (saved := list((tmp_path / "out").glob("medgpt-*.html"))) and (end := end - 1):
        page.run("new Promise((done) => setTimeout(done, 50))")
    text = saved[0].read_text()
    for expected in (
        "Go on.",
        "on and",
        "(stopped)",
        "data:image/png;base64,",
        "Research software &amp;",
    ):
        assert expected in text
    assert "<script" not in text
    assert text.count("<style>") == 1
    assert not [c for c in page.complaints if "400 (Bad Request)" not in c]


REPORT = """FINDINGS: 2*3*4 cm, **grown**
+ 5 mm, > 3 cm, *x* and snake_case_word
| measure | cm |
|---|--:|
| a | 4 | 5 |
12. twelfth
   - deeper
14. fourteenth"""


def test_a_report_is_not_garbled(page: Browser) -> None:
    page.run(
        "import(document.querySelector('script[type=module]').src.replace('chat.js', 'markdown.js')).then((read) => {"
        f"const box = document.createElement('div'); box.append(...read.markdown({REPORT!r}));"
        "globalThis.drawn = box.innerHTML; })"
    )
    page.wait("globalThis.drawn")
    assert page.run("globalThis.drawn") == (
        "<p>FINDINGS: 2*3*4 cm, <strong>grown</strong><br>+ 5 mm, &gt; 3 cm, <em>x</em> and snake_case_word</p>"
        '<div class="scroll"><table><thead><tr><th>measure</th><th>cm</th></tr></thead>'
        "<tbody><tr><td>a</td><td>4</td><td>5</td></tr></tbody></table></div>"
        '<ol><li value="12">twelfth</li></ol><ul><li class="deeper">deeper</li></ul>'
        '<ol><li value="14">fourteenth</li></ol>'
    )
