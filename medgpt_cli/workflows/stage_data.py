"""The records of one stage, read, checked and encoded before any step is taken.

Everything wrong with records and images is told at once, then what is too long for the recipe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, distributed
from medgpt_cli.core.errors import BadRecord, Complaint
from medgpt_cli.core.types import Sample
from medgpt_cli.core.wording import counted
from medgpt_cli.data.encoded_rows import EncodedRows
from medgpt_cli.data.mixing import Mixture
from medgpt_cli.data.prepared.opening import is_prepared
from medgpt_cli.training.micro_batches import require_room
from medgpt_cli.workflows import mix, training_files
from medgpt_cli.workflows.fitting import fit
from medgpt_cli.workflows.gates.leakage import against_hashes, leakage_gate
from medgpt_cli.workflows.gates.phi import phi_gate
from medgpt_cli.workflows.loading import encoder_of
from medgpt_cli.workflows.mix import examples_of, mixture_of, unlike_names
from medgpt_cli.workflows.picture_files import PictureFiles
from medgpt_cli.workflows.training_files import TRAIN, VALIDATION


@dataclass(frozen=True)
class StageData:
    """What a stage trains and validates on.

    Attributes:
        train: Encoded training records, source after source.
        mixture: Which of them comes when.
        validation: Encoded validation records, perhaps none, file after file.
        validation_parts: How many of them each validation file gave, by its name.
        hashes: SHA-256 of each data file, by the path as given.
        pictures: The picture files that the records of all files show; none in all processes but the first.
        left_out: Bad records left out, as `data.max_bad` allows.
        leaking: Training records left out because they meet evaluation records, by reason.
        phi: What the gate on identifiers of patients found, and who answers for it.
        parted: Training records longer than a row that became several, and how many these became.
        shots: For each source whose records are asked after examples: how many each, of how many, and a hash of
            which.
    """

    train: EncodedRows
    mixture: Mixture
    validation: EncodedRows
    validation_parts: dict[str, int]
    hashes: dict[str, str]
    pictures: PictureFiles
    left_out: int
    leaking: dict[str, int]
    phi: dict[str, Any]
    parted: tuple[int, int]
    shots: dict[str, dict[str, Any]]

    def sentence(self) -> str:
        """What a person wants to know of the data before training."""
        tokens, learnt, tiles = sum(self.train.lengths), self.train.learnt, sum(self.train.images)
        images = counted(self.train.pictures, "image")
        if tiles != self.train.pictures:
            images += f" in {counted(tiles, 'tile')}"
        left_out = f"; {counted(self.left_out, 'bad record')} left out" if self.left_out else ""
        if leaking := sum(self.leaking.values()):
            left_out += f"; {leaking:,} that meet evaluation records left out"
        if self.parted[0]:
            left_out += "; {:,} too long for a row, parted into {:,}".format(*self.parted)
        for each in self.shots.values():
            left_out += f"; {each['records']:,} asked after {counted(each['shots'], 'example')} each"
        return (
            f"{counted(len(self.train), 'record')}, {images}, {tokens:,} tokens of which {learnt:,} are learnt"
            f"{left_out}"
        )


def gather(recipe: Any, processor: Any) -> StageData:
    """Reads the recipe's data files.

    Args:
        recipe: A stage recipe.
        processor: The checkpoint's processor.

    Raises:
        NotThere: A file does not exist, or a folder is no prepared set.
        BadRecord: Evaluating was asked for and there is nothing to evaluate on.
        BadRecord: More records are bad than `data.max_bad` allows, or some are longer than `train.max_length`.
        BadRecipe: A forward pass does not hold the longest record.
        PhiFound: The records identify patients, and nobody answers for it.
        HashMismatch: A shard or a picture of a prepared set is not the one its manifest names.
    """
    root = Path(recipe.data.image_root) if recipe.data.image_root else None
    paths = [Path(part.path) for part in recipe.data.mix]
    named = [Path(path) for path in recipe.data.validation]
    training_files.require_files([*paths, *named])
    validation_paths = training_files.validation_files(paths, named)
    if recipe.train.eval_steps is not None and not validation_paths:
        raise BadRecord(
            "train.eval_steps needs records to evaluate on", repair="name them in data.validation"
        )
    wanted = [(path, TRAIN) for path in paths] + [(path, VALIDATION) for path in validation_paths]
    found, left_out, every_record = _read(wanted, root, recipe.data.max_bad, recipe.data.limit)
    pictures = PictureFiles.of(every_record if distributed.is_first() else ())
    del every_record
    read = {path: found[path, TRAIN] for path in paths}
    watched = [found[path, VALIDATION] for path in validation_paths]
    against = [Path(path) for path in recipe.data.against]
    learnt, leaking = _apart(paths, read, against, root)
    train = [sample for path in paths for sample in learnt[path]]
    validation = [sample for samples in watched for sample in samples]
    for path in paths:
        if not learnt[path]:
            raise BadRecord(
                "no record is left to train on",
                where=str(path),
                repair="mend the records that were left out; see medgpt data check",
            )
    every = [*paths, *validation_paths]
    phi = phi_gate([*train, *validation], recipe.gates.phi, training_files.record_hashes(every))
    encoder = encoder_of(processor)
    asked = examples_of(recipe, [learnt[path] for path in paths])
    fitted = fit(
        [each.samples for each in asked], encoder, recipe.train, [each.own_from for each in asked]
    )
    checked = fit(watched, encoder, recipe.train)
    require_room(
        recipe.train, fitted.rows.lengths, distributed.ranks() // recipe.engine.sequence_parallel
    )
    return StageData(
        train=fitted.rows,
        mixture=mixture_of(recipe, fitted.counts, fitted.rows.lengths),
        validation=checked.rows,
        validation_parts=dict(
            zip(unlike_names([str(path) for path in validation_paths]), checked.counts, strict=True)
        ),
        parted=(fitted.parted, fitted.pieces),
        hashes=training_files.file_hashes(every) | against_hashes(against),
        pictures=pictures,
        left_out=left_out,
        leaking=leaking,
        phi=phi,
        shots=mix.shots_document(recipe, asked),
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
    wanted: Sequence[tuple[Path, str]], root: Path | None, max_bad: int, limit: int | None
) -> tuple[dict[tuple[Path, str], list[Sample]], int, list[Sample]]:
    """The usable samples of each (file, split), how many records were left out, and all samples; all faults at once."""
    every: list[Sample] = []
    samples: dict[tuple[Path, str], list[Sample]] = {}
    known: dict[Path, list[Sample]] = {}
    complaints: list[Complaint] = []
    left_out = 0
    for path, split in dict.fromkeys(wanted):
        if path in known and not is_prepared(path):
            samples[path, split] = known[path]  # watched on what it learns from: told once
            continue
        records, of_images = training_files.read_split(path, split, image_root=root, limit=limit)
        unusable = {
            complaint.where.rsplit(" ", 1)[0] for complaint in of_images
        }  # "FILE:LINE images[0]"
        every += records.samples
        samples[path, split] = [each for each in records.samples if str(each.place) not in unusable]
        known[path] = samples[path, split]
        complaints += [*records.bad, *of_images]
        left_out += records.refused + len(unusable)
    if left_out > max_bad:
        raise BadRecord(
            f"{counted(left_out, 'record')} cannot be used",
            repair="mend them, or let up to N be left out with data.max_bad=N",
            complaints=complaints,
        )
    for complaint in complaints:
        console.warn(f"left out: {complaint}")
    return samples, left_out, every
