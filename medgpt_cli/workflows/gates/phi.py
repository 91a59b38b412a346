"""The gate before training: does what will be learnt identify patients?

Rules read the texts, the fields beside them and what image files carry beside their pixels; named entities and
burned-in text are looked for by `medgpt data scan` and `deid` alone, because they take too long here.  A finding of
high confidence refuses, the others are counted and warned of (of fields, only what is certain counts: a number there
is what ties records).  A file that `medgpt data deid` wrote and verified passes by its hash.  Training on
identified data inside a hospital is legitimate, but never by accident: whoever answers for it says so in the recipe.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from medgpt_cli.core import console
from medgpt_cli.core.cache import cache_dir
from medgpt_cli.core.errors import Complaint, PhiFound
from medgpt_cli.core.files import make_folder, write_bytes
from medgpt_cli.core.manifest import code_hash
from medgpt_cli.core.recipe.gate_sections import Phi
from medgpt_cli.core.types import Sample
from medgpt_cli.data.privacy.manifest import vouched_for
from medgpt_cli.data.privacy.samples import Scan, Tally, scan_samples
from medgpt_cli.data.privacy.text import find_text


def phi_gate(samples: Iterable[Sample], settings: Phi, files: Mapping[str, str]) -> dict[str, Any]:
    """Refuses training data that identify patients, unless somebody answers for it.

    Args:
        samples: Everything that will be trained or validated on.
        settings: `gates.phi` of the recipe.
        files: SHA-256 of each data file, by the path that the samples' places name.

    Returns:
        What goes into the manifest: level, counts by class, the attestation, and which files were de-identified.

    Raises:
        PhiFound: Findings of classes that nobody answers for.
    """
    by_file: dict[str, list[Sample]] = {file: [] for file in files}
    for sample in samples:
        by_file.setdefault(sample.place.file, []).append(sample)
    scans = {
        file: _scan(file, files.get(file, ""), records) for file, records in by_file.items() if records
    }
    sure, doubtful = (
        _total(scan.sure for scan in scans.values()),
        _total(scan.doubtful for scan in scans.values()),
    )
    attested = frozenset(settings.attest.classes)
    refusing = [("sure", {file: scan.sure for file, scan in scans.items()})]
    if settings.level == "strict":
        refusing.append(("doubtful", {file: scan.doubtful for file, scan in scans.items()}))
    complaints = [
        _complaint(file, word, tally, confidence)
        for confidence, found in refusing
        for file, tallies in found.items()
        for word, tally in tallies.items()
        if word not in attested
    ]
    if complaints:
        refused = [
            file for _, found in refusing for file, tallies in found.items() if set(tallies) - attested
        ]
        counts = sure + doubtful if settings.level == "strict" else sure
        raise _refusal(complaints, refused[0], counts, attested, settings)
    if doubtful:
        console.warn(
            f"{sum(doubtful.values()):,} places may identify patients ({_words(doubtful)}); "
            "medgpt data scan names them, gates.phi.level=strict refuses them"
        )
    if sure:
        console.warn(f"trains on identified data ({_words(sure)}), attested by {settings.attest.by}")
    return {
        "level": settings.level,
        "sure": dict(sure),
        "doubtful": dict(doubtful),
        "attest": settings.attest.model_dump(mode="json") if settings.attest.by else None,
        "deidentified": [file for file, digest in files.items() if vouched_for(Path(file), digest)],
        "looked_at": "texts and fields by rules, headers and metadata of images; not names without context, "
        "not burned-in text",
    }


def _scan(file: str, digest: str, records: Sequence[Sample]) -> Scan:
    """The scan of one file, from the cache where the same bytes were scanned by the same code."""
    texts = not vouched_for(Path(file), digest)
    kept = _kept(digest, records, texts=texts)
    if kept is not None and kept.is_file():
        try:
            return msgspec.json.decode(kept.read_bytes(), type=Scan)
        except (msgspec.DecodeError, OSError):
            pass  # a broken cache is written anew
    scan = scan_samples(records, find_text, texts=texts)
    if kept is not None:
        make_folder(kept.parent)
        write_bytes(kept, msgspec.json.encode(scan))
    return scan


def _kept(digest: str, records: Sequence[Sample], *, texts: bool) -> Path | None:
    """Where a scan is kept: by the bytes of the file, our code, the records, and the images' sizes and times."""
    if not digest:
        return None
    told = hashlib.sha256(f"{digest} {code_hash()} {texts} {len(records)}".encode())
    for image in dict.fromkeys(image.split("#")[0] for sample in records for image in sample.images):
        try:
            status = Path(image).stat()
        except OSError:
            return None
        told.update(
            f"{image}\0{status.st_size}\0{status.st_mtime_ns}\n".encode("utf-8", "surrogateescape")
        )
    return cache_dir() / "phi" / f"{told.hexdigest()}.json"


def _total(tallies: Iterable[Mapping[str, Tally]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for each in tallies:
        for word, tally in each.items():
            counts[word] += tally.count
    return counts


def _complaint(file: str, word: str, tally: Tally, confidence: str) -> Complaint:
    first, *others = tally.places
    more = f", also at {', '.join(others)}" if others else ""
    left = tally.count - len(tally.places)
    count = f"{tally.count:,} finding{'' if tally.count == 1 else 's'} of high confidence"
    if confidence != "sure":
        count = f"{tally.count:,} doubtful finding{'' if tally.count == 1 else 's'}"
    return Complaint(
        f"{word}: {count}{more}{f' and {left:,} more' if left > 0 and others else ''}", f"{file}:{first}"
    )


def _refusal(
    complaints: Sequence[Complaint],
    file: str,
    found: Counter[str],
    attested: frozenset[str],
    settings: Phi,
) -> PhiFound:
    classes = sorted({complaint.what.split(":")[0] for complaint in complaints})
    words = json.dumps(sorted(attested | set(classes))).replace('"', "").replace(" ", "")
    by = settings.attest.by or "NAME"
    return PhiFound(
        f"the training data identify patients ({_words(Counter({word: found[word] for word in classes}))})",
        repair=(
            f"de-identify them: medgpt data deid {file} --out DIR; or answer for it: "
            f"gates.phi.attest.by='{by}' gates.phi.attest.basis='WHY' gates.phi.attest.classes='{words}'"
        ),
        complaints=complaints,
    )


def _words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{word} {count:,}" for word, count in sorted(counts.items()) if count)
