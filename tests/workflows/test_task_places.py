from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import InputError
from medgpt_cli.data.sources.registry import find
from medgpt_cli.evaluation.tasks import catalogue
from medgpt_cli.workflows.task_places import folder_of, place_of
from tests.workflows.task_sets import NAMES, SETS, lay


@pytest.mark.parametrize("name", catalogue.names())
def test_among_all_sets_a_task_finds_its_own(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = everything(tmp_path_factory)
    declared = catalogue.find(name)
    place = place_of(name, declared, data)
    assert place.adapter.name == declared.reads[0]
    assert declared.reads[0].startswith(place.folder.name)


_BUILT: list[Path] = []


def everything(factory: pytest.TempPathFactory) -> Path:
    if not _BUILT:
        _BUILT.append(lay(factory.mktemp("all")))
    return _BUILT[0]


@pytest.mark.parametrize("name", NAMES)
def test_the_set_itself_may_be_named(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    SETS[name](folder)
    assert folder_of(find(name), folder) in (
        folder,
        folder / name,
    )  # Medbullets' files lie one further down


def test_a_folder_of_any_name_is_known_by_its_files(tmp_path: Path) -> None:
    SETS["slake"](tmp_path / "downloads")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "a.txt").write_text("")
    assert folder_of(find("slake"), tmp_path) == tmp_path / "downloads"
    assert folder_of(find("medqa"), tmp_path) is None


def test_the_hubs_cache_is_looked_into(tmp_path: Path) -> None:
    below = tmp_path / "datasets--BoKelvin--SLAKE/snapshots/0123"
    SETS["slake"](below)
    assert folder_of(find("slake"), tmp_path) == below


def test_a_set_that_lies_there_twice_has_to_be_named(tmp_path: Path) -> None:
    SETS["slake"](tmp_path / "one")
    SETS["slake"](tmp_path / "two")
    with pytest.raises(InputError) as caught:
        folder_of(find("slake"), tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}  slake lies in one, two\nname the one that is meant: --data {tmp_path}/one"
    )
    SETS["slake"](tmp_path / "slake")
    assert folder_of(find("slake"), tmp_path) == tmp_path / "slake"


def test_a_folder_of_the_sets_name_is_read_whatever_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "medqa").mkdir()
    assert folder_of(find("medqa"), tmp_path) == tmp_path / "medqa"
