"""Stored grey values of a DICOM frame to 8 bits, in the standard's order.

    stored -> modality (LUT, or slope and intercept) -> display (VOI LUT, window, or percentiles) -> inverted -> padding

MONOCHROME1 and the presentation LUT shape INVERSE are the same wish and are granted once, after the window: inverting
earlier would invert the window too.  Up to 16 bits the steps are computed once for every possible stored value and
then looked up, which is several times cheaper than computing them for every pixel.

References: DICOM PS3.3, C.11.1 (modality), C.11.2.1.2 and C.11.2.1.3 (VOI), C.7.5.1.1.2 (padding).
"""

from __future__ import annotations

import numpy as np
from pydicom import Dataset
from pydicom.multival import MultiValue

from medgpt_cli.data.images.strips import in_strips, tabulable, through_table

PERCENTILES = (0.5, 99.5)
"""Range shown when the file brings neither a VOI LUT nor a window."""
SAMPLE = 1_000_000
"""Pixels the percentiles are taken from at most, on a regular grid."""


def grey_of(
    stored: np.ndarray, tags: Dataset, frame: int, window: tuple[float, float] | None = None
) -> np.ndarray:
    """Shows stored values as a viewer would.

    Args:
        stored: (rows, columns), any numeric type.
        tags: The header.
        frame: Its number, for files whose frames bring their own window.
        window: (centre, width) to show instead of what the file asks for.

    Returns:
        (rows, columns), uint8, white bright.
    """
    show = Display(stored, of_frame(tags, frame), window)
    return through_table(stored, show) if tabulable(stored) else in_strips(stored, show)


class Display:
    """The whole chain from stored values to brightness, its settings settled once for a frame.

    Args:
        stored: The frame; measured only where the file does not say what to show.
        tags: The header, flattened by `of_frame`.
        window: (centre, width) to show instead of what the file asks for.
    """

    def __init__(
        self, stored: np.ndarray, tags: Dataset, window: tuple[float, float] | None = None
    ) -> None:
        self._tags = tags
        self._lut = None if window else (tags.get("VOILUTSequence") or [None])[0]
        self._window = (
            (*window, "LINEAR" if window[1] >= 1 else "LINEAR_EXACT") if window else window_of(tags)
        )
        self._spread = (0.0, 0.0) if self._lut or self._window else _spread(stored, tags)
        self._inverted = (
            tags.get("PhotometricInterpretation") == "MONOCHROME1"
            or tags.get("PresentationLUTShape") == "INVERSE"
        )

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Stored values to 8 bits, of the same shape."""
        modality = _modality(values, self._tags)
        if self._lut is not None:
            bright = look_up(np.rint(modality), self._lut, self._tags)
        elif self._window:
            bright = _windowed(modality, *self._window)
        else:
            low, high = self._spread
            bright = (
                np.clip((modality - low) / (high - low), 0, 1) if high > low else np.zeros(values.shape)
            )
        if self._inverted:
            bright = 1 - bright
        return eight_bits(np.where(_padding(values, self._tags), 0, np.nan_to_num(bright)))


def eight_bits(bright: np.ndarray) -> np.ndarray:
    """Brightness from 0 to 1 as 0 to 255."""
    rounded: np.ndarray = np.rint(bright * 255).astype(np.uint8)
    return rounded


def look_up(values: np.ndarray, lut: Dataset, tags: Dataset, prefix: str = "LUT") -> np.ndarray:
    """Values through a DICOM look-up table, as brightness from 0 to 1.

    Args:
        values: Integers of any range; those outside the table take its first or last entry.
        lut: Holds `<prefix>Descriptor` and `<prefix>Data`.
        tags: The header, for its byte order.
        prefix: `LUT`, or `RedPaletteColorLookupTable` and its like.
    """
    entries, bits = _entries(lut, tags, prefix)
    bright: np.ndarray = entries[_places(values, lut, len(entries), prefix)] / max(
        2**bits - 1, entries.max()
    )
    return bright


def _entries(lut: Dataset, tags: Dataset, prefix: str) -> tuple[np.ndarray, int]:
    """The table's entries and the bits each of them uses."""
    count, _, bits = lut[f"{prefix}Descriptor"].value
    count = count or 2**16
    data = lut[f"{prefix}Data"].value
    if not isinstance(data, bytes):
        return np.asarray(data, dtype=np.int64)[:count], bits
    if len(data) < 2 * count:  # one byte an entry, perhaps one more to make it even
        return np.frombuffer(data, np.uint8)[:count].astype(np.int64), bits
    order = "<" if tags.original_encoding[1] is not False else ">"
    return np.frombuffer(data[: 2 * count], f"{order}u2").astype(np.int64), bits


