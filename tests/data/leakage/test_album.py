"""Pictures met again: copies, cuts, mirrored and inverted ones, and none that only look alike."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageOps

from medgpt_cli.data.duplicates.pictures import image_print
from medgpt_cli.data.leakage.album import Album, Seen
from tests.pictures import film, symmetric

FILMS = [film(seed) for seed in range(16)]


def jpeg(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=75)
    return Image.open(buffer).convert("RGB")


def cut(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    width, height = image.size
    return image.crop(
        (
            round(left * width),
            round(top * height),
            round((1 - right) * width),
            round((1 - bottom) * height),
        )
    )


@pytest.fixture(scope="module")
def album() -> Album:
    found = Album()
    assert [found.add(image_print(image)) for image in FILMS[:8]] == list(range(8))
    return found


def test_the_same_pixels(album: Album) -> None:
    assert album.seen(image_print(FILMS[3])) == [Seen(3, True, 0, "")]


CHANGES = {
    "re-encoded": (jpeg, ""),
    "cut": (lambda image: jpeg(cut(image, 0.05, 0.05, 0.05, 0.05)), "cut"),
    "cut at one edge": (lambda image: cut(image, 0, 0.05, 0, 0), "cut"),
    "mirrored": (lambda image: jpeg(ImageOps.mirror(image)), "mirrored"),
    "inverted": (lambda image: jpeg(ImageOps.invert(image)), "inverted"),
    "both": (lambda image: ImageOps.invert(ImageOps.mirror(image)), "mirrored and inverted"),
    "one side": (lambda image: ImageOps.mirror(cut(image, 0.05, 0, 0, 0)), "mirrored, cut"),
    "all": (lambda image: jpeg(ImageOps.mirror(cut(image, 0.05, 0, 0.025, 0.05))), "mirrored, cut"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("number", range(8))
def test_a_changed_copy_is_met(album: Album, number: int, change: str) -> None:
    made, how = CHANGES[change]
    [seen] = album.seen(image_print(made(FILMS[number])))
    assert (seen.number, seen.exact, seen.how) == (number, False, how)


@pytest.mark.parametrize("change", [name for name in CHANGES if name != "re-encoded"])
@pytest.mark.parametrize("number", range(8, 12))
def test_a_picture_that_holds_the_one_looked_for_is_met(number: int, change: str) -> None:
    held = Album()
    held.add(image_print(FILMS[0]))
    held.add(image_print(CHANGES[change][0](FILMS[number])))
    [seen] = held.seen(image_print(FILMS[number]))
    assert (seen.number, seen.how) == (1, CHANGES[change][1])


@pytest.mark.parametrize("number", range(8, 16))
def test_other_films_are_not_met(album: Album, number: int) -> None:
    for made in (lambda image: image, *(made for made, _ in CHANGES.values())):
        assert album.seen(image_print(made(FILMS[number]))) == []


def test_black_pictures_are_not_each_other() -> None:
    held = Album()
    held.add(image_print(Image.new("RGB", (64, 64))))
    held.add(image_print(FILMS[0]))
    assert held.seen(image_print(Image.new("RGB", (64, 64)))) == []
    assert [seen.number for seen in held.seen(image_print(FILMS[0]))] == [1]


def test_one_picture_twice_in_the_album_is_met_twice() -> None:
    held = Album()
    for image in (FILMS[0], FILMS[0], jpeg(FILMS[0])):
        held.add(image_print(image))
    assert [(seen.number, seen.exact) for seen in held.seen(image_print(FILMS[0]))] == [
        (0, True),
        (1, True),
        (2, False),
    ]


def test_an_empty_album() -> None:
    assert Album().seen(image_print(FILMS[0])) == []


def test_a_picture_that_is_its_own_mirror_image_is_met_again_however_it_is_saved() -> None:
    both = [symmetric(seed, 250) for seed in range(20, 23)]
    album = Album()
    for each in both:
        album.add(image_print(each))
    for number, each in enumerate(both):
        for change in (
            jpeg,
            lambda image: jpeg(ImageOps.invert(image)),
            lambda image: jpeg(cut(image, 0, 0.05, 0, 0)),
        ):
            assert [seen.number for seen in album.seen(image_print(change(each)))] == [number]
        cut_one = Album()
        cut_one.add(image_print(jpeg(cut(each, 0, 0.05, 0, 0))))
        assert len(cut_one.seen(image_print(each))) == 1
