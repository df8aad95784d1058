"""Photographs, decoded in a confined process (records/pictures/child.py): bytes in by one pipe, a JPEG out by another."""

import json
import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore

MB = 1024 * 1024
MOST_BYTES = 10 * MB
MOST_SIDE = 2000  # of what is kept: a letter of A4 is still read at this size
MOST_PIXELS = 64_000_000  # of what is sent; before anything is decoded
WALL_SECONDS = 60.0  # a busy machine is no hostile file
_CHILD = Path(__file__).with_name("child.py")
# `memory` is address space, so the memory itself is less.
_LIMITS = {"memory": 500 * MB, "cpu": 20, "pixels": MOST_PIXELS, "side": MOST_SIDE}
_AT_ONCE = BoundedSemaphore(2)  # in this process, so that many uploads at one moment do not fill the memory

# What people send in place of a photograph, by its first bytes.
_OTHERS = {b"%PDF": "pdf"}
_HEIF = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"}


class PictureRefused(Exception):
    """`code`: empty, too_large, pdf, heif, not_a_picture, too_many_pixels, broken, too_heavy."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def redraw(data: bytes) -> bytes:
    """The JPEG, PNG or WebP picture `data`, told by its content, as a JPEG upright and at most MOST_SIDE wide and high.

    Nothing else of the file is left: no place, no comment, no second file behind the picture. Raises PictureRefused.
    """
    if not data:
        raise PictureRefused("empty")
    if len(data) > MOST_BYTES:
        raise PictureRefused("too_large")
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF:
        raise PictureRefused("heif")
    for magic, code in _OTHERS.items():
        if data.startswith(magic):
            raise PictureRefused(code)
    command = [sys.executable, "-I", str(_CHILD), json.dumps(_LIMITS)]
    with _AT_ONCE:
        try:
            done = subprocess.run(command, input=data, capture_output=True, env={}, timeout=WALL_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise PictureRefused("too_heavy") from error
    answer, _end, fresh = done.stdout.partition(b"\n")
    if not answer:  # it ended without a word: out of memory or time
        raise PictureRefused("too_heavy")
    if code := json.loads(answer)["refused"]:
        raise PictureRefused(code)
    return fresh
