"""The chat page as it is served: its markup, its headers, its files, and the pictures it asks for."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medgpt_cli.data.images.letterbox import letterbox
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.serving import page
from medgpt_cli.serving.page import FILES
from tests.data.images.pictures import dicom, save
from tests.serving.serving import MODEL, Here, Model, serving

OCTETS = {"Content-Type": "application/octet-stream"}
FOLDER = Path(page.__file__).parent


@pytest.fixture(scope="module")
def here() -> Iterator[Here]:
    with serving(Model(), body_bytes=1_000_000) as here:
        yield here


class Markup(HTMLParser):
    """Every element with its attributes, and the text of all."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture(scope="module")
def markup(here: Here) -> Markup:
    return Markup(here.get("/").text)


def test_the_notice_and_the_model_stand_on_the_page_as_text(markup: Markup, here: Here) -> None:
    assert "Research software & <no> device." in markup.text
    assert MODEL in markup.text
    assert "{{" not in here.get("/").text


def test_nothing_comes_from_elsewhere(here: Here, markup: Markup) -> None:
    links = [
        value
        for _, attributes in markup.elements
        for name, value in attributes.items()
        if name in ("src", "href", "action")
    ]
    assert set(links) == {"#question", "/page/icon.svg", "/page/chat.css", "/page/chat.js"}
    for path in ("/", *FILES):
        text = here.get(path).text
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), path
        assert not re.search(r"innerHTML|document\.write|\beval\(|insertAdjacentHTML", text), path


def test_the_policy_allows_our_own_files_alone_and_the_page_needs_no_more(
    here: Here, markup: Markup
) -> None:
    for path in ("/", *FILES):
        reply = here.get(path)
        assert reply.status_code == 200
        policy = reply.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["content-type"].startswith(FILES.get(path, "text/html"))
    for _, attributes in markup.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    assert not markup.all("style")
    assert [script["type"] for script in markup.all("script")] == ["module"]


def test_every_file_in_the_folder_is_served_and_every_module_found() -> None:
    lying = {f"/page/{file.name}" for file in FOLDER.iterdir() if file.suffix not in (".py", "")}
    assert lying - {"/page/chat.html"} == set(FILES)
    for file in FOLDER.glob("*.js"):
        for module in re.findall(r'from "(.+?)"', file.read_text()):
            assert (FOLDER / module).is_file(), (file.name, module)


def test_ids_are_unique_and_all_that_scripts_look_for_are_there(markup: Markup) -> None:
    ids = [a["id"] for _, a in markup.elements if a.get("id")]
    assert len(ids) == len(set(ids))
    for file in FOLDER.glob("*.js"):
        wanted = re.findall(r'(?:\$|getElementById)\("([\w-]+)"\)', file.read_text())
        assert set(wanted) <= set(ids), file.name


def test_it_can_be_read_aloud_and_used_by_keyboard(markup: Markup) -> None:
    assert markup.all("html")[0]["lang"] == "en"
    labelled = {label["for"] for label in markup.all("label")}
    for field in markup.all("input", "textarea"):
        assert field["id"] in labelled or field.get("aria-hidden") == "true", field
    named = re.findall(r"<button[^>]*>", (FOLDER / "chat.html").read_text())
    for button in markup.all("button"):
        assert button["type"] in ("button", "submit")
    assert len(named) == len(markup.all("button"))
    for button, content in re.findall(
        r"<button([^>]*)>(.*?)</button>", (FOLDER / "chat.html").read_text(), re.S
    ):
        assert "aria-label=" in button or re.sub(r"<[^>]+>", "", content).strip(), button
    roles = [a.get("role") for _, a in markup.elements]
    assert {"status", "note", "alert"} <= set(roles)
    assert not [a for _, a in markup.elements if (a.get("tabindex") or "0") not in ("0", "-1")]
    for reference in ("aria-labelledby", "aria-describedby"):
        for _, attributes in markup.elements:
            assert attributes.get(reference) in (None, *(a.get("id") for _, a in markup.elements))


