"""A datasheet in Markdown for a prepared set, under the headings of "Datasheets for Datasets" (arXiv 1803.09010).

What the making of the set knows is filled in from its manifest; what only a person can know stands as a question to be
answered, and is counted.  The same set gives the same text.  This module opens no file and quotes no record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medgpt_cli.data.looking import facts
from medgpt_cli.data.looking.questions import QUESTIONS
from medgpt_cli.data.prepared.readme import header

ASKED = "**To be answered by a person:** "

SECTIONS = {
    "Motivation": facts.nothing,
    "Composition": facts.composition,
    "Collection process": facts.collection,
    "Preprocessing, cleaning, labelling": facts.preprocessing,
    "Uses": facts.uses,
    "Distribution": facts.distribution,
    "Maintenance": facts.maintenance,
    "Known limits": facts.limits,
}


def datasheet(
    manifest: Mapping[str, Any],
    *,
    name: str,
    digest: str,
    terms: facts.Terms,
    known: facts.Registry,
) -> str:
    """The datasheet.

    Args:
        manifest: Of the prepared set.
        name: What the set is called.
        digest: SHA-256 of the manifest's bytes.
        terms: Records by (source, licence), as they say themselves.
        known: Of each source's adapter, by its name.
    """
    made = manifest["environment"]
    lines = [
        header(manifest),
        f"# Datasheet of {facts.cell(name)}",
        "",
        f"Made from the set's manifest (SHA-256 `{digest}`) by medgpt {made['medgpt']}. "
        f"{sum(map(len, QUESTIONS.values()))} questions are left that only a person can answer; "
        "each is marked.",
        "",
    ]
    for heading, fill in SECTIONS.items():
        lines += [f"## {heading}", "", *fill(manifest, terms, known)]
        lines += [f"- {ASKED}{question}" for question in QUESTIONS.get(heading, ())]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"
