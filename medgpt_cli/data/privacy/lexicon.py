"""What is a given name, a surname, an ordinary word or an eponym: looked up, not guessed.

Names are the US census lists of the `names` package, read without importing it, and the lists beside this module
(`lists/README.md` says where they come from).  They are loaded on first use.  This module knows nothing of sentences.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from medgpt_cli.core.errors import Missing

_LISTS = Path(__file__).parent / "lists"


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in (_LISTS / f"{name}.txt").read_text("utf-8").split())


@cache
def _census(*files: str) -> frozenset[str]:
    spec = find_spec("names")
    folders = (spec.submodule_search_locations if spec else None) or ()
    paths = [Path(folder) / file for folder in folders for file in files]
    if not paths or not all(path.is_file() for path in paths):
        raise Missing("the census name lists are not installed", repair="pip install 'names>=0.3,<0.4'")
    return frozenset(
        line.split(None, 1)[0].casefold()
        for path in paths
        for line in path.read_text("ascii").splitlines()
    )


def is_word(token: str) -> bool:
    """An ordinary, medical or report word, whether or not it is a name too."""
    return token.casefold() in _listed("words")


def is_eponym(token: str) -> bool:
    """A name that in medicine means a disease, a sign, a device, a score or a structure."""
    return token.casefold().replace("’", "'").removesuffix("'s") in _listed("eponyms")


def is_end(token: str) -> bool:
    """A report word that ends a run of names, or that means there was none."""
    return token.casefold() in _listed("ends")


def is_given(token: str) -> bool:
    """A given name; of a hyphenated one each part is."""
    return _each(token, _given())


def is_surname(token: str) -> bool:
    """A surname; of a hyphenated one each part is."""
    return _each(token, _surnames())


def is_credential(token: str) -> bool:
    """What stands behind a clinician's name."""
    return token.casefold().replace(".", "").replace("-", "") in _listed("credentials")


@cache
def _given() -> frozenset[str]:
    return _listed("given") | _census("dist.female.first", "dist.male.first")


@cache
def _surnames() -> frozenset[str]:
    return _listed("surnames") | _census("dist.all.last")


def _each(token: str, names: frozenset[str]) -> bool:
    folded = token.casefold().replace("’", "'")
    if folded in names or folded.replace("'", "") in names:
        return True
    parts = folded.split("-")
    return len(parts) > 1 and all(part.replace("'", "") in names for part in parts if part != "al")
