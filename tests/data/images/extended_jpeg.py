"""A decoder for grey sequential JPEG of 8 or 12 bits, written from ITU T.81 for the tests alone.

No wheel but the one we use decodes 12-bit JPEG under a licence we may depend on, so the second opinion is this one:
Huffman decoding bit by bit (annex F.2.2), an inverse cosine transform in floating point (A.3.3), nothing fast.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import numpy as np

_ZIGZAG = sorted(range(64), key=lambda i: (i // 8 + i % 8, (i // 8 if (i // 8 + i % 8) % 2 else i % 8)))
"""Place in the block of the n-th coefficient (figure A.6)."""


def decode(frame: bytes) -> np.ndarray:
    """(rows, columns) of int64."""
    quantisers: dict[int, np.ndarray] = {}
    codes: dict[int, dict[tuple[int, int], int]] = {}
    precision = rows = columns = quantiser = interval = 0
    position = 2
    while True:
        marker, length = struct.unpack_from(">xBH", frame, position)
        body = frame[position + 4 : position + 2 + length]
        position += 2 + length
        if marker == 0xDB:
            while body:
                deep = body[0] >> 4
                size = 128 if deep else 64
                values = np.frombuffer(body[1 : 1 + size], ">u2" if deep else ">u1")
                quantisers[body[0] & 15] = values.astype(np.int64)
                body = body[1 + size :]
        elif marker in (0xC0, 0xC1):
            precision, rows, columns, components = struct.unpack_from(">BHHB", body)
            assert components == 1
            quantiser = body[8]
        elif marker == 0xC4:
            while body:
                counts, codes[body[0]], code, place = body[1:17], {}, 0, 17
                for bits, count in enumerate(counts, start=1):
                    for _ in range(count):
                        codes[body[0]][bits, code] = body[place]
                        code, place = code + 1, place + 1
                    code *= 2
                body = body[17 + sum(counts) :]
        elif marker == 0xDD:
            interval = struct.unpack(">H", body)[0]
        elif marker == 0xDA:
            dc, ac = codes[body[2] >> 4], codes[0x10 | body[2] & 15]
            break
    scan = frame[position : frame.rindex(b"\xff\xd9")]
    pieces = [piece.replace(b"\xff\0", b"\xff") for piece in re.split(rb"\xff[\xd0-\xd7]", scan)]
    across, down = -(-columns // 8), -(-rows // 8)
    blocks = np.zeros((across * down, 64))
    done = 0
    for piece in pieces:
        bits = _bits(piece)
        last = 0
        for _ in range(min(interval or len(blocks), len(blocks) - done)):
            last += _number(bits, _symbol(bits, dc))
            coefficients = np.zeros(64, np.int64)
            coefficients[0], k = last, 1
            while k < 64:
                symbol = _symbol(bits, ac)
                if symbol & 15:
                    k += symbol >> 4
                    coefficients[k] = _number(bits, symbol & 15)
                elif symbol != 0xF0:
                    break
                else:
                    k += 15
                k += 1
            blocks[done][_ZIGZAG] = coefficients * quantisers[quantiser]
            done += 1
    basis = np.cos((2 * np.arange(8)[:, None] + 1) * np.arange(8) * np.pi / 16) / 2
    basis[:, 0] /= 2**0.5
    shown = basis @ blocks.reshape(-1, 8, 8) @ basis.T + 2 ** (precision - 1)
    shown = np.rint(np.clip(shown, 0, 2**precision - 1)).astype(np.int64)
    whole = shown.reshape(down, across, 8, 8).swapaxes(1, 2).reshape(down * 8, across * 8)
    return whole[:rows, :columns]


def _bits(data: bytes) -> Iterator[int]:
    return iter(np.unpackbits(np.frombuffer(data, np.uint8)).tolist())


def _symbol(bits: Iterator[int], codes: dict[tuple[int, int], int]) -> int:
    code = 0
    for length in range(1, 17):
        code = code * 2 + next(bits)
        if (length, code) in codes:
            return codes[length, code]
    raise ValueError("no such code")


def _number(bits: Iterator[int], length: int) -> int:
    value = 0
    for _ in range(length):
        value = value * 2 + next(bits)
    return value if not length or value >> (length - 1) else value - 2**length + 1
