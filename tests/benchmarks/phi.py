"""How many identifiers are found, on notes whose identifiers are known: rules alone, and with named entities.

    python -m tests.benchmarks.phi FOLDER [EACH]

Reads the held-out generated notes (`tests/data/privacy/notes`: templates committed before the rules were written),
openmed's golden fixtures and radlabels' reports where those packages are installed.  Writes FOLDER/phi.json and
FOLDER/phi.html, and prints the table.
"""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import Any

import jinja2

from medgpt_cli.core import tables
from medgpt_cli.core.errors import Missing
from medgpt_cli.data.privacy.entities import beside, named_entities
from medgpt_cli.data.privacy.text import find_text
from tests.benchmarks.phi_scores import Find, score
from tests.benchmarks.phi_texts import Known, generated, openmed, radlabels

EACH = 25
"""Notes of every template."""
NOT_RUN = "not run"
CAVEATS = (
    "The held-out templates were committed before any rule was written, but by the author of the rules; they are made, "
    "not real notes, so they show direction and not field performance.",
    "The held-out notes were scored with the rules of commits aab3cd2, e16f788, 53b3674 and 9c750bb; only totals by "
    "class were read. Recall of the rules at first look: 96.8 % (names 94.8 %, structured classes 98.9 %); then, after "
    "ten more development templates, 97.8 % (96.2 %, 100 %) twice; with values drawn anew (seed 20261122) 98.0 % "
    "(96.9 %, 100 %). Fields printed by programs were read as labels after that; no total of the held-out notes "
    "changed.",
    "openmed's labels and totals were read before shapes for cards, bank accounts, grouped numbers, machine-readable "
    "lines, access keys and fields printed by programs were added; for those it is no held-out set. It holds numbers "
    "of other countries and numbers made invalid on purpose: the aims (structured classes 99 %, precision 90 %) are "
    "missed on it.",
    "Intervals are Wilson 95 % by identifier. Notes of one template share its wording, so true intervals are wider.",
    "An identifier counts as found when all its letters and digits are covered, by whichever class.",
    "Precision counts a finding right when it touches an identifier; over-redaction is the share of clean letters and "
    "digits covered.",
)


def finders() -> dict[str, Find | str]:
    """What is measured, by name; a reason instead where it cannot be."""
    found: dict[str, Find | str] = {"rules": find_text}
    try:
        found["rules + named entities"] = beside(named_entities())
    except Missing as missing:
        found["rules + named entities"] = f"{NOT_RUN}: {missing.repair}"
    return found


def collections(each: int) -> dict[str, list[Known] | str]:
    """The texts, by name; a reason instead where they are not there."""
    return {
        "held-out notes": generated("heldout", each),
        "development notes": generated("development", each),
        "openmed golden fixtures (English)": openmed() or f"{NOT_RUN}: openmed is not installed",
        "radlabels reports (no identifiers)": radlabels() or f"{NOT_RUN}: radlabels is not installed",
    }


def measure(each: int = EACH) -> dict[str, Any]:
    """Every finder on every collection."""
    results: dict[str, Any] = {}
    for name, texts in collections(each).items():
        if isinstance(texts, str):
            results[name] = texts
            continue
        results[name] = {
            finder: find if isinstance(find, str) else score(texts, find)
            for finder, find in finders().items()
        }
    return {
        "what": "identifiers found, by class",
        "notes_of_each_template": each,
        "caveats": CAVEATS,
        "python": platform.python_version(),
        "machine": platform.platform(),
        "results": results,
    }


def run(folder: Path, each: int = EACH) -> None:
    """Measures, writes `phi.json` and `phi.html` into `folder`, and prints the summary."""
    document = measure(each)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "phi.json").write_text(json.dumps(document, indent=2) + "\n")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    (folder / "phi.html").write_text(environment.get_template("phi.html").render(document))
    sys.stdout.write(
        tables.aligned(("texts", "finder", "measure", "value"), list(rows(document))) + "\n"
    )


def percent(share: dict[str, Any]) -> str:
    """A share with its interval, as people read it."""
    if share["share"] is None:
        return "–"
    return f"{share['share']:.1%} ({share['low']:.1%}–{share['high']:.1%}; {share['k']:,} of {share['n']:,})"


def rows(document: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """The summary that is printed."""
    found = []
    for texts, finders_of in document["results"].items():
        if isinstance(finders_of, str):
            found.append((texts, "", "", finders_of))
            continue
        for finder, scores in finders_of.items():
            if isinstance(scores, str):
                found.append((texts, finder, "", scores))
                continue
            if scores["identifiers"]["n"]:
                found.append((texts, finder, "recall", percent(scores["identifiers"])))
                found.append((texts, finder, "recall, structured", percent(scores["structured"])))
                for name, row in scores["classes"].items():
                    found.append((texts, finder, f"recall, {name}", percent(row["recall"])))
                found.append((texts, finder, "precision", percent(scores["precision"])))
            found.append(
                (
                    texts,
                    finder,
                    "texts with a wrong finding",
                    percent(scores["texts_with_a_wrong_finding"]),
                )
            )
            found.append(
                (
                    texts,
                    finder,
                    "texts with a sure finding",
                    percent(scores["texts_with_a_sure_finding"]),
                )
            )
            found.append((texts, finder, "over-redaction", f"{scores['over_redaction']:.2%}"))
            found.append((texts, finder, "texts per CPU-second", f"{scores['texts_per_cpu_second']:,}"))
    return found


if __name__ == "__main__":
    run(Path(sys.argv[1]), *map(int, sys.argv[2:]))
