"""What an adapter's records come to when they are judged as records of our own form."""

from __future__ import annotations

from pathlib import Path

from medgpt_cli.core.types import Sample
from medgpt_cli.data.complaints import Unfit
from medgpt_cli.data.images.paths import ImageRoot
from medgpt_cli.data.records import read_record
from medgpt_cli.data.sources.adapter import Adapter
from medgpt_cli.data.sources.registry import find


def read(name: str | Adapter, path: Path) -> tuple[list[Sample], list[str]]:
    """All samples of a set, and what is wrong with the other rows."""
    adapter = find(name) if isinstance(name, str) else name
    samples: list[Sample] = []
    faults: list[str] = []
    for written in adapter.read(path):
        if written.fault:
            assert written.record == {}
            faults.append(f"{written.place.line}: {written.fault}")
            continue
        try:
            samples.append(
                read_record(written.record, written.place, ImageRoot(written.root).resolve)[1]
            )
        except Unfit as error:
            faults += [f"{written.place.line}: {fault.field} {fault.what}" for fault in error.faults]
    return samples, faults


def samples(name: str | Adapter, path: Path) -> list[Sample]:
    """All samples of a set that has no bad row."""
    found, faults = read(name, path)
    assert faults == []
    return found


def facets(sample: Sample) -> dict[str, str]:
    return dict(sample.facets)


def shown(sample: Sample, root: Path) -> tuple[str, ...]:
    """The images of a sample relative to the set's folder."""
    return tuple(path.removeprefix(f"{root.resolve()}/") for path in sample.images)
