"""The gates of a training recipe: what training refuses, and what a person answers for.

A field's docstring is its comment in `recipe show --comments` and its row in `recipe fields`.  This module knows
nothing of how anything is found.
"""

from __future__ import annotations

from typing import Literal

from medgpt_cli.core.recipe.sections import Section

IdentifierWord = Literal[
    "name", "place", "date", "phone", "fax", "email", "ssn", "record_number", "plan", "account", "licence", "vehicle",
    "device", "url", "ip", "biometric", "face", "other",
]  # fmt: skip
"""The 18 classes of identifiers of Safe Harbor."""


class Attest(Section):
    """Who answers for training on identified data, and why; goes into the manifest."""

    by: str | None = None
    """Person or office that answers for it."""
    basis: str | None = None
    """On what ground, such as the number of an ethics approval."""
    classes: tuple[IdentifierWord, ...] = ()
    """Identifiers that may be in the data; findings of these classes do not refuse."""


class Phi(Section):
    """Identifiers of patients in the training data."""

    level: Literal["normal", "strict"] = "normal"
    """What refuses: normal is findings of high confidence, strict is every finding."""
    attest: Attest = Attest()
    """Who answers for training on identified data, and why; goes into the manifest."""


class Gates(Section):
    """What training refuses."""

    phi: Phi = Phi()
    """Identifiers of patients in the training data."""
