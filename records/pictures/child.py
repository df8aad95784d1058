"""The program of the confined process: a picture on standard input; a line of JSON and a fresh JPEG on standard output.

Runs alone (`python -I child.py LIMITS`) and imports nothing of ours. Before the first byte of the file is looked at the
process has given up memory, time, files and the network: it may open nothing more, sockets included.
"""

import json
import resource
import sys
from io import BytesIO

# Readers of WebP, of EXIF and of phones' double pictures: they must be there before files are given up.
from PIL import Image, ImageOps, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401

FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 82


class Refused(Exception):
    """Its text is a code of records.pictures.picture."""


def confine(limits: dict[str, int]) -> None:
    Image.preinit()  # the other readers
    for what, most in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["cpu"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 3),  # the three pipes are open already
    ):
        resource.setrlimit(what, (most, most))


def redraw(data: bytes, pixels: int, side: int) -> bytes:
    Image.MAX_IMAGE_PIXELS = None  # ours is the limit
    try:
        picture: Image.Image = Image.open(BytesIO(data), formats=FORMATS)
    except Exception as error:
        raise Refused("not_a_picture") from error
    if picture.width * picture.height > pixels:
        raise Refused("too_many_pixels")
    try:
        picture.draft("RGB", (side, side))  # a JPEG is decoded at a half, a quarter or an eighth of its size
        picture = ImageOps.exif_transpose(picture)
        picture.thumbnail((side, side))
        if picture.has_transparency_data:
            picture = picture.convert("RGBA")
            ground = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(ground, picture)
        fresh = BytesIO()
        bare = Image.new("RGB", picture.size)  # no comment, profile or thumbnail comes along
        bare.paste(picture.convert("RGB"))
        bare.save(fresh, "JPEG", quality=QUALITY)
    except MemoryError:
        raise
    except Exception as error:
        raise Refused("broken") from error
    return fresh.getvalue()


def main() -> None:
    limits = json.loads(sys.argv[1])
    confine(limits)
    fresh = b""
    try:
        fresh = redraw(sys.stdin.buffer.read(), limits["pixels"], limits["side"])
        answer = ""
    except Refused as refused:
        answer = str(refused)
    except MemoryError:
        answer = "too_heavy"
    sys.stdout.buffer.write(json.dumps({"refused": answer}).encode() + b"\n" + fresh)


if __name__ == "__main__":
    main()
