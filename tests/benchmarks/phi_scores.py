"""How well findings cover known identifiers: recall by class with intervals, precision, over-redaction.

An identifier counts as found when every letter and digit of it is covered, by whichever class: what matters is that
nothing of it is left.  The class found is scored beside that.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from medgpt_cli.data.privacy.findings import Finding
from medgpt_cli.evaluation.intervals import wilson
from tests.benchmarks.phi_texts import Known

Find = Callable[[str], list[Finding]]
STRUCTURED = (
    "phone", "fax", "email", "ssn", "record_number", "plan", "account", "licence", "vehicle", "device",
    "url", "ip", "other",
)  # fmt: skip
"""Classes that have a form of their own."""


def share(k: int, n: int) -> dict[str, Any]:
    """k of n with its Wilson interval; the share is None where there is nothing to count."""
    low, high = wilson(k, n)
    return {"k": k, "n": n, "share": k / n if n else None, "low": low, "high": high}


def score(texts: Sequence[Known], find: Find) -> dict[str, Any]:
    """Every count of one finder on one collection."""
    kinds: dict[str, Counter[str]] = {}
    classes: dict[str, Counter[str]] = {}
    rules: Counter[str] = Counter()
    total: Counter[str] = Counter()
    tempted: dict[str, Counter[str]] = {}
    seconds = 0.0
    for known in texts:
        began = time.process_time()
        findings = find(known.text)
        seconds += time.process_time() - began
        covered, gold, ignored = (bytearray(len(known.text)) for _ in range(3))
        for found in findings:
            _fill(covered, found.start, found.end)
        for start, end, *_ in known.spans:
            _fill(gold, start, end)
        for start, end in known.ignored:
            _fill(ignored, start, end)
        signs = [sign.isalnum() for sign in known.text]
        for start, end, identifier, kind in known.spans:
            places = [place for place in range(start, end) if signs[place]]
            right = any(f.identifier == identifier and f.start < end and start < f.end for f in findings)
            whole = all(covered[place] for place in places)
            for counter in (
                classes.setdefault(identifier, Counter()),
                kinds.setdefault(kind, Counter()),
                total,
            ):
                counter["n"] += 1
                counter["whole"] += whole
                counter["touched"] += any(covered[place] for place in places)
                counter["class"] += right
        for found in findings:
            if any(gold[found.start : found.end]):
                total["right"] += 1
            elif not any(ignored[found.start : found.end]):
                total["wrong"] += 1
                total["wrong_sure"] += found.sure
                rules[f"{found.identifier}: {found.rule}"] += 1
        for place, sign in enumerate(signs):
            if sign and not gold[place] and not ignored[place]:
                total["clean"] += 1
                total["over"] += covered[place]
        for start, end, kind in known.lookalikes:
            counter = tempted.setdefault(kind, Counter())
            counter["n"] += 1
            counter["k"] += any(covered[start:end])
        total["refused"] += any(found.sure for found in findings)
        total["texts_wrong"] += any(
            not any(gold[f.start : f.end]) and not any(ignored[f.start : f.end]) for f in findings
        )
    structured = [classes[name] for name in STRUCTURED if name in classes]
    return {
        "texts": len(texts),
        "identifiers": share(total["whole"], total["n"]),
        "structured": share(sum(c["whole"] for c in structured), sum(c["n"] for c in structured)),
        "classes": {name: _row(counter) for name, counter in sorted(classes.items())},
        "kinds": {name: _row(counter) for name, counter in sorted(kinds.items())},
        "precision": share(total["right"], total["right"] + total["wrong"]),
        "over_redaction": total["over"] / total["clean"] if total["clean"] else None,
        "wrong_sure": total["wrong_sure"],
        "texts_with_a_wrong_finding": share(total["texts_wrong"], len(texts)),
        "texts_with_a_sure_finding": share(total["refused"], len(texts)),
        "wrong_by_rule": dict(rules.most_common()),
        "lookalikes": {
            kind: share(counter["k"], counter["n"]) for kind, counter in sorted(tempted.items())
        },
        "texts_per_cpu_second": round(len(texts) / seconds, 1) if seconds else None,
    }


def _row(counter: Counter[str]) -> dict[str, Any]:
    return {
        "recall": share(counter["whole"], counter["n"]),
        "touched": counter["touched"],
        "right_class": counter["class"],
    }


def _fill(places: bytearray, start: int, end: int) -> None:
    places[start:end] = b"\x01" * (end - start)
