"""KEY=VALUE words of a whole family: each goes to the recipes that have the field and can do what it says.

So an ablation is one word: `lora.r=8` puts adapters on every stage in which the language model learns, and a stage
that freezes it goes on without, which is said.  A word that no recipe can take is refused with the reasons of all.
This module knows nothing of what the fields mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.recipe import read_recipe
from medgpt_cli.core.recipe.families import ADDRESSED, Member, share_out


def settle(
    typed: Sequence[str], members: Sequence[Member], stages: Mapping[str, str]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The words of each recipe, and those that were for all and that it cannot take.

    Args:
        typed: As typed, some with an address.
        members: The recipes that are walked.
        stages: The stage of each, by its name.

    Raises:
        UsageError: A word is addressed to nobody, or sets a field a second time.
    """
    shares = share_out(typed, {each.name: stages[each.name] for each in members})
    loose = {word for word in typed if ADDRESSED.fullmatch(word) is None}
    sources = {each.name: each.source for each in members}
    refused = {name: _in_the_way(sources[name], words, loose) for name, words in shares.items()}
    taken = {word for name, words in shares.items() for word in words if word not in refused[name]}
    # What nobody takes is a fault, and each recipe says which.
    left = {name: words for name, words in refused.items() if words and taken.issuperset(words)}
    kept = {
        name: [word for word in words if word not in left.get(name, ())]
        for name, words in shares.items()
    }
    return kept, left


def _in_the_way(source: str, words: Sequence[str], loose: set[str]) -> list[str]:
    """Words for all without which a recipe can be read, and with which it cannot; those of one section go together."""
    if _reads(source, words):
        return []
    for section in dict.fromkeys(_section(word) for word in words if word in loose):
        own = [word for word in words if word in loose and _section(word) == section]
        if _reads(source, [word for word in words if word not in own]):
            return own
    return []


def _section(word: str) -> str:
    return word.partition("=")[0].partition(".")[0]


def _reads(source: str, words: Sequence[str]) -> bool:
    try:
        read_recipe(source, stage=None, overrides=words)
    except BadRecipe:
        return False
    return True
