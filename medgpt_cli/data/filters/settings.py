"""What the quality filters are asked to object to; nothing, unless it is named.

This module knows nothing of how any of it is found.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FilterSettings:
    """Which filters run, and how strict they are; with none named, no record is objected to.

    Attributes:
        min_characters: Fewest characters of the text that is learnt.
        max_characters: Most characters of it.
        min_words: Fewest words of it.
        max_words: Most words of it.
        languages: ISO 639-1 codes a text may be in, such as `en`; texts too short to tell pass.
        boilerplate: Object to texts that say no more than "see figure 2" or "image courtesy of".
        refusals: Object to answers such as "as an AI, I cannot".
        repetition: Object to texts that repeat themselves or are mostly symbols.
        placeholders: Object to texts with `___`, `[**…**]` or XXXX where something was taken out.
        truncated: Object to texts that break off.
        priors: Object to comparisons with an earlier picture where only one is shown.
        leaked_answers: Object to questions that give their answer away.
        picture_flags: Names of `images.flags.Flag` that are objected to.
    """

    min_characters: int | None = None
    max_characters: int | None = None
    min_words: int | None = None
    max_words: int | None = None
    languages: tuple[str, ...] = ()
    boilerplate: bool = False
    refusals: bool = False
    repetition: bool = False
    placeholders: bool = False
    truncated: bool = False
    priors: bool = False
    leaked_answers: bool = False
    picture_flags: tuple[str, ...] = ()
