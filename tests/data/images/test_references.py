from __future__ import annotations

import pytest

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.references import Reference, read_reference


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a.png", Reference("a.png")),
        ("a#b.png", Reference("a#b.png")),
        ("a#1=2.png", Reference("a#1=2.png")),
        ("x.dcm#frame=12", Reference("x.dcm", frame=12)),
        ("ct.dcm#window=-600/1500", Reference("ct.dcm", window=(-600.0, 1500.0))),
        ("ct.dcm#frame=0&window=40.5/400", Reference("ct.dcm", frame=0, window=(40.5, 400.0))),
        ("s.nii.gz#plane=axial&slice=40", Reference("s.nii.gz", plane="axial", slice=40)),
        (
            "s.nii#slice=1&plane=coronal&volume=2&window=40/400",
            Reference("s.nii", plane="coronal", slice=1, volume=2, window=(40.0, 400.0)),
        ),
        (
            "s.svs#x=-10&y=700&width=512&height=256&level=1",
            Reference("s.svs", x=-10, y=700, width=512, height=256, level=1),
        ),
        ("p.parquet#row=17&column=my image", Reference("p.parquet", row=17, column="my image")),
        ("p.arrow#row=0&column=a=b&item=1", Reference("p.arrow", row=0, column="a=b", item=1)),
        ("a#frame=1#frame=2", Reference("a#frame=1", frame=2)),
    ],
)
def test_what_stands_behind_the_mark(written: str, expected: Reference) -> None:
    assert read_reference(written) == expected


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("a#frame=1&frame=1", "names frame twice"),
        ("a#plane=axial&slice=1&slice=2", "names slice twice"),
        ("a#silce=1", "has a word behind its # that is not known"),
        ("a#frame=1&", "has a word behind its # that is not known"),
        ("a#path=b", "has a word behind its # that is not known"),
        ("a#Frame=1", "has a word behind its # that is not known"),
        ("a#frame=", "names a frame that is not a number"),
        ("a#frame=-1", "names a frame that is not a number"),
        ("a#frame=٣", "names a frame that is not a number"),
        ("a#slice=1.5", "names a slice that is not a number"),
        ("a#x=--1", "names a x that is not a number"),
        ("a#width=-1", "names a width that is not a number"),
        ("a#row=9999999999", "names a row that is not a number"),
        ("a#plane=oblique", "names a plane that is not known"),
        ("a#column=", "names no column"),
        ("a#row=1&column=a\x1b[2J", "names no column"),
        ("a#window=40", "names a window that is not centre/width"),
        ("a#window=40/0", "names a window that is not centre/width"),
        ("a#window=nan/1", "names a window that is not centre/width"),
        ("a#window=1e9/1", "names a window that is not centre/width"),
    ],
)
def test_what_cannot_be_read_is_refused(written: str, what: str) -> None:
    with pytest.raises(BadImage) as caught:
        read_reference(written)
    assert caught.value.what == what
    assert caught.value.repair


def test_a_piece_of_a_files_name_is_not_repeated() -> None:
    with pytest.raises(BadImage) as caught:
        read_reference("a#doe=jane")
    assert "doe" not in str(caught.value)


def test_words_that_do_not_fit_are_named() -> None:
    reference = read_reference("a#frame=1&plane=axial&slice=3")
    reference.only("x", "frame", "plane", "slice")
    with pytest.raises(BadImage) as caught:
        reference.only("PNG", "frame")
    assert str(caught.value) == "is PNG and cannot be asked for plane, slice\nit takes frame"
