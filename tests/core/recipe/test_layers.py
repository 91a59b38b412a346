from __future__ import annotations

from typing import Any

import pytest

from medgpt_cli.core.recipe.layers import DEFAULT, Origin, Sheet, dotted

FILE = Origin("r.yaml:1", "r.yaml:1", (2, 1))
TYPED = Origin("command line", "k=v", (3, 1))


def sheet(tree: dict[str, Any]) -> Sheet:
    made = Sheet()
    made.lay(tree, lambda _: DEFAULT)
    return made


def test_maps_merge_and_lists_replace() -> None:
    laid = sheet({"train": {"lr": 1, "seed": 0}, "mix": ["a", "b"]})
    laid.lay({"train": {"lr": 2}, "mix": ["c"]}, lambda _: FILE)
    assert laid.tree == {"train": {"lr": 2, "seed": 0}, "mix": ["c"]}
    assert {dotted(keys): laid.origin(keys).name for keys, _ in laid.leaves()} == {
        "train.lr": "r.yaml:1",
        "train.seed": "default",
        "mix.0": "r.yaml:1",
    }


def test_the_origin_of_a_replaced_list_does_not_linger() -> None:
    laid = sheet({"mix": []})
    laid.lay({"mix": ["a", "b"]}, lambda _: FILE)
    laid.put(("mix",), [], TYPED)
    assert laid.origin(("mix",)) is TYPED
    assert laid.origin(("mix", 1)) is TYPED  # the nearest thing that holds it


@pytest.mark.parametrize("empty", ["train", "mix"])
def test_a_section_or_list_with_nothing_in_it(empty: str) -> None:
    laid = sheet({"train": {"lr": 1}, "mix": ["a"]})
    laid.lay({empty: None}, lambda _: FILE)
    assert laid.tree == {"train": {"lr": 1}, "mix": [] if empty == "mix" else ["a"]}


def test_what_is_laid_is_not_changed_later() -> None:
    tree = {"a": {"b": 1}}
    laid = sheet(tree)
    laid.put(("a", "b"), 2, TYPED)
    assert tree == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("keys", "tree"),
    [
        (("lr",), {"lr": 9, "mix": [{"path": "a"}]}),
        (("mix", 0, "path"), {"lr": 1, "mix": [{"path": 9}]}),
        (("new", "deep", "er"), {"lr": 1, "mix": [{"path": "a"}], "new": {"deep": {"er": 9}}}),
    ],
)
def test_put(keys: tuple[str | int, ...], tree: dict[str, Any]) -> None:
    laid = sheet({"lr": 1, "mix": [{"path": "a"}]})
    assert laid.put(keys, 9, TYPED) is None
    assert laid.tree == tree
    assert laid.origin(keys) is TYPED
    assert laid.origin(keys[:1]) is (DEFAULT if keys[0] == "mix" else TYPED)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (("mix", 1), "mix has 1 items, so there is no item 1 (the first is 0)"),
        (("mix", "path"), "mix has 1 items, so there is no item path (the first is 0)"),
        (("lr", "x"), "lr is a value, so nothing can stand below it"),
    ],
)
def test_put_where_nothing_can_stand(keys: tuple[str | int, ...], says: str) -> None:
    laid = sheet({"lr": 1, "mix": ["a"]})
    assert laid.put(keys, 9, TYPED) == says


def test_get_stops_at_what_is_no_map() -> None:
    laid = sheet({"a": {"b": 1}, "c": 2})
    assert (laid.get(("a", "b")), laid.get(("c", "b")), laid.get(("x",))) == (1, None, None)
