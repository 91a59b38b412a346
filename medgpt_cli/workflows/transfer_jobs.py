"""The work of a transfer, job by job: one tower, one set, one mode, one seed; each is kept as soon as it is done.

A job trains on the training split, is chosen on validation, and looks at the test split once, at its end.  Features
of a frozen tower are kept in the run's folder, so nothing is computed twice.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgpt_cli.core import console, files
from medgpt_cli.core.device import pick_device
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.core.transfer import Mode, TransferRecipe
from medgpt_cli.data.classification.sets import ClassificationSet
from medgpt_cli.data.classification.squares import Squares
from medgpt_cli.data.images.letterbox import FILL
from medgpt_cli.evaluation.transfer.outcomes import Answers, macro_f1
from medgpt_cli.training.transfer.finetune import features, fine_tune
from medgpt_cli.training.transfer.pictures import Normaliser
from medgpt_cli.training.transfer.probe import Score, Trained, fit_probe
from medgpt_cli.workflows.transfer_inputs import NamedTower

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Job:
    """One training.

    Attributes:
        set: On which.
        tower: Of which.
        mode: How.
        seed: With which draws.
    """

    set: ClassificationSet
    tower: NamedTower
    mode: Mode
    seed: int

    @property
    def name(self) -> str:
        """For lines of progress."""
        return f"{self.set.name}, {self.mode}, {self.tower.name}, seed {self.seed}"

    def key(self) -> str:
        """For its file: equal for equal work."""
        told = f"{self.set.fingerprint()} {self.tower.name} {self.tower.hash} {self.mode} {self.seed}"
        return hashlib.sha256(told.encode()).hexdigest()[:24]


def jobs(
    sets: Sequence[ClassificationSet],
    towers: Sequence[NamedTower],
    modes: Sequence[Mode],
    recipe: TransferRecipe,
) -> list[Job]:
    """All of them in order; the probe of a tower that no seed changes is done once."""
    return [
        Job(each, tower, mode, recipe.seed + number)
        for each in sets
        for tower in towers
        for mode in modes
        for number in range(recipe.seeds if mode == "finetune" or tower.fresh else 1)
    ]


def work(run: RunFolder, todo: Sequence[Job], recipe: TransferRecipe) -> list[dict[str, Any]]:
    """Does every job that is not done yet.

    Args:
        run: Keeps the answers of each.
        todo: The jobs.
        recipe: The same for all.

    Returns:
        What each job answered and chose, in order.
    """
    folder = files.make_folder(run.path / "jobs")
    found = []
    squares: dict[tuple[str, int], Squares] = {}
    for number, job in enumerate(todo, start=1):
        path = folder / f"{job.key()}.json"
        if not path.exists():
            console.say(f"{number} of {len(todo)}: {job.name}")
            side = job.tower.tower.side
            if (job.set.name, side) not in squares:
                squares = {
                    (job.set.name, side): Squares(job.set, side)
                }  # those of other sets are let go
            files.write_json(path, _done(run, job, squares[job.set.name, side], recipe))
        found.append(json.loads(path.read_text()))
    return found


def answers(
    todo: Sequence[Job], done: Sequence[dict[str, Any]], recipe: TransferRecipe
) -> list[Answers]:
    """The answers of each tower on each set in each mode, all seeds together."""
    gathered: dict[tuple[str, str, str], list[tuple[int, ...]]] = {}
    for job, result in zip(todo, done, strict=True):
        key = (job.set.name, job.mode, job.tower.name)
        gathered.setdefault(key, []).append(tuple(result["predicted"]))
    return [
        # What no seed changes is the same for each of them.
        Answers(set=name, mode=mode, tower=tower, predicted=tuple(each * (recipe.seeds // len(each))))
        for (name, mode, tower), each in gathered.items()
    ]


def _done(run: RunFolder, job: Job, squares: Squares, recipe: TransferRecipe) -> dict[str, Any]:
    began = time.perf_counter()
    splits = {split: job.set.of(split) for split in ("train", "val", "test")}
    labels = {split: [job.set.examples[i].label for i in numbers] for split, numbers in splits.items()}
    classes = len(job.set.labels)

    def score(gold: Sequence[int], predicted: Sequence[int]) -> float:
        return macro_f1(gold, predicted, classes)

    normal = Normaliser(*job.tower.tower.statistics, FILL)
    device, _ = pick_device()
    network = job.tower.network(job.seed).to(device)
    if job.mode == "probe":

        def read(numbers: Sequence[int]) -> Floats:
            made: Floats = features(network, squares, normal, numbers, recipe.batch_size).numpy()
            return made

        trained, asked = _probed(run.path, job, splits, labels, read, recipe, score)
        predicted = trained.predict(asked)
    else:
        trained = fine_tune(
            network,
            classes,
            squares,
            normal,
            (splits["train"], labels["train"]),
            (splits["val"], labels["val"]),
            recipe.finetune,
            score,
            seed=job.seed,
            told=lambda line: console.say(f"  {line}"),
        )
        predicted = trained.predict(splits["test"])
    return {
        "set": job.set.name,
        "tower": job.tower.name,
        "mode": job.mode,
        "seed": job.seed,
        "validation": trained.validation,
        "chosen": trained.told,
        "predicted": predicted,
        "seconds": round(time.perf_counter() - began, 2),
    }


def _probed(
    run: Path,
    job: Job,
    splits: dict[str, list[int]],
    labels: dict[str, list[int]],
    read: Any,
    recipe: TransferRecipe,
    score: Score,
) -> tuple[Trained, Floats]:
    train, val = (_kept(run, job, split, splits[split], read) for split in ("train", "val"))
    trained = fit_probe((train, labels["train"]), (val, labels["val"]), recipe.probe, score)
    return trained, _kept(run, job, "test", splits["test"], read)


def _kept(run: Path, job: Job, split: str, numbers: list[int], read: Any) -> Floats:
    path = files.make_folder(run / "features") / f"{job.key()}-{split}.npy"
    if not path.exists():
        stream = io.BytesIO()
        np.save(stream, read(numbers))
        files.write_bytes(path, stream.getvalue())
    found: Floats = np.load(path)
    return found
