"""Keys of figures of PubMed Central articles, read from file names.

`PMC212319_Fig3_4.jpg` is the fourth part of a figure of article PMC212319.  Many sets are cut from the same articles
under the same names, which is how one set's test pictures come to lie in another's training data.  Names that carry
no such number (`pmc_9_0.jpg` of PubMedVision counts that set's own articles) give no key.
"""

from __future__ import annotations

import os
import re

_FIGURE = re.compile(r"(PMC\d+)_(.+?)(?:_\d+)?")
_ARTICLE = re.compile(r"PMC\d+")


def figure_keys(name: str) -> list[str]:
    """`pmcid:` and `figure:` keys of a picture's file name; what it does not tell is left out."""
    stem = os.path.splitext(os.path.basename(name))[
        0
    ]  # asked of every record, and pathlib takes three times as long
    if match := _FIGURE.fullmatch(stem):
        return [f"pmcid:{match[1]}", f"figure:{match[1]}_{match[2]}"]
    return [f"pmcid:{stem}"] if _ARTICLE.fullmatch(stem) else []


def article_keys(pmcid: str) -> list[str]:
    """The `pmcid:` key of an article's number, `PMC` in front or not; empty for anything else."""
    digits = pmcid.strip().upper().removeprefix("PMC")
    return [f"pmcid:PMC{digits}"] if digits.isdigit() else []
