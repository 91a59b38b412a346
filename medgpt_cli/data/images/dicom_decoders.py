"""Which library decodes which DICOM transfer syntax: one each, and fixed.

pydicom tries whatever is installed, in an order of its own, and decoders differ in signs, shifts and colour (pydicom
issues 539, 693, 1644, 2073).  Here one plugin over imagecodecs takes every compressed syntax but JPEG Baseline, which
stays with Pillow: pydicom tells Pillow not to convert colour, and imagecodecs always would.  What the tests compare:

    syntax                          decoder here          its library     against
    .50       JPEG Baseline         pillow                libjpeg-turbo   imagecodecs jpeg8 (libjpeg-turbo)
    .51       JPEG, 12 bits         imagecodecs jpeg8     libjpeg-turbo   a decoder written for the tests
    .57 .70   JPEG Lossless         imagecodecs jpegsof3  jpegsof3        lj92, jpeg8, the source
    .80 .81   JPEG-LS               imagecodecs jpegls    CharLS          pyjpegls (CharLS too), the source
    .90 .91   JPEG 2000             imagecodecs jpeg2k    OpenJPEG        pylibjpeg, pillow (OpenJPEG too), the source
    .201-203  HTJ2K                 imagecodecs jpeg2k    OpenJPEG        imagecodecs htj2k (OpenJPH), the source
    RLE                             imagecodecs dicomrle  its own         pydicom's own, the source

This module knows nothing of headers or display: a frame goes in as bytes and comes out as stored samples.
"""

from __future__ import annotations

from typing import Any

import imagecodecs
import numpy as np
from pydicom.pixels.common import PhotometricInterpretation
from pydicom.pixels.decoders.base import DecodeRunner, get_decoder
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

_JPEG = {JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1}
_JPEG_LS = {JPEGLSLossless, JPEGLSNearLossless}
_JPEG_2000 = {JPEG2000, JPEG2000Lossless, HTJ2K, HTJ2KLossless, HTJ2KLosslessRPCL}
OURS = frozenset({*_JPEG, *_JPEG_LS, *_JPEG_2000, RLELossless})
"""Syntaxes decoded by imagecodecs."""
DECODER_DEPENDENCIES = dict.fromkeys(OURS, ("imagecodecs",))
"""pydicom asks every plugin for this."""
_NAME = "imagecodecs"
_END = b"\xff\xd9"
"""The marker every JPEG and JPEG-LS ends with."""


def plugin_of(syntax: UID) -> str:
    """The name of the pydicom plugin for a syntax; empty for plain pixels and for what cannot be decoded."""
    if syntax == JPEGBaseline8Bit:
        return "pillow"
    if syntax not in OURS:
        return ""
    decoder = get_decoder(syntax)
    if _NAME not in decoder.available_plugins:
        decoder.add_plugin(_NAME, (__name__, "decode"))
    return _NAME


def is_available(syntax: UID) -> bool:
    """Whether imagecodecs decodes a syntax; pydicom asks every plugin for this."""
    return syntax in OURS


def decode(frame: bytes, runner: DecodeRunner) -> memoryview:
    """Decodes one frame for pydicom.

    Args:
        frame: The encoded frame.
        runner: What the header says; told what came out.

    Returns:
        The samples, each of 1, 2 or 4 bytes, colour by pixel (RLE: by plane).

    Raises:
        Exception: Whatever the library raises; pydicom turns it into a RuntimeError.
    """
    syntax = runner.transfer_syntax
    if syntax == RLELossless:
        runner.set_option("planar_configuration", 1)
        size = int(runner.frame_length(unit="bytes"))
        data: Any = imagecodecs.dicomrle_decode(frame, runner.pixel_dtype.newbyteorder("="), out=size)
        if len(data) != size:
            raise ValueError("unpacks to another size")
        return memoryview(data)
    samples = _samples(frame, runner)
    if samples.ndim == 3:
        runner.set_option("planar_configuration", 0)
    if syntax in _JPEG_2000 and str(runner.photometric_interpretation) in (
        "YBR_ICT",
        "YBR_RCT",
    ):
        runner.set_option("photometric_interpretation", PhotometricInterpretation.RGB)
    runner.set_option("bits_allocated", 8 * samples.dtype.itemsize)
    return np.ascontiguousarray(samples).data.cast("B")


def _samples(frame: bytes, runner: DecodeRunner) -> np.ndarray:
    """(rows, columns) or (rows, columns, 3)."""
    syntax = runner.transfer_syntax
    decoded: Any
    if syntax in _JPEG_LS:
        # CharLS 2.4 reads a stream cut short for ever; it stops at an end marker, wherever that stands.
        decoded = imagecodecs.jpegls_decode(frame + _END)
    elif (
        syntax in _JPEG_2000
    ):  # not OpenJPH's decoder for HTJ2K: it hands out a frame cut short as if it were whole
        decoded = imagecodecs.jpeg2k_decode(frame)
    elif (
        syntax != JPEGExtended12Bit
    ):  # not libjpeg-turbo's or lj92's: they take a frame cut short for a whole one
        decoded = imagecodecs.jpegsof3_decode(frame)
    elif _END not in frame[-64:]:
        raise ValueError("is cut short")
    elif runner.samples_per_pixel == 1:
        decoded = imagecodecs.jpeg8_decode(frame)
    else:
        ybr = "YBR" in str(runner.photometric_interpretation)
        space = imagecodecs.JPEG8.CS.YCbCr if ybr else imagecodecs.JPEG8.CS.RGB
        decoded = imagecodecs.jpeg8_decode(frame, colorspace=space, outcolorspace=space)
    shape = (runner.rows, runner.columns) + ((3,) if runner.samples_per_pixel == 3 else ())
    if decoded.shape != shape:
        raise ValueError("is another size")
    return np.asarray(decoded)
