"""A small set and the whole set, made once; and the head read again without our code."""

import importlib.metadata
import json

import nibabel
import numpy as np
import pytest

from medgpt_cli.data.sample.make import make_sample


class Made:
    """A sample set on the disk, read back plainly."""

    def __init__(self, folder, report):
        self.folder = folder
        self.report = report
        self.truth = json.loads((folder / "truth.json").read_text())
        self.local = [json.loads(line) for line in (folder / "local.jsonl").read_text().splitlines()]
        self.heldout = [json.loads(line) for line in (folder / "heldout.jsonl").read_text().splitlines()]

    def facts(self, **wanted):
        """(path, facts) of every picture whose facts have these values."""
        return [
            (path, facts)
            for path, facts in self.truth.items()
            if all(facts.get(key) == value for key, value in wanted.items())
        ]


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "set"
    return Made(folder, make_sample(folder, slices=0.05))


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "set"
    return Made(folder, make_sample(folder))


@pytest.fixture(scope="session")
def head():
    """The template's arrays by `t1`, `gm`, `wm`, and its affine, straight from nilearn's files."""
    found = {}
    for file in importlib.metadata.files("nilearn"):
        if file.name.startswith("mni_icbm152") and file.name.endswith(".nii.gz"):
            image = nibabel.load(file.locate())
            found[file.name.split("_")[2]] = np.asarray(image.dataobj, dtype=np.float64)
            found["affine"] = image.affine
    return found
