"""OmniMedVQA: multiple-choice questions over many classification sets; one part open, one under their sources' terms.

Two to four choices; the answer is given as text.  One entry says `modality` where all others say `modality_type`.
"""

from __future__ import annotations

from typing import Any

from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.tables import Table, table_adapter

_LETTERS = "ABCD"
_COLUMNS = ("dataset", "question_id", "question", "gt_answer", "image_path", "option_A", "option_B")
_ABOVE = "", "OmniMedVQA/"
_OPEN, _RESTRICTED = "Open-access", "Restricted-access"


def _record(row: Row) -> dict[str, Any]:
    name = row.text("image_path")
    options = {letter: text for letter in _LETTERS if (text := row.word(f"option_{letter}"))}
    return {
        "id": row.text("question_id"),
        "image": find_picture(row.root, name, "", "OmniMedVQA"),
        "question": row.text("question"),
        "options": options,
        "answer": _letter(row.text("gt_answer"), options),
        "keys": [f"image:omnimedvqa/{name}"],
        "facets": row.facets(
            dataset="dataset",
            question_type="question_type",
            modality="modality_type" if row.word("modality_type") else "modality",
        ),
    }


def _letter(answer: str, options: dict[str, str]) -> str:
    """The choice whose text is the answer, a difference in case and a full stop at its end aside."""
    for same in (str.strip, lambda text: text.strip(" .").casefold()):
        meant = [letter for letter, text in options.items() if same(text) == same(answer)]
        if len(meant) == 1:
            return meant[0]
        if meant:
            raise unfit("gt_answer", "is the text of several choices")
    raise unfit("gt_answer", "is the text of no choice")


ADAPTERS = (
    table_adapter(
        name="omnimedvqa",
        title="OmniMedVQA, open access",
        licence="per source set",
        access=Access.RESEARCH,
        home="https://huggingface.co/datasets/foreverbeliever/OmniMedVQA",
        use=("eval",),
        tables=tuple(Table(f"{above}QA_information/{_OPEN}/*.json", "test") for above in _ABOVE),
        columns=_COLUMNS,
        record=_record,
    ),
    table_adapter(
        name="omnimedvqa-restricted",
        title="OmniMedVQA, restricted access",
        licence="per source set, whose terms have to be accepted there",
        access=Access.RESTRICTED,
        home="https://huggingface.co/datasets/foreverbeliever/OmniMedVQA",
        use=("eval",),
        tables=tuple(Table(f"{above}QA_information/{_RESTRICTED}/*.json", "test") for above in _ABOVE),
        columns=_COLUMNS,
        record=_record,
        yields_to=f"QA_information/{_OPEN}/*.json",
    ),
)
