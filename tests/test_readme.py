"""What the README promises of the tree and of the commands is there."""

from __future__ import annotations

import re
from pathlib import Path

from medgpt_cli.commands import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def the_map() -> dict[str, list[str]]:
    """Paths named in the map, by the top-level folder above them."""
    block = README.split("## The map", 1)[1].split("```", 2)[1]
    found: dict[str, list[str]] = {}
    top = ""
    for line in block.strip().splitlines():
        if not line.startswith(" "):
            top = line.split()[0].rstrip("/")
            found[top] = []
        else:
            found[top].append(line.split()[0].rstrip("/"))
    return found


def test_the_map_names_what_is_there_and_misses_no_room() -> None:
    rooms = the_map()
    for top, names in rooms.items():
        for name in names:
            assert (ROOT / top / name).exists(), f"{top}/{name}"
    package = {
        path.name for path in (ROOT / "medgpt_cli").iterdir() if path.is_dir() and path.name[0] != "_"
    }
    assert package <= set(rooms["medgpt_cli"])


def test_every_command_in_the_readme_exists() -> None:
    typed = re.findall(r"medgpt ((?:[a-z]+ )?[a-z]+)(?= |`|$)", README, flags=re.M)
    named = [words for words in typed if any(words.startswith(c.split()[0]) for c in COMMANDS)]
    assert named
    for words in named:
        assert words in COMMANDS or words.split()[0] in COMMANDS, words


def test_dependencies_of_the_package_are_all_explained() -> None:
    project = (ROOT / "pyproject.toml").read_text().split("[project.scripts]")[0]
    block = project.split("dependencies = [", 1)[1]
    runtime = re.findall(r'"([a-z0-9-]+)[>=<\[]', block.split("dev = [")[0])
    table = README.split("## Dependencies", 1)[1].split("## The map", 1)[0].lower()
    assert runtime
    missing = [name for name in runtime if name not in table and name != "medgpt"]
    assert not missing
