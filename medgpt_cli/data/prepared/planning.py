"""The division of the whole: what each row becomes, decided on columns of numbers.

In this order: rows that name a person, rows that evaluation sets hold, rows whose text does not fit their picture,
copies, rows over the cap of their cluster, then splits by group, with the proof that no group is in two.  A rule of a
later step sees only what the earlier ones left; but the split a row was published in counts for its group even where
the row itself is left out, and of copies the one that is held out most stays.  This module knows nothing of texts and
pictures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgpt_cli.core.types import Place
from medgpt_cli.data.duplicates.capping import Duplication, within_cap
from medgpt_cli.data.duplicates.groups import tying
from medgpt_cli.data.duplicates.near_pictures import cluster_pictures
from medgpt_cli.data.duplicates.near_texts import cluster_texts
from medgpt_cli.data.duplicates.unions import Ints, Unions, runs_joined
from medgpt_cli.data.duplicates.words import mixed
from medgpt_cli.data.filters.mismatch import REASON as MISMATCH
from medgpt_cli.data.filters.mismatch import misfits
from medgpt_cli.data.prepared.screening import bits
from medgpt_cli.data.prepared.table import Places, Table, read_groups, read_table, read_texts, told
from medgpt_cli.data.splits import HELD_OUT, divide, prove_apart


class Fate(IntEnum):
    """What becomes of a row."""

    KEPT = 0
    PHI = 1
    LEAKED = 2
    COPY = 3
    CROWD = 4
    SPANNING = 5
    MISFIT = 6


STAGES = {
    Fate.PHI: ("phi", "holds identifiers of patients, by the rules"),
    Fate.COPY: ("duplicate", "says and shows what another record of its group does"),
    Fate.CROWD: ("duplicate", "is one of a cluster of near-duplicates that has its share already"),
    Fate.LEAKED: ("leakage", "is in an evaluation set"),
    Fate.MISFIT: ("filter", MISMATCH),
    Fate.SPANNING: ("split", "belongs with records that are published in a split held out more"),
}
"""Stage and reason of what is left out."""


@dataclass(frozen=True)
class Options:
    """How the whole is divided.

    Attributes:
        shares: Of groups, by split.
        seed: Of the division.
        published: Whether published splits are kept.
        texts: Whether near-duplicates are looked for and capped.
        images: Whether near-copies of an image are kept in one split.
        max_per_cluster: Rows kept of a cluster.
        strict: Whether doubtful findings of identifiers count too.
        misfits: Percentile of the scores of records with pictures below which their text does not fit, if any.
        attested: Classes of identifiers that somebody answers for.
    """

    shares: Mapping[str, float]
    seed: int = 0
    published: bool = True
    texts: bool = True
    images: bool = True
    max_per_cluster: int = 20
    strict: bool = False
    misfits: float | None = None
    attested: tuple[str, ...] = ()


@dataclass
class Plan:
    """What becomes of every row.

    Attributes:
        table: The rows.
        splits: Names of the splits, in the order they are written.
        split: Index into `splits` of each row, -1 for one that is left out.
        fate: `Fate` of each row.
        cluster: The first row of its cluster of near-duplicates, -1 for one that is alone.
        groups: Groups among the rows that are kept.
        keys: Different keys that were compared to prove that none is in two splits.
        duplicates: What was found before the cap.
    """

    table: Table
    splits: list[str]
    split: NDArray[np.int8]
    fate: NDArray[np.int8]
    cluster: Ints
    groups: int
    keys: int
    duplicates: Duplication

    def counts(self) -> dict[str, int]:
        """Rows by fate, in words."""
        found = Counter(self.fate.tolist())
        return {fate.name.lower(): found[fate] for fate in Fate if found[fate]}


def make_plan(paths: Sequence[Path], options: Options) -> Plan:
    """Decides what becomes of every row.

    Args:
        paths: The parts, in order.
        options: How.

    Raises:
        GateRefusal: A key would stand in two splits, which is a fault of ours.
    """
    table = read_table(paths)
    fate = np.zeros(len(table), np.int8)
    fate[identifying(table, options) > 0] = Fate.PHI
    fate[(fate == Fate.KEPT) & table.leaked] = Fate.LEAKED
    if options.misfits is not None:
        left = np.flatnonzero(fate == Fate.KEPT)
        fate[left[misfits(table.fit[left], options.misfits)]] = Fate.MISFIT
    shown = _image_clusters(table) if options.images else np.arange(len(table.flat), dtype=np.int32)
    tied = _tied_by(shown, table)
    grouped = read_groups(paths, tied if options.images else None)
    cluster, same = _clusters(paths, table, shown, texts=options.texts)
    kept, duplication = within_cap(cluster, None)
    if options.texts:
        held = _held_out(table, options)
        for keys, most, found in (
            (_combined(same, grouped.labels), 1, Fate.COPY),
            (cluster, options.max_per_cluster, Fate.CROWD),
        ):
            left = np.flatnonzero(fate == Fate.KEPT)
            kept, _ = within_cap(keys[left], most, held[left])
            fate[left[~kept]] = found
    names, split = _divided(table, grouped, fate, options)
    fate[(split < 0) & (fate == Fate.KEPT)] = Fate.SPANNING
    compared = prove_apart(_written(paths, table, names, split))
    sizes = np.bincount(cluster, minlength=len(table)) if len(table) else np.empty(0, np.int64)
    return Plan(
        table,
        names,
        split,
        fate,
        np.where(sizes[cluster] > 1, cluster, -1).astype(np.int32),
        len(np.unique(grouped.labels[fate == Fate.KEPT])),
        compared,
        duplication,
    )


def identifying(table: Table, options: Options) -> Ints:
    """For each row the classes of identifiers that nobody answers for, as bits."""
    found = table.sure | table.doubtful if options.strict else table.sure
    return found & ~np.int32(bits(options.attested))


def _held_out(table: Table, options: Options) -> NDArray[np.int8]:
    """For each row how little it is held out: 0 for one that was published for tests."""
    if not options.published:
        return np.zeros(len(table), np.int8)
    ranks = (HELD_OUT.get(word, HELD_OUT[""]) for word in table.published)
    return np.fromiter(ranks, np.int8, len(table))


def _image_clusters(table: Table) -> Ints:
    return cluster_pictures(table.phash, table.flat, table.lopsided)


def _tied_by(shown: Ints, table: Table) -> Ints:
    """For each row a row that shows the same picture, through any number of others."""
    unions = Unions(len(table))
    runs_joined(shown, table.image_row, unions)
    return unions.labels


def _clusters(paths: Sequence[Path], table: Table, shown: Ints, *, texts: bool) -> tuple[Ints, Ints]:
    """For each row the first row that shows the same pictures and says nearly the same, and exactly the same."""
    if not texts:
        alone = np.arange(len(table), dtype=np.int32)
        return alone, alone
    prints = read_texts(paths)
    said = cluster_texts(prints.exact, prints.signature, empty=prints.wordless)
    exact = prints.exact.view("<u8").reshape(-1, 2)
    del prints  # the signatures are most of what is held
    pictures = np.zeros(len(table), np.uint64)
    np.add.at(pictures, table.image_row, mixed(shown.astype(np.uint64) + np.uint64(1)))
    return _combined(said, pictures), _combined(pictures, exact[:, 0], exact[:, 1])


def _combined(*columns: NDArray[Any]) -> Ints:
    """For each row the first row that is equal in all columns."""
    label: NDArray[np.int64] = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        _, numbers = np.unique(column, return_inverse=True)
        _, first, label = np.unique(
            label * (len(column) + 1) + numbers.reshape(-1), return_index=True, return_inverse=True
        )
        label = first[label.reshape(-1)]
    return label.astype(np.int32)


def _divided(
    table: Table, grouped: Any, fate: NDArray[np.int8], options: Options
) -> tuple[list[str], NDArray[np.int8]]:
    """(names of the splits, the split of each row); rows left out before say what their groups are published in."""
    published = table.published if options.published else [""] * len(table)
    divided = divide(
        grouped.labels,
        grouped.identifiers,
        published,
        Places(table),
        shares=options.shares,
        seed=options.seed,
    )
    order = [name for name in reversed(HELD_OUT) if options.shares.get(name)]
    left = (name for name, gone in zip(divided.splits, fate.tolist(), strict=True) if name and not gone)
    names = list(dict.fromkeys([*order, *sorted(set(left))]))
    number = {name: index for index, name in enumerate(names)} | {"": -1}
    split = np.fromiter((number.get(name, -1) for name in divided.splits), np.int8, len(table))
    split[fate != Fate.KEPT] = -1
    return names, split


def _written(
    paths: Sequence[Path], table: Table, names: Sequence[str], split: NDArray[np.int8]
) -> Iterator[tuple[str, Sequence[str], Place]]:
    """(split, keys, place) of every row that will be written."""
    for row, (ties, own) in enumerate(told(paths)):
        if split[row] >= 0:
            yield names[split[row]], tying(ties, own), table.place(row)
