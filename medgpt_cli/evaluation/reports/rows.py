"""Lines of an extraction: what some model found in each report, keyed by the hash of the report.

The first line of a file is its `Header`; each other line is one report.  No line holds text: words are hashes, vectors
are base64 of little-endian floats.  What each row must satisfy is said here, for `tables` to complain about with its
line.  This module knows nothing of files or of scores.

| kind | file | made of |
|---|---|---|
| graphs | graphs.jsonl | RadGraph's entities and relations |
| entities | entities.jsonl | RaTEScore's entity types, each with its vector |
| labels | labels.jsonl | CheXbert's 14 labels and its report vector |
| tokens | tokens.jsonl | vectors of every word piece, for BERTScore |
| judgements | judgements.jsonl | what a judge counted in a pair of reports, for GREEN |
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

import msgspec

from medgpt_cli.evaluation.reports.keys import WORD_HASH, is_hex
from medgpt_cli.evaluation.reports.vectors import Dtype, why_unfit

FORMAT = "medgpt.extracted"
VERSION = 1

Setting = str | int | float | bool


class RowFault(NamedTuple):
    """One thing wrong in one field of a row."""

    field: str
    what: str


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line: what the file is and who made it.

    Attributes:
        kind: Which rows follow.
        extractor: The program that read the reports, with its version.
        model: The name of the weights, as published or as the folder is called.
        model_sha256: SHA-256 of the weights' file, or empty where another program did not say.
        width: Numbers to a vector; 0 where there are none.
        dtype: `<f2` or `<f4`, the numbers' form; empty where there are none.
        settings: What else decides the numbers, such as the layer.
    """

    kind: str
    extractor: str
    model: str
    model_sha256: str = ""
    width: int = 0
    dtype: Dtype = ""
    settings: dict[str, Setting] = {}
    format: str = FORMAT
    version: int = VERSION


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kind: ClassVar[str] = ""


class _OfReport(_Row, frozen=True, kw_only=True):
    sha256: str

    @property
    def key(self) -> str:
        """The report's hash."""
        return self.sha256


class Entity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One node of a RadGraph.

    Attributes:
        tokens: Hash of the words as written.
        lower: Hash of the words in lower case.
        label: RadGraph's label, such as `ANAT-DP` or `Observation::definitely present`.
        relations: (relation, index of the entity it points to).
    """

    tokens: str
    lower: str
    label: str
    relations: tuple[tuple[str, int], ...] = ()


class GraphRow(_OfReport, frozen=True, kw_only=True):
    """RadGraph's reading of one report."""

    kind: ClassVar[str] = "graphs"
    entities: tuple[Entity, ...]

    def faults(self, header: Header) -> Iterator[RowFault]:
        """Hashes that are words, and relations that point nowhere."""
        yield from _key_fault(self.sha256, "sha256")
        for index, entity in enumerate(self.entities):
            if not (is_hex(entity.tokens, WORD_HASH) and is_hex(entity.lower, WORD_HASH)):
                yield RowFault(f"entities[{index}].tokens", f"is not a hash of {WORD_HASH} digits")
            if any(not 0 <= target < len(self.entities) for _, target in entity.relations):
                yield RowFault(f"entities[{index}].relations", "points to an entity that is not there")


class EntityRow(_OfReport, frozen=True, kw_only=True):
    """RaTEScore's reading of one report: a type and a vector for each entity."""

    kind: ClassVar[str] = "entities"
    types: tuple[str, ...]
    vectors: str

    def faults(self, header: Header) -> Iterator[RowFault]:
        """Types that are not RaTEScore's, and vectors that do not fit them."""
        yield from _key_fault(self.sha256, "sha256")
        if not set(self.types) <= set(ENTITY_TYPES):
            yield RowFault("types", "holds a type that is none of " + ", ".join(ENTITY_TYPES))
        yield from _vector_fault(self.vectors, len(self.types), header)


class LabelRow(_OfReport, frozen=True, kw_only=True):
    """CheXbert's reading of one report.

    `labels` are in the order of `CONDITIONS`: 0 not mentioned, 1 positive, 2 negative, 3 uncertain.
    """

    kind: ClassVar[str] = "labels"
    labels: tuple[int, ...]
    vector: str

    def faults(self, header: Header) -> Iterator[RowFault]:
        """Labels out of range or not 14, and a vector of another size."""
        yield from _key_fault(self.sha256, "sha256")
        if len(self.labels) != len(CONDITIONS):
            yield RowFault("labels", f"holds {len(self.labels)} labels, not {len(CONDITIONS)}")
        elif any(not 0 <= label <= 3 for label in self.labels) or self.labels[-1] > 1:
            yield RowFault("labels", "is out of range: 0 to 3, and 0 or 1 for No Finding")
        yield from _vector_fault(self.vector, 1, header, "vector")


class TokenRow(_OfReport, frozen=True, kw_only=True):
    """One vector for each word piece of a report, the marks at its beginning and end included."""

    kind: ClassVar[str] = "tokens"
    count: int
    vectors: str

    def faults(self, header: Header) -> Iterator[RowFault]:
        """Fewer vectors than the two marks, or not as many as said."""
        yield from _key_fault(self.sha256, "sha256")
        if self.count < 2:
            yield RowFault("count", "is less than 2: the marks at beginning and end are missing")
        yield from _vector_fault(self.vectors, self.count, header)


class JudgementRow(_Row, frozen=True, kw_only=True):
    """What a judge counted in one pair; `failed` says why there are no counts."""

    kind: ClassVar[str] = "judgements"
    candidate: str
    reference: str
    errors: tuple[int, ...] = ()
    matched: int = 0
    failed: str = ""

    @property
    def key(self) -> str:
        """Both hashes."""
        return judgement_key(self.candidate, self.reference)

    def faults(self, header: Header) -> Iterator[RowFault]:
        """Counts that are not counts."""
        yield from _key_fault(self.candidate, "candidate")
        yield from _key_fault(self.reference, "reference")
        if not self.failed and (len(self.errors) != 6 or min(*self.errors, self.matched) < 0):
            yield RowFault("errors", "must be 6 counts, none below 0")


def judgement_key(candidate: str, reference: str) -> str:
    """What a pair is found by."""
    return f"{candidate}/{reference}"


ENTITY_TYPES = ("ABNORMALITY", "NON-ABNORMALITY", "DISEASE", "NON-DISEASE", "ANATOMY")
"""RaTEScore's five; a NON- type is a finding that is said to be absent."""

CONDITIONS = (
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
    "No Finding",
)
"""CheXbert's heads, in their order; the last has two classes, the others four."""


def _key_fault(value: str, field: str) -> Iterator[RowFault]:
    if not is_hex(value, 64):
        yield RowFault(field, "is not a SHA-256 in 64 lower-case digits")


def _vector_fault(data: str, count: int, header: Header, field: str = "vectors") -> Iterator[RowFault]:
    if why := why_unfit(data, count, header.width, header.dtype):
        yield RowFault(field, why)
