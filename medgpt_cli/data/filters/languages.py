"""Texts in a language that was not asked for, told offline by letter sequences (py3langid).

Conservative: findings are telegrams and anatomy is Latin, so a text is objected to only when it is long enough, when
one other living language is nearly certain, and when all languages asked for are nearly excluded.  Near relatives that
medicine is hardly written in are no candidates; with them no Chinese text is certain to be Chinese.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.types import Sample
from medgpt_cli.data.filters.filter import Filter
from medgpt_cli.data.filters.wording import learnt

CANDIDATES = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id",
    "it", "ja", "ka", "kk", "ko", "la", "lt", "lv", "mn", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv",
    "ta", "th", "tr", "uk", "ur", "vi", "zh",
)  # fmt: skip
"""What a text may be found to be in."""
LATIN = "la"
MIN_BYTES = 60
"""UTF-8 bytes of letters below which a text is too short to tell: ten English words, twenty Chinese characters."""
SURE = 0.9
"""Probability from which another language is believed."""
EXCLUDED = 0.05
"""Probability of all languages asked for, together, up to which they are taken as excluded."""
READ = 4000
"""Characters of a long text that are read."""


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(CANDIDATES)
    return identifier


def languages(wanted: Sequence[str]) -> Filter:
    """Objects to texts that are almost certainly in none of the languages.

    Args:
        wanted: ISO 639-1 codes.

    Raises:
        BadRecipe: A code that cannot be told.
    """
    if unknown := sorted(set(wanted) - set(CANDIDATES)):
        raise BadRecipe(
            f"cannot tell the language {', '.join(unknown)}",
            where="filters.languages",
            repair=f"write codes of {', '.join(CANDIDATES)}",
        )

    def judge(sample: Sample) -> str:
        text = "".join(c if c.isalpha() else " " for c in learnt(sample)[:READ])
        text = " ".join(text.split())
        if len(text.encode("utf-8", "ignore")) < MIN_BYTES:
            return ""
        ranked = _identifier().rank(text)
        first, probability = ranked[0]
        asked = sum(p for language, p in ranked if language in wanted)
        if first not in (*wanted, LATIN) and probability >= SURE and asked <= EXCLUDED:
            return f"in another language ({first})"
        return ""

    return Filter("languages", judge)
