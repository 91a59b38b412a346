"""The parts of a `stage: data` recipe: what is read, what is kept, how it is split and written.

A field's docstring is its comment in `recipe show --comments` and its row in `recipe fields`.  This module knows
nothing of files, and nothing of how data are prepared.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from medgpt_cli.core.recipe.gate_sections import Phi
from medgpt_cli.core.recipe.sections import AtLeastOne, Section

Share = Annotated[float, Field(ge=0, le=1)]


class RawSource(Section):
    """One data set as it lies on disk."""

    path: str
    """File or folder, relative to the folder the command runs in."""
    adapter: str | None = None
    """Name of the set, as medgpt data prep --list shows it; told by the files when empty."""
    columns: dict[str, str | tuple[str, ...]] | None = None
    """From words of a record (question, answer, image, facet.NAME, …) to columns of a table no adapter knows."""
    image_root: str | None = None
    """Folder that image paths are relative to; data.image_root, else the set's own when empty."""
    licence: str | None = None
    """Licence of the source; what the adapter knows when empty."""
    access: Literal["open", "research", "restricted", "credentialed", "local"] | None = None
    """Terms under which it can be had; what the adapter knows when empty."""
    cap: AtLeastOne | None = None
    """Records read from its front at most."""
    cut: AtLeastOne | None = None
    """Characters of a piece at most that long documents are cut into, at paragraph bounds and never inside a figure."""


class Raw(Section):
    """What is read."""

    sources: tuple[RawSource, ...] = ()
    """Data sets to prepare; SOURCE words set it."""
    image_root: str | None = None
    """Folder that image paths are relative to; each source's own when empty."""
    max_bad: int = Field(default=0, ge=0)
    """Records that may be unreadable, unfit or without their image before the command ends with 3."""
    against: tuple[str, ...] = ()
    """Evaluation sets whose patients, images and questions must not be in the result; --against sets it."""
    max_unread: int = Field(default=0, ge=0)
    """Records and images of evaluation sets that may be unreadable before it ends with 3; never a whole set."""


class Mismatch(Section):
    """Which records are left out because their text does not fit their picture."""

    model: str | None = None
    """Folder of a CLIP or SigLIP with both towers that scores each record with pictures; no record when empty."""
    percentile: float = Field(default=5.0, gt=0, lt=100)
    """Share of the records with pictures that is left out, those that fit worst, in percent."""


class Filters(Section):
    """Which records are left out for what they say or show; nothing, unless it is named."""

    min_characters: AtLeastOne | None = None
    """Fewest characters of the text that is learnt."""
    max_characters: AtLeastOne | None = None
    """Most characters of the text that is learnt."""
    min_words: AtLeastOne | None = None
    """Fewest words of the text that is learnt."""
    max_words: AtLeastOne | None = None
    """Most words of the text that is learnt."""
    languages: tuple[str, ...] = ()
    """Languages a text may be in, as ISO 639-1 codes such as en; any when empty, and texts too short to tell pass."""
    boilerplate: bool = False
    """Leave out texts that say no more than "see figure 2"."""
    refusals: bool = False
    """Leave out answers such as "as an AI, I cannot"."""
    repetition: bool = False
    """Leave out texts that repeat themselves or are mostly symbols."""
    placeholders: bool = False
    """Leave out texts with ___, [**…**] or XXXX where something was taken out."""
    truncated: bool = False
    """Leave out texts that break off."""
    priors: bool = False
    """Leave out comparisons with an earlier picture where only one is shown."""
    leaked_answers: bool = False
    """Leave out questions that give their answer away."""
    picture_flags: tuple[str, ...] = ()
    """Leave out records whose pictures have one of these flags, such as almost-black."""
    mismatch: Mismatch = Mismatch()
    """Which records are left out because their text does not fit their picture."""


class Splits(Section):
    """How records are divided; all records of a patient, study or article stay together."""

    train: Share = 0.9
    """Share of groups to learn from, 0 to 1."""
    validation: Share = 0.05
    """Share of groups on which the loss is watched, 0 to 1."""
    test: Share = 0.05
    """Share of groups to score with, 0 to 1; the three add up to 1."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the division; a group keeps its split when data are added."""
    published: bool = True
    """Keep the split a set was published with, where it has one."""


class Duplicates(Section):
    """What happens to records that say or show nearly the same."""

    text: bool = True
    """Look for near-duplicate texts."""
    image: bool = True
    """Look for near-duplicate images."""
    max_per_cluster: AtLeastOne = 20
    """Records kept of each cluster of near-duplicates; the first ones stay."""


class PreparedPhi(Phi):
    """Identifiers of patients in the sources."""

    found: Literal["refuse", "drop"] = "refuse"
    """What happens where any are found that nobody answers for: end with 4, or leave those records out."""


class DataGates(Section):
    """What a prepared set may not hold."""

    phi: PreparedPhi = PreparedPhi()
    """Identifiers of patients in the sources."""


class PreparedAs(Section):
    """How the result is written."""

    images: Literal["reference", "embed"] = "reference"
    """Name images by their paths, or put their bytes into the shards."""
    shard_rows: AtLeastOne = 50_000
    """Rows of one Parquet shard at most."""
    tokenizer: str | None = None
    """Model whose tokens index.parquet counts: run or checkpoint folder, tiny or small; none are counted when empty."""
    block: AtLeastOne = 4096
    """Records in one unit of work; a killed run repeats at most one a worker."""
