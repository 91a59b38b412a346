"""The word a person probably meant.  This module knows nothing of what the words are for."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that looks most like `word`, or None when none comes close."""
    import difflib

    found = difflib.get_close_matches(word, list(candidates), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """`did you mean X?`, or an empty string."""
    found = nearest(word, candidates)
    return f"did you mean {found}?" if found else ""
