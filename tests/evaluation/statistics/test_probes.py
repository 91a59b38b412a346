from typing import Any

import pytest
from PIL import Image

from medgpt_cli.core.types import Place, Role, Turn
from medgpt_cli.data.images.letterbox import FILL
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.evaluation.items import Item
from medgpt_cli.evaluation.statistics import probes
from medgpt_cli.evaluation.statistics.probes import blanked, effect, swapped


def item(name: str, *images: str, case: str = "", shots: tuple[str, ...] = ()) -> Item:
    """A question about pictures of a case, examples with pictures before it."""
    turns = tuple(Turn(Role.USER, (number, "example")) for number in range(len(shots)))
    own = tuple(range(len(shots), len(shots) + len(images)))
    return Item(
        id=name,
        place=Place("my.jsonl", 1),
        turns=(*turns, Turn(Role.USER, (*own, "Which side?"))),
        images=(*shots, *images),
        gold="left",
        letters=(),
        options=(),
        group="g",
        cluster=case or name,
    )


def test_a_blank_picture_is_nothing_but_padding() -> None:
    image = open_image(probes.BLANK)
    assert image.getcolors() == [(64 * 64, FILL)]
    assert isinstance(image, Image.Image)


def test_blanked_items_show_nothing_and_ask_the_same() -> None:
    items = [item("a", "a1.png", "a2.png"), item("b"), item("c", "c.png", shots=("s.png",))]
    first, second = blanked(items)
    assert (first.id, first.images) == ("a", (probes.BLANK, probes.BLANK))
    assert (second.id, second.images) == ("c", ("s.png", probes.BLANK))
    assert [first.turns, first.prompt_hash] == [items[0].turns, items[0].prompt_hash]


def test_swapped_items_show_another_case() -> None:
    items = [item(f"{case}{n}", f"{case}.png", case=case) for case in "abcdef" for n in range(3)]
    items += [item("pair", "p1.png", "p2.png"), item("couple", "q1.png", "q2.png"), item("text")]
    made = swapped(items, seed=4)
    assert [one.id for one in made] == [one.id for one in items[:-1]]
    for before, after in zip(items, made, strict=False):
        assert len(after.images) == len(before.images)
        assert not set(after.images) & set(before.images)
        assert (after.turns, after.gold, after.cluster) == (before.turns, before.gold, before.cluster)
    # One case gives its picture to one other: all are shown as often as before.
    assert sorted(one.images for one in made) == sorted(one.images for one in items[:-1])
    assert made == swapped(items, seed=4)
    assert made != swapped(items, seed=5)
    assert {one.id: one.images for one in swapped(items[::-1], seed=4)}["a0"] == made[0].images


def test_examples_keep_their_pictures() -> None:
    items = [item(case, f"{case}.png", shots=("s.png", "t.png")) for case in "ab"]
    assert [one.images for one in swapped(items)] == [
        ("s.png", "t.png", "b.png"),
        ("s.png", "t.png", "a.png"),
    ]


def test_what_has_no_other_case_is_left_out() -> None:
    assert swapped([item("a", "a.png", case="x"), item("b", "b.png", case="x")]) == []
    assert swapped([item("a", "same.png"), item("b", "same.png")]) == []
    assert [one.images for one in swapped([item(n, f"{n[0]}.png") for n in ("a", "a2", "b")])] == [
        ("b.png",),
        ("b.png",),
        ("a.png",),
    ]


CASES = [f"{n:03}" for n in range(40)]
HALF = [1.0] * 20 + [0.0] * 20
NONE, ALL = [0.0] * 40, [1.0] * 40


@pytest.mark.parametrize(
    ("probe", "plain", "probed", "flips", "ends"),
    [
        ("blanked", ALL, HALF, 0.5, "; the model looks at the image"),
        ("swapped", HALF, ALL, 0.5, "; the image misleads the model: it answers better without it"),
        ("blanked", HALF, HALF, 0.0, "; no sign that the model looks at the image"),
        ("blanked", NONE, NONE, 0.0, "; nothing was right to begin with, so this cannot tell"),
        ("swapped", NONE, HALF, 0.5, "; the image misleads the model: it answers better without it"),
        ("reordered", ALL, HALF, 0.5, "; the order of the options matters: it knew them by their place"),
        ("reordered", HALF, ALL, 0.5, "; the order of the options matters: theirs was against it"),
        ("reordered", HALF, HALF, 0.0, "; no sign that the order of the options matters"),
    ],
)
def test_effects(probe: str, plain: Any, probed: Any, flips: float, ends: str) -> None:
    found = effect(probe, plain, probed, CASES)
    assert found.flips == flips
    assert found.sentence.endswith(ends)
    assert found.sentence.startswith(
        f"{probes.PROBES[probe]}: the score goes from {sum(plain) / 40:.3f} to {sum(probed) / 40:.3f} (difference "
    )


def test_answers_that_change_and_stay_as_good_are_flips() -> None:
    """A model that is right half of the time for another reason is not one that looks at the image."""
    found = effect("swapped", HALF, HALF[::-1], CASES)
    assert (found.comparison.verdict, found.flips) == ("undecided", 1.0)
    assert found.sentence == (
        "every picture that of another case: the score goes from 0.500 to 0.500 (difference +0.000, 95 % "
        f"{found.comparison.low:+.3f} to {found.comparison.high:+.3f}); no sign that the model looks at the image; "
        f"a change of {found.comparison.visible:.3f} would have shown"
    )


def test_less_can_be_better() -> None:
    found = effect(
        "blanked",
        [1.0 + n / 80 for n in range(40)],
        [2.0 + n / 80 for n in range(40)],
        CASES,
        better="lower",
    )
    assert found.sentence == (
        "every picture blank: the score goes from 1.244 to 2.244; the model looks at the image"
    )
