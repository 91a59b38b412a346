"""The filters that settings name, cheapest first.

This module knows nothing of recipes; a recipe's section has the same words as the settings.
"""

from __future__ import annotations

from medgpt_cli.data.filters.boilerplate import boilerplate
from medgpt_cli.data.filters.filter import Filter
from medgpt_cli.data.filters.gaps import placeholders, truncated
from medgpt_cli.data.filters.languages import languages
from medgpt_cli.data.filters.leaked_answers import leaked_answers
from medgpt_cli.data.filters.length import length
from medgpt_cli.data.filters.pictures import Look, look, pictures
from medgpt_cli.data.filters.priors import priors
from medgpt_cli.data.filters.refusals import refusals
from medgpt_cli.data.filters.repetition import repetition
from medgpt_cli.data.filters.settings import FilterSettings


def build(
    settings: FilterSettings,
    *,
    look: Look = look,
) -> list[Filter]:
    """The filters to ask, in order; none when nothing is named.

    Args:
        settings: What is objected to.
        look: What is odd about the picture at a path; opens it when not given.

    Raises:
        BadRecipe: A language or a flag that is not known.
    """
    found: list[Filter] = []
    bounds = {
        name: getattr(settings, name)
        for name in ("min_characters", "max_characters", "min_words", "max_words")
    }
    if any(bound is not None for bound in bounds.values()):
        found.append(length(**bounds))
    for wanted, make in (
        (settings.placeholders, placeholders),
        (settings.truncated, truncated),
        (settings.refusals, refusals),
        (settings.boilerplate, boilerplate),
        (settings.priors, priors),
        (settings.leaked_answers, leaked_answers),
        (settings.repetition, repetition),
    ):
        if wanted:
            found.append(make())
    if settings.languages:
        found.append(languages(settings.languages))
    if settings.picture_flags:
        found.append(pictures(settings.picture_flags, look))
    return found
