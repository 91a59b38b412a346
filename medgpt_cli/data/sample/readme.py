"""The `README.md` of a sample set: what is in it, how its answers are defined, and what it is not."""

from __future__ import annotations

from medgpt_cli.data.sample.anatomy import BORDER, LATERAL, MIDLINE, TISSUE_MARGIN
from medgpt_cli.data.sample.material import HELD_OUT, SIDE, TRAIN
from medgpt_cli.data.sample.report import Count, SampleReport

TEXT = """\
# A small real data set

Made by `medgpt data sample` (seed {seed}, slices {slices:g}) from volumes and images that installed Python packages
carry. It shows that a model learns and how it is scored. It is research material, not a medical device, and says
nothing about how a model does on patients: every brain slice is cut from one averaged head.

- `local.jsonl`: {train} training records in mixed forms, {train_images} images ({train_slices} of brain slices).
- `heldout.jsonl`: {heldout} questions with short answers on {heldout_images} other images ({heldout_slices} of brain
  slices).
- `images/`: {side} x {side} pixels, 8-bit grey or RGB. `truth.json`: what is true of each and what was done to it.
- `manifest.json`: seed, versions of the packages, SHA-256 of both data files. `LICENCES.md`: terms of the originals.

| kind | training | commonest answer | held out | commonest answer |
|---|---|---|---|---|
{table}

Dialogues, captions and plain texts are counted as records, not as questions. The commonest answer is what guessing
scores.

## How answers are defined
- Axial slices are seen from the feet and coronal ones from the front (radiological convention: the patient's left is
  on the right of the picture), front or top up. Sagittal slices are seen from their own side of the head.
- **level**: thirds of the brain's extent along the axis; slices within {border:g} mm of a border have none.
- **side**: within {midline:g} mm of the midline, or beyond {lateral:g} mm left or right; nothing in between. The
  template is exactly mirror-symmetric, so the side shows only in the direction the face looks.
- **tissue**: areas of the grey and white matter probability maps; nothing within {margin:g} percent of where the
  answer turns.
- **modality, region**: from the DICOM header, or from the note of the package.

## How it is split
Along each axis, 12 mm train, 2 mm are dropped, 4 mm are held out, 2 mm are dropped, and so on; sagittal slices by
their distance from the midline. A held-out slice is at least 3 mm from any slice of its plane that is trained on;
planes cross, as they do in any volume. Single images are wholly on one side; nuclear medicine and histology have one
original each and are trained on only. Held-out pictures are never shifted or changed in contrast; some training
slices stand a second time so changed, and `truth.json` says how. Where a question is about one hemisphere, the other
is blackened, on both sides of the split.
"""


def readme(report: SampleReport) -> str:
    """The text of `README.md`."""
    train, heldout = report.kinds[TRAIN], report.kinds[HELD_OUT]
    rows = [
        f"| {kind} | {_cells(train.get(kind))} | {_cells(heldout.get(kind))} |"
        for kind in sorted({*train, *heldout})
    ]
    return TEXT.format(
        seed=report.seed,
        slices=report.slices,
        side=SIDE,
        table="\n".join(rows),
        border=BORDER,
        margin=100 * TISSUE_MARGIN,
        midline=MIDLINE,
        lateral=LATERAL,
        train=report.records[TRAIN],
        heldout=report.records[HELD_OUT],
        train_images=report.images[TRAIN],
        heldout_images=report.images[HELD_OUT],
        train_slices=report.slice_images[TRAIN],
        heldout_slices=report.slice_images[HELD_OUT],
    )


def _cells(count: Count | None) -> str:
    if count is None:
        return " | "
    return f"{count.questions} | {f'{count.majority} ({count.share:.2f})' if count.majority else ''}"
