"""What the header of a NIfTI file says, and its voxels to be read on demand.

Read with nibabel's header classes, whose own checks are left out because they write to the terminal; header
extensions, which may hold names, are never read.  This module knows nothing of planes or display.
"""

from __future__ import annotations

import gzip
import math
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO

import nibabel as nib
from nibabel.affines import obliquity
from nibabel.arrayproxy import ArrayProxy
from nibabel.orientations import io_orientation
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.flags import Flag
from medgpt_cli.data.images.formats import GZIP, HEAD, nifti_version, plain_head
from medgpt_cli.data.images.limits import MAX_VOLUME_BYTES

DAMAGE = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
    HeaderDataError,
    WrapStructError,
    zlib.error,
)
"""What nibabel and gzip raise on damaged files, which has no common class."""
OBLIQUE = math.radians(15)
"""An angle to the body's axes beyond which it is said."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A NIfTI file whose header was believed.

    Attributes:
        voxels: Read on demand.
        shape: Voxels along the three stored axes.
        series: Lengths of the further axes.
        axes: For right, anterior, superior: the stored axis, and 1, or -1 where it runs the other way.
        spacing: Millimetres along right, anterior, superior.
        shown: The header's display range; (0, 0) for none.
        flags: What is odd about it.
    """

    voxels: Any
    shape: tuple[int, int, int]
    series: tuple[int, ...]
    axes: tuple[tuple[int, int], ...]
    spacing: tuple[float, float, float]
    shown: tuple[float, float]
    flags: tuple[Flag, ...]


def open_volume(stream: BinaryIO) -> Volume:
    """Reads the header of a NIfTI file, `.nii` or `.nii.gz`, of version 1 or 2.

    Raises:
        BadImage: Too large, or of a kind of number that is no brightness.
        DAMAGE: The header is damaged.
    """
    stream.seek(0)
    head = stream.read(HEAD)
    plain = plain_head(head)
    kind: Any = nib.Nifti1Header if nifti_version(plain) == 1 else nib.Nifti2Header
    header = kind(plain[: kind.template_dtype.itemsize], check=False)  # its checks write to the terminal
    stream.seek(0)
    source = gzip.GzipFile(fileobj=stream) if head.startswith(GZIP) else stream
    sizes = header.get_data_shape()
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError("no sizes")
    dtype = header.get_data_dtype()
    if dtype.kind == "c":
        raise BadImage("holds complex numbers", repair="save their magnitude")
    if dtype.kind not in "iuf" and not dtype.names:
        raise ValueError("no numbers")
    if math.prod(sizes) * dtype.itemsize > MAX_VOLUME_BYTES or header.get_data_offset() > 2**26:
        raise BadImage(
            f"is over {MAX_VOLUME_BYTES // 2**30} GB unpacked", repair="save the volume you need alone"
        )
    affine = header.get_best_affine()
    orientation = io_orientation(affine).astype(int)  # raises where the header holds no numbers
    axes = tuple(
        (stored, int(orientation[stored, 1]))
        for axis in range(3)
        for stored in range(3)
        if orientation[stored, 0] == axis
    )
    zooms = [*map(float, header.get_zooms()), 1.0, 1.0, 1.0]
    flags = []
    if not header["sform_code"] and not header["qform_code"]:
        flags.append(Flag.ORIENTATION_GUESSED)
    if obliquity(affine).max() > OBLIQUE:
        flags.append(Flag.OBLIQUE)
    low, high = float(header["cal_min"]), float(header["cal_max"])
    return Volume(
        ArrayProxy(source, header, mmap=False),
        (*sizes, 1)[:3],
        tuple(sizes[3:]),
        axes,
        (zooms[axes[0][0]], zooms[axes[1][0]], zooms[axes[2][0]]),
        (low, high) if math.isfinite(high - low) and high > low else (0.0, 0.0),
        tuple(flags),
    )
