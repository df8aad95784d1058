"""Photographs as phones send them, and what only pretends to be one."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image


def photo(width: int = 60, height: int = 40, form: str = "JPEG", *, colour: str = "white", **options: Any) -> bytes:
    made = BytesIO()
    Image.new("RGB", (width, height), colour).save(made, form, **options)
    return made.getvalue()


def with_place_and_turned(width: int = 60, height: int = 40) -> bytes:
    """Held upright by somebody whose phone notes where: orientation 6, a camera's name and a GPS block."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Kamera Rahasia"
    exif.get_ifd(0x8825)[1] = "S"
    return photo(width, height, exif=exif)


def bomb(width: int = 32_000, height: int = 32_000) -> bytes:
    """A PNG of 10^9 pixels in a few kilobytes, as its header says it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    line = zlib.compress(b"\0" * (width + 1))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", line) + chunk(b"IEND", b"")


EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
