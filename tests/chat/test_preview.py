import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from rich.text import Text

from medgpt_cli.chat.preview import COLUMNS, ROWS, Way, drawn, way
from medgpt_cli.chat.sixel import sixel


def console(colours: str = "truecolor", *, terminal: bool = True, plain: bool = False) -> Console:
    return Console(
        file=io.StringIO(),
        force_terminal=terminal,
        color_system=colours if terminal else None,  # type: ignore[arg-type]
        no_color=plain,
        width=100,
    )


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"TERM": "xterm-kitty"}, Way.KITTY),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, Way.KITTY),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, Way.ITERM),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, Way.ITERM),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, Way.ITERM),
        ({"TERM": "foot"}, Way.SIXEL),
        ({"TERM": "xterm-256color"}, Way.BLOCKS),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1", "TMUX": "/tmp/x"}, Way.BLOCKS),
        ({"TERM": "screen-256color", "TERM_PROGRAM": "iTerm.app"}, Way.BLOCKS),
        ({"TERM": "dumb", "KITTY_WINDOW_ID": "1"}, None),
        ({}, None),
    ],
)
def test_what_a_terminal_can_is_read_from_its_environment(
    env: dict[str, str], expected: Way | None
) -> None:
    assert way(console(), env) is expected


def test_no_picture_in_a_pipe_without_colour_or_with_few() -> None:
    env = {"TERM": "xterm-256color"}
    assert way(console(terminal=False), {**env, "TERM_PROGRAM": "iTerm.app"}) is None
    assert way(console(plain=True), env) is None
    assert way(console("standard"), env) is None


def halves() -> Image.Image:
    image = Image.new("L", (64, 64))
    image.paste(255, (32, 0, 64, 64))
    return image


def test_blocks_hold_two_pixels_each() -> None:
    text = drawn(halves(), Way.BLOCKS, 100)
    assert isinstance(text, Text)
    rows = text.split("\n")
    assert [row.plain for row in rows] == ["▀" * 2 * ROWS] * ROWS
    first, last = rows[0].spans[0].style, rows[-1].spans[-1].style
    assert (str(first), str(last)) == ("#000000 on #000000", "#ffffff on #ffffff")


@pytest.mark.parametrize(
    ("size", "columns", "expected"),
    [
        ((64, 64), 100, (32, 16)),
        ((400, 100), 100, (48, 6)),
        ((64, 64), 11, (10, 5)),
        ((1, 900), 80, (1, 16)),
    ],
)
def test_the_room_it_takes(size: tuple[int, int], columns: int, expected: tuple[int, int]) -> None:
    found = drawn(Image.new("L", size), Way.KITTY, columns)
    match = re.search(r"c=(\d+),r=(\d+),", str(found))
    assert match
    assert tuple(map(int, match.groups())) == expected
    assert expected[0] <= COLUMNS


def test_kitty_is_given_a_picture_in_pieces_and_asked_for_no_answer() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (300, 300), dtype=np.uint8))
    text = str(drawn(noise, Way.KITTY, 100))
    pieces = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", text)
    assert "".join(f"\x1b_G{keys};{data}\x1b\\" for keys, data in pieces) == text
    assert all(len(data) <= 4096 for _, data in pieces)
    assert "q=2" in pieces[0][0]
    assert [keys[-3:] for keys, _ in pieces] == ["m=1"] * (len(pieces) - 1) + ["m=0"]
    data = base64.b64decode("".join(data for _, data in pieces))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data)).convert("L")), np.asarray(noise))


def test_iterm_is_given_a_picture() -> None:
    match = re.fullmatch(
        r"\x1b\]1337;File=inline=1;size=(\d+);width=32;height=16;preserveAspectRatio=1:(.*)\x07",
        str(drawn(halves(), Way.ITERM, 100)),
    )
    assert match
    data = base64.b64decode(match[2])
    assert len(data) == int(match[1])
    assert Image.open(io.BytesIO(data)).size == (64, 64)


def read_sixel(text: str) -> np.ndarray:
    """A small decoder, written from the format's description."""
    match = re.fullmatch(r'\x1bP0;1q"1;1;(\d+);(\d+)(.*)\x1b\\', text, re.DOTALL)
    assert match
    width, height = int(match[1]), int(match[2])
    image = np.zeros((height + 6, width), dtype=int) - 1
    colours: dict[int, int] = {}
    x = y = colour = 0
    for part in re.finditer(
        r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|(\$)|(-)", match[3]
    ):
        define, red, _, _, use, count, repeated, sign, back, down = part.groups()
        if define is not None:
            colours[int(define)] = round(int(red) * 2.55)
        elif use is not None:
            colour = int(use)
        elif back or down:
            x, y = 0, y + 6 * bool(down)
        else:
            bits = ord(repeated or sign) - 63
            run = slice(x, x + int(count or 1))
            for bit in range(6):
                if bits >> bit & 1:
                    image[y + bit, run] = colours[colour]
            x = run.stop
    return image[:height]


@pytest.mark.parametrize("size", [(7, 5), (20, 13), (64, 48)])
def test_sixel_draws_the_picture(size: tuple[int, int]) -> None:
    image = Image.radial_gradient("L").resize(size)
    found = read_sixel(sixel(image.convert("RGB")))
    assert found.min() >= 0  # every pixel was drawn
    assert np.abs(found - np.asarray(image).astype(int)).max() <= 8
    assert isinstance(drawn(image, Way.SIXEL, 100), str)
