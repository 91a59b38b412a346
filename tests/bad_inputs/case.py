"""One bad input: how to make it, what refuses it, and exactly what is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One row of the table of bad inputs.

    Attributes:
        name: Names the test.
        refused: Makes the input in the current folder (empty, thrown away afterwards) and hands it to a public
            reader, which must raise a `MedGPTError`.
        says: `str` of that error, to the letter.
        code: Its name in `--json`.
        exit_code: Its exit code.
    """

    name: str
    refused: Callable[[], object]
    says: str
    code: str
    exit_code: int = 3
