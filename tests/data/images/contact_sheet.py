"""All real images that installed packages carry, as our readers show them, on sheets to be looked at.

    python -m tests.data.images.contact_sheet [FOLDER]      writes sheet-1.png and on; default runs/contact-sheet

The statistics of each picture stand in `real_images.json` beside this file; a change of them is a change of what a
model sees, and is made only after the sheets were looked at again (`--write`).
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.letterbox import letterbox
from medgpt_cli.data.images.reading import open_image

EXPECTED = Path(__file__).with_name("real_images.json")
CELL, ACROSS, DOWN = 200, 8, 6


def package(name: str) -> Path:
    """Where a package lies, found without importing it."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def references(unpacked: Path) -> Iterator[tuple[str, str]]:
    """(name, reference) of every image file, the middle frame of several and the middle slices of volumes."""
    pydicom, deid, nibabel = package("pydicom"), package("deid_data"), package("nibabel")
    folders = [
        ("pydicom", pydicom / "data/test_files"),
        ("deid_data", deid / "data"),
        ("nibabel", nibabel / "nicom/tests/data"),
    ]
    for owner, folder in folders:
        for path in sorted(folder.rglob("*")):
            name = f"{owner}/{path.relative_to(folder)}"
            if not path.is_file() or path.suffix in (".py", ".pyc", ".md", ".txt", ".json", ".csv"):
                continue
            if path.suffix == ".zip" and zipfile.is_zipfile(path) and owner == "deid_data":
                with zipfile.ZipFile(path) as archive:
                    for member in sorted(
                        n for n in archive.namelist() if n.endswith(".dcm") and "MACOSX" not in n
                    ):
                        yield f"{name}/{member}", str(archive.extract(member, unpacked))
            elif name.endswith(".dcm.gz"):
                plain = unpacked / path.stem
                plain.write_bytes(gzip.decompress(path.read_bytes()))
                yield name, str(plain)
            else:
                yield name, str(path)
    for name in (
        "anatomical.nii",
        "functional.nii",
        "example4d.nii.gz",
        "example_nifti2.nii.gz",
        "standard.nii.gz",
    ):
        yield f"nibabel/{name}", str(nibabel / "tests/data" / name)
    atlas = package("nilearn") / "datasets/data/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
    for plane, index in (("axial", 90), ("coronal", 110), ("sagittal", 98)):
        yield f"nilearn/{plane}", f"{atlas}#plane={plane}&slice={index}"


def opened(reference: str) -> tuple[Image.Image, str]:
    """The picture, and what had to be added to the reference: a frame or slice in the middle."""
    try:
        return open_image(reference), ""
    except BadImage as error:
        if error.what.startswith("holds ") and error.what.split()[2] in ("frames", "pages"):
            added = f"#frame={int(error.what.split()[1]) // 2}"
        elif error.what.startswith("is a volume of"):
            added = error.repair.split()[2]
        else:
            raise
    try:
        return open_image(reference + added), added
    except BadImage as error:
        if error.what.split()[-1] != "volumes":
            raise
    added += "&volume=0"
    return open_image(reference + added), added


def measured(image: Image.Image) -> dict[str, object]:
    """What a picture is known again by."""
    counts = np.sum(np.reshape(image.histogram(), (3, 256)), axis=0) / (3 * image.width * image.height)
    shades = np.arange(256)
    mean = counts @ shades
    red, green, blue = image.split()
    brightest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return {
        "size": list(image.size),
        "mean": round(float(mean), 2),
        "std": round(float((counts @ (shades - mean) ** 2) ** 0.5), 2),
        "black": round(sum(brightest.histogram()[:9]) / (image.width * image.height), 4),
    }


def survey() -> tuple[dict[str, object], list[tuple[str, Image.Image]]]:
    """Statistics of every file, or the words of its refusal; and the pictures."""
    found: dict[str, object] = {}
    pictures = []
    with tempfile.TemporaryDirectory() as folder:
        for name, reference in references(Path(folder)):
            try:
                image, added = opened(reference)
            except BadImage as error:
                found[name] = error.what
            else:
                found[name + added] = measured(image)
                pictures.append((name.partition("/")[2] + added, image))
    return found, pictures


def sheets(pictures: list[tuple[str, Image.Image]], folder: Path) -> list[Path]:
    """Writes the pictures, letterboxed and named, some to a sheet."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for start in range(0, len(pictures), ACROSS * DOWN):
        sheet = Image.new("RGB", (ACROSS * CELL, DOWN * (CELL + 14)), "white")
        draw = ImageDraw.Draw(sheet)
        for place, (name, image) in enumerate(pictures[start : start + ACROSS * DOWN]):
            x, y = place % ACROSS * CELL, place // ACROSS * (CELL + 14)
            sheet.paste(letterbox(image, CELL - 4), (x + 2, y))
            draw.text((x + 2, y + CELL - 3), name[-32:], fill="black")
        written.append(folder / f"sheet-{len(written) + 1}.png")
        sheet.save(written[-1])
    return written


def main(arguments: list[str]) -> None:
    """Writes the sheets; with `--write` the expected statistics too."""
    found, pictures = survey()
    named = [argument for argument in arguments if argument != "--write"]
    for path in sheets(pictures, Path(named[0] if named else "runs/contact-sheet")):
        sys.stdout.write(f"{path}\n")
    if "--write" in arguments:
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in found.items())
        EXPECTED.write_text(f"{{\n{lines}\n}}\n")
    else:
        expected = json.loads(EXPECTED.read_text())
        differ = [
            name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)
        ]
        sys.stdout.write(
            f"{len(found)} files; otherwise than expected: {', '.join(sorted(differ)) or 'none'}\n"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