def _places(values: np.ndarray, lut: Dataset, count: int, prefix: str) -> np.ndarray:
    first = int(lut[f"{prefix}Descriptor"].value[1])
    return np.clip(values.astype(np.int64) - first, 0, count - 1)


def _modality(values: np.ndarray, tags: Dataset) -> np.ndarray:
    if lut := tags.get("ModalityLUTSequence"):
        entries, _ = _entries(lut[0], tags, "LUT")
        mapped: np.ndarray = entries[_places(values, lut[0], len(entries), "LUT")].astype(np.float64)
        return mapped
    slope, intercept = _number(tags, "RescaleSlope"), _number(tags, "RescaleIntercept")
    scaled = values.astype(np.float64) * (1.0 if slope is None else slope)
    return scaled if intercept is None else scaled + intercept


def window_of(tags: Dataset) -> tuple[float, float, str] | None:
    """(centre, width, function) of the first window; None without a usable one."""
    centre, width = _number(tags, "WindowCenter"), _number(tags, "WindowWidth")
    function = str(tags.get("VOILUTFunction") or "LINEAR").upper()
    if centre is None or width is None or function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        return None
    # Width 0 is common where a scanner had nothing to say.
    return (centre, width, function) if width >= (1 if function == "LINEAR" else 1e-9) else None


def _windowed(values: np.ndarray, centre: float, width: float, function: str) -> np.ndarray:
    if function == "SIGMOID":
        return 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -700, 700)))
    if function == "LINEAR":
        centre, width = centre - 0.5, width - 1
        if width == 0:
            return (values > centre).astype(np.float64)
    return np.clip((values - centre) / width + 0.5, 0, 1)


def _spread(stored: np.ndarray, tags: Dataset) -> tuple[float, float]:
    """The range of modality values to show, from the pixels that are not padding."""
    step = max(1, int((stored.size / SAMPLE) ** 0.5))
    sample = stored[::step, ::step]
    values = _modality(sample, tags)[~_padding(sample, tags)]
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 0.0
    low, high = np.percentile(values, PERCENTILES)
    return (float(low), float(high)) if high > low else (float(values.min()), float(values.max()))


def _padding(values: np.ndarray, tags: Dataset) -> np.ndarray:
    """Where a stored value means "no data here"."""
    ends = [tags.get(keyword) for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    if values.dtype.kind not in "iu" or not isinstance(ends[0], int):
        return np.zeros(values.shape, bool)
    # The value is often written with the wrong sign: wrap it as the pixels are.
    wrapped = [int(np.array(end, np.int64).astype(values.dtype)) for end in ends if isinstance(end, int)]
    return (values >= min(wrapped)) & (values <= max(wrapped))


def _number(tags: Dataset, keyword: str) -> float | None:
    value = tags.get(keyword)
    if isinstance(value, MultiValue | list):
        value = value[0] if value else None
    return None if value is None or value == "" else float(value)


def of_frame(tags: Dataset, frame: int) -> Dataset:
    """The header with what an enhanced file says of all frames, and of this one, put in its plain place."""
    shared = tags.get("SharedFunctionalGroupsSequence") or []
    each = tags.get("PerFrameFunctionalGroupsSequence") or []
    flat = Dataset()
    flat.update(tags)
    flat.set_original_encoding(*tags.original_encoding)
    for group in (*shared[:1], *each[frame : frame + 1]):
        for name in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
            for item in (group.get(name) or [])[:1]:
                flat.update(item)
    return flat
