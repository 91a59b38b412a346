"""Every image of many samples, looked at once each before anything costly begins.

This module knows nothing of how images are decoded or what is done about a bad one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from medgpt_cli.core.errors import BadImage, Complaint
from medgpt_cli.core.types import Sample
from medgpt_cli.data.images.apart import check_apart, stop
from medgpt_cli.data.images.whole import verify_image


def check_images(
    samples: Sequence[Sample], *, decode: bool, progress: Callable[[int, int], None] | None = None
) -> tuple[Complaint, ...]:
    """What is wrong with the images of the samples, named by record and place: `local.jsonl:17 images[1]`.

    Args:
        samples: Their images are paths as `read_records` resolved them.
        decode: Decode every pixel, in a process apart where the decoder is not trusted; without it headers, checksums
            and lengths are compared, which is many times quicker and misses damage inside a compressed picture.
        progress: Called with (images looked at, all images) after each different image.

    Returns:
        One complaint for each use of a bad image, in the samples' order.
    """
    uses: dict[str, list[str]] = {}
    for sample in samples:
        for index, path in enumerate(sample.images):
            uses.setdefault(path, []).append(f"{sample.place} images[{index}]")
    faults: dict[str, Complaint] = {}
    try:
        for done, (path, places) in enumerate(uses.items(), start=1):
            try:
                if decode:
                    check_apart(path)
                else:
                    verify_image(path)
            except BadImage as error:
                faults |= {place: Complaint(error.what, place, error.repair) for place in places}
            if progress:
                progress(done, len(uses))
    finally:
        stop()
    return tuple(
        faults[place]
        for sample in samples
        for index in range(len(sample.images))
        if (place := f"{sample.place} images[{index}]") in faults
    )
