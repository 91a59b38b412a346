"""Real pictures to plant leaks with, each with its patient: what packages carry, and slices cut from volumes.

Pictures come from installed packages, and from any wheel or folder named besides.  A name such as
`person1946_bacteria_4874` tells the patient; another picture counts as one patient.  All slices of a volume are one
patient, however many are cut, and the three averages of the same 152 brains are one patient together.  Nothing of them
is written.
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medgpt_cli.data.images.reading import open_image

APART = 12.0
"""Millimetres between slices of one plane: neighbours show the same, and are not the question."""
SMALLEST = 64
"""Pixels along each side of a slice at least; less is a thumbnail, of which a smaller copy shows nothing."""
SHOWN = ((0.2, 0.5), (0.2, 0.8), (0.2, 0.8))
"""The part of each axis that is cut; of left and right one side, since a symmetric average shows both alike."""
INSTALLED = {
    "pydicom": {
        f"data/test_files/{name}.dcm": patient
        for name, patient in {
            "693_J2KI": "CQ500-CT-310", "J2K_pixelrep_mismatch": "JXD191021006", "CT_small": "1CT1", "MR_small": "4MR1",
            "JPEG2000": "8NM1", "examples_overlay": "021234567", "examples_palette": "11-05-25-142825",
            "examples_rgb_color": "13US1", "examples_jpeg2k": "13US1", "examples_ybr_color": "204",
        }.items()
    },
    "deid_data": {
        f"data/{name}.dcm": name
        for name in ("animals/cat", "ultrasounds/GREYSCALE_IMAGE", "ultrasounds/RGB_IMAGE")
    },
    "skimage": {
        f"data/{name}": name for name in ("retina.jpg", "ihc.png", "cell.png", "microaneurysms.png")
    },
    "nilearn": {"datasets/data/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz": ""},
    "nibabel": {"tests/data/anatomical.nii": "", "tests/data/example4d.nii.gz": ""},
}  # fmt: skip
"""One picture of each subject, with its patient: the packages hold several of them in many encodings."""
VOLUMES = {
    "mni_icbm152_t1_tal_nlin_sym_09a_converted": "MNI152",
    "mni_icbm152_t1_tal_nlin_asym_09c_brain": "MNI152",
    "MNI152_T1_1mm_brain": "MNI152",
    "ch2": "Colin27",
    "inia19-t1-brain": "INIA19",
    "anatomical": "nibabel, anatomical",
    "example4d": "nibabel, example4d",
    "Cranium": "InVesalius, Cranium",
}
"""Volumes of grey values by the stem of their file, and whose they are; atlases of labels are no pictures."""
PASSED_OVER = ("encoded/", "mask", "logo", "icon")
"""Parts of names of what is the same picture again, or none."""

Voxels = NDArray[np.float64]


class Picture(NamedTuple):
    """A picture.

    Attributes:
        kind: `chest`, `brain MR`, `volumes` or `other`.
        patient: Whose.
        series: The volume and plane that a slice is cut from; empty for other pictures.
        place: The number of the slice, or the name of the file.
        image: It.
    """

    kind: str
    patient: str
    series: str
    place: str
    image: Image.Image


def pictures(extra: list[Path]) -> Iterator[Picture]:
    """Every picture at hand."""
    for package, names in INSTALLED.items():
        found = find_spec(package)
        for name, patient in names.items() if found and found.origin else ():
            path = Path(str(found and found.origin)).parent / name
            if not path.is_file():
                continue
            if name.endswith(".dcm"):
                image = open_image(f"{path}#frame=0")
                yield Picture("other", f"{package} {patient}", "", path.name, image)
            else:
                yield from _of_file(path.name, path.read_bytes())
    for path in extra:
        for name, data in _held(path):
            if not any(part in name for part in PASSED_OVER):
                yield from _of_file(name.rpartition("/")[2], data)


def _held(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        yield from (
            (item.relative_to(path).as_posix(), item.read_bytes())
            for item in sorted(path.rglob("*"))
            if item.is_file()
        )
        return
    with zipfile.ZipFile(path) as wheel:
        yield from (
            (name, wheel.read(name)) for name in sorted(wheel.namelist()) if not name.endswith("/")
        )


def _of_file(name: str, data: bytes) -> Iterator[Picture]:
    stem = name.partition(".")[0]
    if stem in VOLUMES:
        yield from _slices(stem, *_volume(name, data))
    elif name.lower().endswith((".jpg", ".jpeg", ".png")):
        person = re.match(r"person\d+", name)
        chest = person or name.startswith("NORMAL")
        kind = "chest" if chest else "brain MR" if "Te-" in name else "other"
        image = Image.open(io.BytesIO(data)).convert("RGB")
        yield Picture(kind, person[0] if person else name, "", name, image)


def _volume(name: str, data: bytes) -> tuple[Voxels, tuple[float, ...]]:
    """Voxels and their size in mm, axes from left, back and foot as nibabel's canonical order has them."""
    if name.endswith(".inv3"):
        with tarfile.open(fileobj=io.BytesIO(data)) as held:
            [member] = [each for each in held.getmembers() if each.name.endswith("matrix.dat")]
            raw = held.extractfile(member)
            assert raw is not None
            matrix = np.frombuffer(raw.read(), np.int16).reshape(108, 256, 256)
        return matrix.transpose(2, 1, 0).astype(np.float64), (0.957, 0.957, 1.5)
    data = gzip.decompress(data) if name.endswith(".gz") else data
    image: Any = nib.as_closest_canonical(nib.Nifti1Image.from_bytes(data))
    voxels = np.asarray(image.dataobj, dtype=np.float64)
    return voxels[..., 0] if voxels.ndim == 4 else voxels, image.header.get_zooms()[:3]


def _slices(stem: str, voxels: Voxels, size: tuple[float, ...]) -> Iterator[Picture]:
    low, high = np.percentile(voxels, [1, 99.5])
    grey = (np.clip((voxels - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    for axis, (begin, end) in enumerate(SHOWN):
        length = grey.shape[axis]
        for place in range(
            round(begin * length), round(end * length), max(1, round(APART / size[axis]))
        ):
            plane = np.rot90(grey.take(place, axis))
            if plane.std() >= 8 and min(plane.shape) >= SMALLEST:
                image = Image.fromarray(np.ascontiguousarray(plane)).convert("RGB")
                yield Picture("volumes", VOLUMES[stem], f"{stem} {axis}", str(place), image)
