"""Stand-ins for identifiers, drawn from a secret key: the same identifier gets the same stand-in, in every process.

Numbers keep their format through a keyed permutation, so that two patients never end up with one number.  Names come
from the US census lists that the package `names` carries.  Without the key nothing can be turned back; with it, it
can, so the key is kept apart or not kept at all.  This module knows nothing of texts or files.
"""

from __future__ import annotations

import hashlib
import hmac
import string
import uuid
from functools import cache, lru_cache
from pathlib import Path

MAX_SHIFT = 365
"""Days by which a patient's dates are moved at most, forwards or backwards; never 0."""
ROUNDS = 10
_ALPHABETS = (string.digits, string.ascii_uppercase, string.ascii_lowercase)


class Surrogates:
    """Stand-ins under one key.

    Args:
        key: At least 16 secret bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.identifier = lru_cache(maxsize=1 << 16)(self._identifier)

    def number(self, *words: str) -> int:
        """A number of 256 bits that only the key and the words decide."""
        return int.from_bytes(self._digest(*words), "big")

    def token(self, *words: str) -> str:
        """Sixteen hexadecimal digits, for a file name."""
        return self._digest("token", *words).hex()[:16]

    def uid(self, original: str) -> str:
        """A DICOM UID of the form `2.25.` and a UUID (PS3.5 B.2), the same wherever the original stands."""
        return f"2.25.{uuid.UUID(bytes=self._digest('uid', original.strip())[:16], version=4).int}"

    def days(self, patient: str) -> int:
        """How far the dates of a patient are moved: 1 to 365 days, forwards or backwards."""
        drawn = self.number("days", patient) % (2 * MAX_SHIFT) - MAX_SHIFT
        return drawn if drawn < 0 else drawn + 1

    def _identifier(self, original: str) -> str:
        """The same format with other digits and letters; different originals of a format never meet.

        Digits stay digits and letters letters of their case; everything else stands.
        """
        places = [
            (index, alphabet)
            for index, sign in enumerate(original)
            for alphabet in _ALPHABETS
            if sign in alphabet
        ]
        size = 1
        value = 0
        for index, alphabet in places:
            size *= len(alphabet)
            value = value * len(alphabet) + alphabet.index(original[index])
        shape = "".join("0Aa"[_ALPHABETS.index(alphabet)] for _, alphabet in places)
        value = self._permuted(value, size, shape)
        signs = list(original)
        for index, alphabet in reversed(places):
            value, rest = divmod(value, len(alphabet))
            signs[index] = alphabet[rest]
        return "".join(signs)

    def _permuted(self, value: int, size: int, tweak: str) -> int:
        """A bijection of 0 … size-1: a Feistel network over HMAC, walked until it is back inside."""
        if size < 2:
            return value
        half = ((size - 1).bit_length() + 1) // 2
        mask = (1 << half) - 1
        while True:
            left, right = value >> half, value & mask
            for turn in range(ROUNDS):
                drawn = self.number("feistel", tweak, str(turn), str(right))
                left, right = right, left ^ (drawn & mask)
            value = left << half | right
            if value < size:
                return value

    def given_name(self, patient: str, name: str) -> str:
        """A first name of the same list (male or female) for somebody a patient's records speak of."""
        male, female, _ = name_lists()
        ranks = [ranked.get(name.casefold(), COMMON) for ranked in _ranks()]
        pool = male if ranks[0] < ranks[1] else female
        return self._picked(pool, "given", patient, name)

    def surname(self, patient: str, name: str) -> str:
        """A family name for somebody a patient's records speak of."""
        return self._picked(name_lists()[2], "surname", patient, name)

    def letter(self, patient: str, letter: str) -> str:
        """Another capital letter, for an initial."""
        return self._picked(tuple(string.ascii_uppercase), "letter", patient, letter)

    def _picked(self, pool: tuple[str, ...], *words: str) -> str:
        plain = words[-1].casefold()
        index = self.number(*words[:-1], plain) % len(pool)
        return pool[index] if pool[index].casefold() != plain else pool[index - 1]

    def _digest(self, *words: str) -> bytes:
        return hmac.digest(self._key, "\0".join(words).encode("utf-8", "surrogatepass"), hashlib.sha256)


COMMON = 1500
"""Names taken from the head of each census list: the rare ones at its end may point at somebody."""


@cache
def name_lists() -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Male first names, female first names and family names, the commonest of each, capitalised."""
    import names

    def read(which: str) -> tuple[str, ...]:
        lines = Path(names.FILES[which]).read_text("ascii").splitlines()[:COMMON]
        return tuple(line.split()[0].capitalize() for line in lines)

    return read("first:male"), read("first:female"), read("last")


@cache
def _ranks() -> tuple[dict[str, int], dict[str, int]]:
    """The place of each first name in the male and in the female list; many stand in both."""
    male, female, _ = name_lists()
    return _ranked(male), _ranked(female)


def _ranked(names: tuple[str, ...]) -> dict[str, int]:
    return {name.casefold(): rank for rank, name in enumerate(names)}


def is_given_name(word: str) -> bool:
    """Whether a word is one of the common first names."""
    return any(word.casefold() in ranked for ranked in _ranks())
