"""What a de-identified copy keeps of dates: moved by a constant per patient, or nothing but the year.

This module knows nothing of texts or headers.
"""

from __future__ import annotations

from enum import StrEnum


class Profile(StrEnum):
    """How dates are treated; everything else is the same in both."""

    SHIFTED = "shifted"
    """Moved by 1 to 365 days, one number per patient: intervals stay.  Widely used; whether it satisfies Safe Harbor
    or needs an expert's determination is a question for the privacy officer."""
    SAFE_HARBOR = "safe-harbor"
    """Only the year stays, as 45 CFR 164.514(b)(2)(i)(C) says to the letter."""
