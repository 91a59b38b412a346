from __future__ import annotations

import os
from pathlib import Path

import pytest

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.paths import ImageRoot


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    """a.png and sub/b.png inside; secret.png and a sibling whose name begins alike outside."""
    root = tmp_path / "set"
    (root / "sub").mkdir(parents=True)
    (tmp_path / "set-b").mkdir()
    for path in (root / "a.png", root / "sub/b.png", tmp_path / "secret.png", tmp_path / "set-b/a.png"):
        path.touch()
    return root


def refusal(root: Path, written: str) -> str:
    with pytest.raises(BadImage) as caught:
        ImageRoot(root).resolve(written)
    return caught.value.what


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("a.png", "a.png"),
        ("./sub//b.png", "sub/b.png"),
        ("sub/../a.png", "a.png"),
        ("../set/a.png", "a.png"),
        ("a.png#frame=0", "a.png#frame=0"),
        ("a.png#frame=12", "a.png#frame=12"),
        ("./a.png#plane=axial&slice=040&window=40/400", "a.png#plane=axial&slice=040&window=40/400"),
        ("sub/../a.png#row=3&column=image&item=1", "a.png#row=3&column=image&item=1"),
    ],
)
def test_paths_inside_are_absolute(root: Path, written: str, found: str) -> None:
    assert ImageRoot(root).resolve(written) == f"{root}/{found}"


def test_an_absolute_path_inside_is_fine(root: Path) -> None:
    assert ImageRoot(root).resolve(f"{root}/a.png") == f"{root}/a.png"


def test_symlinks_are_followed_inside(root: Path) -> None:
    (root / "link.png").symlink_to("a.png")
    (root / "folder").symlink_to("sub")
    resolve = ImageRoot(root).resolve
    assert (resolve("link.png"), resolve("folder/b.png")) == (f"{root}/a.png", f"{root}/sub/b.png")


def test_a_root_may_be_a_symlink_or_relative(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root.parent / "alias").symlink_to(root)
    monkeypatch.chdir(root.parent)
    for given in (root.parent / "alias", Path("set"), Path("alias")):
        assert ImageRoot(given).resolve("a.png") == f"{root}/a.png"


@pytest.mark.parametrize(
    "written",
    [
        "../secret.png",
        "sub/../../secret.png",
        "../set-b/a.png",
        "/",
        "..",
        "folder/secret.png",
        "link.png",
    ],
)
def test_what_leaves_the_folder_is_refused(root: Path, written: str) -> None:
    (root / "folder").symlink_to("..")
    (root / "link.png").symlink_to("../secret.png")
    assert refusal(root, written) == "leaves the folder it is relative to"


@pytest.mark.parametrize(
    "written", ["c.png", "a.png/b.png", "~/a.png", "%61.png", "sub/a.png#frame=1", "dangling.png"]
)
def test_what_is_not_there_is_missing(root: Path, written: str) -> None:
    (root / "dangling.png").symlink_to("gone.png")
    assert refusal(root, written) == "there is no such file"


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (".", "is a folder, not a file"),
        ("sub", "is a folder, not a file"),
        ("sub/", "is a folder, not a file"),
        ("pipe", "is a pipe, not a file"),
        ("loop", "cannot be reached: Too many levels of symbolic links"),
        ("x" * 300, "cannot be reached: File name too long"),
        ("a\n.png", "holds control characters"),
        ("a\x00.png", "holds control characters"),
        (" ", "is empty"),
        ("#frame=1", "is empty"),
        ("a.png#frame=", "names a frame that is not a number"),
        ("a.png#frame=-1", "names a frame that is not a number"),
        ("a.png#frame=1.5", "names a frame that is not a number"),
        ("a.png#frame=" + "9" * 99, "names a frame that is not a number"),
        ("a.png#frame=1&frame=1", "names frame twice"),
        ("a.png#fame=1", "has a word behind its # that is not known"),
        ("HTTPS://x/a.png", "is a URL, and URLs in records are never followed"),
        ("gs:bucket/a.png", "is a URL, and URLs in records are never followed"),
        ("javascript:alert(1)", "is a URL, and URLs in records are never followed"),
        ("//server/share/a.png", "leaves the folder it is relative to"),
        ("D:/a.png", "is a Windows or network path"),
        ("sub\\b.png", "is a Windows or network path"),
    ],
)
def test_what_is_no_image_path_is_named(root: Path, written: str, what: str) -> None:
    os.mkfifo(root / "pipe")
    (root / "loop").symlink_to("loop")
    assert refusal(root, written) == what


def test_a_colon_alone_makes_no_url(root: Path) -> None:
    (root / "ct:1.png").touch()
    assert ImageRoot(root).resolve("ct:1.png") == f"{root}/ct:1.png"


def test_the_path_is_never_in_the_message(root: Path) -> None:
    for written in ("Doe_Jane.png", "/Doe_Jane.png", "http://x/Doe_Jane", "Doe_Jane#frame=x"):
        with pytest.raises(BadImage) as caught:
            ImageRoot(root).resolve(written)
        assert "Jane" not in str(caught.value)
