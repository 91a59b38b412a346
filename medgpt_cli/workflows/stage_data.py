"""The records of one stage, read, checked and encoded before any step is taken.

Everything wrong with records and images is told at once, then what is too long for the recipe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgpt_cli.core import console
from medgpt_cli.core.errors import BadRecord, Complaint, NotThere
from medgpt_cli.core.files import sha256_file
from medgpt_cli.core.types import Sample
from medgpt_cli.data.dialogue import IGNORED, Encoded
from medgpt_cli.data.images.check import check_images
from medgpt_cli.data.mixing import Mixture
from medgpt_cli.data.records import read_records
from medgpt_cli.workflows.gates.leakage import against_hashes, leakage_gate
from medgpt_cli.workflows.gates.phi import phi_gate
from medgpt_cli.workflows.loading import encoder_of
from medgpt_cli.workflows.mix import mixture_of, unlike_names


@dataclass(frozen=True)
class StageData:
    """What a stage trains and validates on.

    Attributes:
        train: Encoded training records, source after source.
        mixture: Which of them comes when.
        validation: Encoded validation records, perhaps none, file after file.
        validation_parts: How many of them each validation file gave, by its name.
        hashes: SHA-256 of each data file, by the path as given.
        left_out: Bad records left out, as `data.max_bad` allows.
        leaking: Training records left out because they meet evaluation records, by reason.
        phi: What the gate on identifiers of patients found, and who answers for it.
    """

    train: list[Encoded]
    mixture: Mixture
    validation: list[Encoded]
    validation_parts: dict[str, int]
    hashes: dict[str, str]
    left_out: int
    leaking: dict[str, int]
    phi: dict[str, Any]

    def sentence(self) -> str:
        """What a person wants to know of the data before training."""
        tokens = sum(len(record.input_ids) for record in self.train)
        learnt = sum(label != IGNORED for record in self.train for label in record.labels)
        images = sum(len(record.images) for record in self.train)
        left_out = f"; {self.left_out} bad records left out" if self.left_out else ""
        if leaking := sum(self.leaking.values()):
            left_out += f"; {leaking:,} that meet evaluation records left out"
        return (
            f"{len(self.train):,} records, {images:,} images, {tokens:,} tokens of which {learnt:,} are learnt"
            f"{left_out}"
        )


def gather(recipe: Any, processor: Any) -> StageData:
    """Reads the recipe's data files.

    Args:
        recipe: A stage recipe.
        processor: The checkpoint's processor.

    Raises:
        NotThere: A file does not exist.
        BadRecord: More records are bad than `data.max_bad` allows, or some are longer than `train.max_length`.
        PhiFound: The records identify patients, and nobody answers for it.
    """
    root = Path(recipe.data.image_root) if recipe.data.image_root else None
    paths = [Path(part.path) for part in recipe.data.mix]
    validation_paths = [Path(path) for path in recipe.data.validation]
    for path in [*paths, *validation_paths]:
        if not path.is_file():
            raise NotThere(f"there is no data file {path}", repair="name a JSONL file with --data")
    read, left_out = _read([*paths, *validation_paths], root, recipe.data.max_bad)
    against = [Path(path) for path in recipe.data.against]
    learnt, leaking = _apart(paths, read, against, root)
    train = [sample for path in paths for sample in learnt[path]]
    validation = [sample for path in validation_paths for sample in read[path]]
    for path in paths:
        if not learnt[path]:
            raise BadRecord(
                "no record is left to train on",
                where=str(path),
                repair="mend the records that were left out; see medgpt data check",
            )
    hashes = {str(path): sha256_file(path) for path in [*paths, *validation_paths]}
    phi = phi_gate([*train, *validation], recipe.gates.phi, hashes)
    encoder = encoder_of(processor)
    limit = recipe.train.max_length
    encoded = _fitting(train, encoder, limit)
    return StageData(
        train=encoded,
        mixture=mixture_of(
            recipe, [len(learnt[path]) for path in paths], [len(record.input_ids) for record in encoded]
        ),
        validation=_fitting(validation, encoder, limit),
        validation_parts=dict(
            zip(
                unlike_names(recipe.data.validation),
                [len(read[path]) for path in validation_paths],
                strict=True,
            )
        ),
        hashes=hashes | against_hashes(against),
        left_out=left_out,
        leaking=leaking,
        phi=phi,
    )


def _apart(
    paths: Sequence[Path],
    read: Mapping[Path, list[Sample]],
    against: Sequence[Path],
    root: Path | None,
) -> tuple[dict[Path, list[Sample]], dict[str, int]]:
    """The training records of each file that meet no evaluation record, and how many do, by reason."""
    files = list(dict.fromkeys(paths))
    if not against:
        return {path: read[path] for path in files}, {}
    kept, leaking = leakage_gate(
        [sample for path in files for sample in read[path]], against, image_root=root
    )
    places = {sample.place for sample in kept}
    return {path: [each for each in read[path] if each.place in places] for path in files}, leaking


def _read(
    paths: Sequence[Path], root: Path | None, max_bad: int
) -> tuple[dict[Path, list[Sample]], int]:
    """The usable samples of each file, and how many records were left out; all faults of all files at once."""
    samples: dict[Path, list[Sample]] = {}
    complaints: list[Complaint] = []
    left_out = 0
    for path in dict.fromkeys(paths):
        records = read_records(path, image_root=root, max_bad=None)
        of_images = check_images(records.samples, decode=True)
        unusable = {
            complaint.where.rsplit(" ", 1)[0] for complaint in of_images
        }  # "FILE:LINE images[0]"
        samples[path] = [sample for sample in records.samples if str(sample.place) not in unusable]
        complaints += [*records.bad, *of_images]
        left_out += records.refused + len(unusable)
    if left_out > max_bad:
        raise BadRecord(
            f"{left_out} record{'' if left_out == 1 else 's'} cannot be used",
            repair="mend them, or let up to N be left out with data.max_bad=N",
            complaints=complaints,
        )
    for complaint in complaints:
        console.warn(f"left out: {complaint}")
    return samples, left_out


def _fitting(samples: Sequence[Sample], encoder: Any, limit: int) -> list[Encoded]:
    encoded = [encoder.encode(sample) for sample in samples]
    long = [
        Complaint(f"is {len(record.input_ids):,} tokens long", str(sample.place))
        for sample, record in zip(samples, encoded, strict=True)
        if len(record.input_ids) > limit
    ]
    if long:
        raise BadRecord(
            f"{len(long)} record{' is' if len(long) == 1 else 's are'} longer than train.max_length={limit:,}; "
            "nothing is cut off silently",
            repair="raise train.max_length, or split the records",
            complaints=long,
        )
    return encoded
