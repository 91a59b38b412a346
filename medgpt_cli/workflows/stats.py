"""A data set counted: what it is made of, how long its records are, what its pictures are like.

Nothing that a record says is printed; words that a table may be split by (source, licence, modality) are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, tables
from medgpt_cli.core.types import Sample
from medgpt_cli.data.looking.choosing import Choice
from medgpt_cli.data.looking.counts import Counts
from medgpt_cli.data.looking.lengths import Lengths, bar
from medgpt_cli.data.looking.pictures import look_at
from medgpt_cli.models.checkpoint import load_processor
from medgpt_cli.workflows.loading import encoder_of
from medgpt_cli.workflows.naming import model_folder
from medgpt_cli.workflows.samples import Found, find_samples

ENCODED = 20_000
"""Records whose tokens are counted; of a larger set, a fair choice."""
PICTURES = 200
"""Pictures that are opened; of a larger set, a fair choice."""
SHOWN = 12
"""Values of one word in the table; `--json` has all."""


def tell_stats(path: Path, *, model: str, image_root: Path | None, online: bool, json: bool) -> None:
    """Counts a data set and shows what was counted.

    Args:
        path: A prepared set, a record file, or a data set's folder.
        model: Whose tokenizer counts tokens.
        image_root: The folder image paths of a record file are relative to.
        online: Whether a hub id may be fetched.
        json: Print one JSON document.
    """
    found = find_samples(path, image_root=image_root)
    encoder = encoder_of(load_processor(model_folder(model, online=online)))
    counts = Counts()
    encoded: Choice[Sample] = Choice(ENCODED)
    pictures: Choice[str] = Choice(PICTURES)
    for sample in found.samples():
        counts.add(sample)
        encoded.offer(sample)
        for image in sample.images:
            pictures.offer(image)
    tokens, learnt = Lengths(), Lengths()
    for sample in encoded.items:
        record = encoder.encode(sample)
        tokens.add(len(record.input_ids))
        learnt.add(sum(label >= 0 for label in record.labels))
    document: dict[str, Any] = {
        "path": str(path),
        "kind": found.kind,
        "faults": found.faults,
        **counts.document(),
        "access": found.access,
        "tokenizer": model,
        "tokens": tokens.document(),
        "tokens_learnt": learnt.document(),
        "pictures": look_at(pictures.items),
        **_prepared(found),
    }
    if json:
        console.print_json(document)
        return
    console.result().print(tables.aligned(("counted", str(path)), list(_rows(document))))
    for title, key in (("characters", "characters"), (f"tokens of {model}", "tokens")):
        console.result().print("\n" + _histogram(title, document[key]))
    if found.faults:
        console.say("records with faults were left out; medgpt data check names each")


def _prepared(found: Found) -> dict[str, Any]:
    """What only the making of a prepared set knows."""
    keep = ("duplicates", "phi", "image_flags", "apart", "dropped")
    return {"prepared": {key: found.manifest[key] for key in keep if key in found.manifest}}


def _rows(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "kind", document["kind"]
    for key in ("records", "faults"):
        yield key, f"{document[key]:,}"
    for key in ("splits", "sources", "forms", "licences"):
        yield from _counted(key, document[key])
    yield from ((f"access: {name}", access) for name, access in document["access"].items())
    for name, values in document["facets"].items():
        yield from _counted(name, values)
    for key in ("patients", "studies", "images", "image_files"):
        yield key.replace("_", " "), f"{document[key]:,}"
    yield from _counted("images in a record", document["images_per_record"])
    pictures = document["pictures"]
    if pictures["looked_at"] or pictures["unreadable"]:
        yield "pictures looked at", f"{pictures['looked_at']:,}"
        yield "pictures that cannot be opened", f"{pictures['unreadable']:,}"
        for key in ("shorter_side", "longer_side"):
            if pictures[key]["count"]:
                yield f"{key.replace('_', ' ')}, pixels", _spread(pictures[key])
        yield from _counted("flag", pictures["flags"])
    for key, title in (
        ("characters", "characters"),
        ("tokens", "tokens"),
        ("tokens_learnt", "tokens learnt"),
    ):
        yield f"{title} of a record", _spread(document[key])
    for key, values in document["prepared"].items():
        yield from _flat(key.replace("_", " "), values)


def _counted(title: str, values: dict[str, int]) -> Iterator[tuple[str, str]]:
    named = list(values.items())
    yield from ((f"{title}: {name}", f"{count:,}") for name, count in named[:SHOWN])
    if len(named) > SHOWN:
        rest = sum(count for _, count in named[SHOWN:])
        yield f"{title}: {len(named) - SHOWN} others", f"{rest:,}"


def _flat(title: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{title}: {name}".replace("_", " "), inner)
    elif value not in (None, [], ""):
        yield title, f"{value:,}" if isinstance(value, int) else str(value)


def _spread(lengths: dict[str, Any]) -> str:
    return "{min:,} to {max:,}, median {median:,}, 90 % up to {p90:,}, 99 % up to {p99:,}".format(
        **lengths
    )


def _histogram(title: str, lengths: dict[str, Any]) -> str:
    bins = lengths["histogram"]
    most = max(each["count"] for each in bins)
    rows = [
        (
            f"{each['from']:,}" if each["from"] == each["to"] else f"{each['from']:,} to {each['to']:,}",
            f"{each['count']:,}",
            bar(each["count"], most),
        )
        for each in bins
    ]
    return tables.aligned((title, f"of {lengths['count']:,} records", ""), rows)
