"""A radiology report as a record: the pictures in order, what is asked about them, and the section to be written.

Current pictures come before prior ones; the text of a prior report is never given.  This module knows nothing of any
set's files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medgpt_cli.core.in_context import pictures_line
from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.marks import MARK

MOST_PICTURES = 6
"""Pictures a record shows at most, prior ones included."""
TARGETS = ("findings", "impression")
"""Sections that may be asked for; the first is what a set is read for unless another is named."""
CONTEXT = ("indication", "history", "technique", "comparison")
"""Sections that are known before the study is read, in the order they are given."""

_BLANKS = re.compile(r"\s+")
_ROLE = "You are a radiologist reading a chest X-ray study."
_WHAT = {
    "findings": "Write the findings of the current study",
    "impression": "Write the impression of the current study",
    "conclusion": "Say what the current study shows",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a study.

    Attributes:
        path: As a record names it.
        view: As the set names the projection, such as `AP`; empty when it does not.
        prior: Whether it belongs to an earlier study.
    """

    path: str
    view: str = ""
    prior: bool = False


def report_record(
    pictures: Sequence[Picture], sections: Mapping[str, str], target: str
) -> dict[str, Any]:
    """The turns, pictures and facets of one report.

    Args:
        pictures: Those of the study, then those of an earlier one; at most `MOST_PICTURES` are shown.
        sections: The report's sections by name, `target` among them.
        target: `findings`, `impression` or `conclusion`.

    Raises:
        Unfit: There is no picture, or the report lacks the section.
    """
    said = squeezed(sections.get(target) or "")
    if not said:
        raise unfit("", f"the report has no {target}")
    if not pictures:
        raise unfit("", "the study has no picture")
    shown = pictures[:MOST_PICTURES]
    longitudinal = any(picture.prior for picture in shown)
    ask = _WHAT[target] + (", and compare it with the prior one." if longitudinal else ".")
    context = [(name, squeezed(sections.get(name) or "")) for name in CONTEXT]
    lines = [
        MARK * len(shown) + _ROLE,
        pictures_line([_called(picture) for picture in shown]),
        ask,
        *(f"{name.upper()}: {text}" for name, text in context if text),
    ]
    return {
        "messages": [
            {"role": "user", "content": "\n".join(lines)},
            {"role": "assistant", "content": said},
        ],
        "images": [picture.path for picture in shown],
        "facets": {
            "modality": "X-ray",
            "target": target,
            "pictures": str(len(shown)),
            "prior": "yes" if longitudinal else "no",
        },
    }


def squeezed(text: str) -> str:
    """A section on one line, runs of blanks as one; a mark typed in it would stand for a picture."""
    return _BLANKS.sub(" ", text).strip().replace(MARK, "< image >")


def _called(picture: Picture) -> str:
    when = "prior" if picture.prior else "current"
    return f"{when} {picture.view}" if picture.view else when