LIGHT_AND_DARK = [
    ("--ink", "--ground"),
    ("--ink", "--paper"),
    ("--ink", "--asked"),
    ("--faint", "--ground"),
    ("--faint", "--paper"),
    ("--accent", "--paper"),
    ("--on-accent", "--accent"),
    ("--fault", "--fault-ground"),
]


@pytest.mark.parametrize("block", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), LIGHT_AND_DARK)
def test_contrast_is_wcag_aa(block: int, text: str, ground: str) -> None:
    css = (FOLDER / "chat.css").read_text()
    colours = dict(re.findall(r"(--[\w-]+): (#\w+)", css.split("}")[block]))

    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 4.5


def ct(tmp_path: Path, **tags: Any) -> Path:
    values = np.linspace(-1000, 1000, 64 * 48).reshape(48, 64).astype(np.int16)
    if "NumberOfFrames" in tags:
        values = np.stack([values, -values])
    return save(
        dicom(values, Modality="CT", RescaleSlope="1", RescaleIntercept="0", **tags), tmp_path / "x.dcm"
    )


def shown(here: Here, content: bytes, asked: str = "") -> Any:
    return here.post(f"/page/picture{asked}", content=content, headers=OCTETS)


def picture(document: Any) -> Image.Image:
    head, _, packed = document["picture"].partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(packed)))


def test_dicom_is_shown_as_the_model_would_see_it(here: Here, tmp_path: Path) -> None:
    path = ct(tmp_path, WindowCenter="40", WindowWidth="400")
    own = shown(here, path.read_bytes()).json()
    lung = shown(here, path.read_bytes(), "?window=-600/1500").json()

    assert {name: own[name] for name in own if name != "picture"} == {
        "kind": "DICOM",
        "width": 64,
        "height": 48,
        "frames": 1,
        "window": [40, 400],
        "grey": True,
        "modality": "CT",
    }
    for document, reference in ((own, str(path)), (lung, f"{path}#window=-600/1500")):
        sent, read = letterbox(picture(document), 32), letterbox(open_image(reference), 32)
        assert np.array_equal(np.asarray(sent), np.asarray(read))
    assert own["picture"] != lung["picture"]


def test_one_of_several_frames(here: Here, tmp_path: Path) -> None:
    content = ct(tmp_path, NumberOfFrames=2).read_bytes()
    refused = shown(here, content)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"] == (
        "the picture holds 2 frames; name one with frame, counted from 0"
    )
    first, second = (shown(here, content, f"?frame={n}").json() for n in (0, 1))
    assert first["frames"] == 2
    assert first["picture"] != second["picture"]
    assert shown(here, content, "?frame=2").status_code == 400


def test_other_pictures_come_back_as_they_went(here: Here) -> None:
    packed = io.BytesIO()
    Image.radial_gradient("L").save(packed, "PNG")
    document = shown(here, packed.getvalue()).json()
    assert base64.b64decode(document["picture"].partition(",")[2]) == packed.getvalue()
    assert (document["kind"], document["grey"], document["window"]) == ("PNG", False, None)


@pytest.mark.parametrize(
    ("asked", "content", "status"),
    [
        ("", b"", 400),
        ("", b"no picture", 400),
        ("", b"x" * 1_000_001, 413),
        ("?frame=-1", b"x", 400),
        ("?frame=x", b"x", 400),
        ("?window=40", b"x", 400),
        ("?window=40/0", b"x", 400),
        ("?window=nan/1", b"x", 400),
    ],
)
def test_what_is_not_shown(here: Here, asked: str, content: bytes, status: int) -> None:
    refused = shown(here, content, asked)
    assert refused.status_code == status
    assert refused.json()["error"]["message"]


def test_the_page_opens_without_the_token_and_its_pictures_do_not() -> None:
    with serving(Model(), "0123456789abcdef") as here:
        for path in ("/", *FILES):
            assert here.get(path).status_code == 200
        assert shown(here, b"x").status_code == 401
