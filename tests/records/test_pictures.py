"""What is taken for a photograph, what is left of it, and what it may cost to find out."""

import time
from io import BytesIO

import pytest
from PIL import Image

from records.pictures import MOST_BYTES, PictureRefused, picture, redraw
from tests.factories.pictures import EICAR, SVG, bomb, photo, with_place_and_turned


def shown(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_what_cameras_make_becomes_a_jpeg_of_readable_size(form: str) -> None:
    fresh = shown(redraw(photo(3000, 1500, form)))
    assert (fresh.format, fresh.size, fresh.mode) == ("JPEG", (2000, 1000), "RGB")


def test_of_the_double_picture_of_a_phone_one_is_kept() -> None:
    made = BytesIO()
    first, second = (Image.new("RGB", (20, 10), colour) for colour in ("red", "blue"))
    first.save(made, "MPO", save_all=True, append_images=[second])
    assert shown(made.getvalue()).format == "MPO"
    assert redraw(made.getvalue()) == redraw(photo(20, 10, colour="red"))


def test_it_stands_upright_and_tells_no_place() -> None:
    sent = with_place_and_turned(60, 40)
    assert b"Kamera Rahasia" in sent and shown(sent).getexif().get_ifd(0x8825)
    kept = redraw(sent)
    assert shown(kept).size == (40, 60)
    assert not shown(kept).getexif() and b"Exif" not in kept and b"Kamera" not in kept


def test_nothing_behind_or_inside_the_picture_comes_along() -> None:
    script = b"<script>alert(1)</script>"
    for polyglot in (photo() + script + EICAR, photo(comment=script), photo() + b"PK\x03\x04" + script):
        assert script in polyglot or EICAR in polyglot
        kept = redraw(polyglot)
        assert b"script" not in kept and EICAR not in kept and b"PK\x03\x04" not in kept


def test_what_shines_through_becomes_white() -> None:
    made = BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(made, "PNG")
    assert shown(redraw(made.getvalue())).getpixel((5, 5)) == (255, 255, 255)


def test_equal_files_give_equal_pictures() -> None:
    assert redraw(photo(colour="red")) == redraw(photo(colour="red")) != redraw(photo(colour="blue"))


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", "empty"),
        (b"\xff\xd8" + bytes(MOST_BYTES), "too_large"),
        (b"%PDF-1.7\n", "pdf"),
        (b"\0\0\0\x18ftypheic" + bytes(50), "heif"),
        (EICAR, "not_a_picture"),
        (SVG, "not_a_picture"),
        (b"GIF89a" + bytes(100), "not_a_picture"),
        (photo(form="TIFF"), "not_a_picture"),
        (photo(400, 300, colour="red")[:-300], "broken"),
        (photo(form="PNG")[:60], "broken"),
        (bomb(), "too_many_pixels"),
    ],
    ids=[
        "empty",
        "large",
        "pdf",
        "heif",
        "eicar",
        "svg",
        "gif",
        "tiff",
        "cut",
        "cut png",
        "10^9 pixels",
    ],
)
def test_anything_else_is_refused_at_once(sent: bytes, code: str) -> None:
    began = time.monotonic()
    with pytest.raises(PictureRefused) as refusal:
        redraw(sent)
    assert refusal.value.code == code
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(("limit", "most"), [("memory", 150 * picture.MB), ("cpu", 0)])
def test_a_reader_that_wants_more_than_it_may_is_stopped(
    limit: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a picture would that makes the decoder run wild."""
    monkeypatch.setitem(picture._LIMITS, limit, most)
    with pytest.raises(PictureRefused, match="too_heavy"):
        redraw(photo(7000, 7000, "PNG"))
