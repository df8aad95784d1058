"""Uploads too large for memory are spilled to disk, and nobody can read them there."""

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.test import Client, RequestFactory
from django.test.client import encode_multipart
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from prakerja.uploads import SealedFile, SealedUploadHandler
from records.sheets import open_sheet
from tests.factories.staff import make_staff, sign_in

CANARY = b"3374990101950001,Kenari Semarangan\n"


@given(
    st.lists(st.binary(max_size=100_000), max_size=4),
    st.lists(st.tuples(st.integers(0, 400_000), st.integers(0, 200_000))),
)
def test_what_is_written_is_read_anywhere(pieces: list[bytes], reads: list[tuple[int, int]]) -> None:
    file = SealedFile()
    for piece in pieces:
        file.write(piece)
    data = b"".join(pieces)
    for offset, size in reads:
        file.seek(offset)
        read = b""
        while len(read) < size and (part := file.read(size - len(read))):
            read += part
        assert read == data[offset : offset + size]
    assert file.seek(0, os.SEEK_END) == len(data) == file.size
    file.close()


def on_disk(file: SealedFile) -> bytes:
    file._disk.flush()
    return Path(f"/proc/self/fd/{file._disk.fileno()}").read_bytes()


def test_the_disk_holds_nothing_readable() -> None:
    file = SealedFile()
    for _ in range(10_000):
        file.write(CANARY)
    spilled = on_disk(file)
    assert len(spilled) > 300_000
    assert b"Kenari" not in spilled and b"3374990101950001" not in spilled


def test_a_large_form_s_file_arrives_whole() -> None:
    content = b"nik,nama\n" + CANARY * 100_000
    request = RequestFactory().post("/", {"file": SimpleUploadedFile("daftar.csv", content)})
    request.upload_handlers = [MemoryFileUploadHandler(request), SealedUploadHandler(request)]
    request.user = User()
    upload = request.FILES["file"]
    assert isinstance(upload.file.raw, SealedFile)
    assert upload.size == len(content)
    assert b"".join(upload.chunks()) == content
    assert sum(1 for _row in open_sheet(b"".join(upload.chunks()), upload.name)) == 100_000


def test_a_file_without_end_is_read_on_and_not_kept() -> None:
    handler = SealedUploadHandler()
    handler.most = 1000
    handler.new_file("file", "a.csv", "text/csv", None)
    for _ in range(100):
        handler.receive_data_chunk(b"x" * 500, 0)
    assert handler.file.size == 1000
    assert handler.file_complete(50_000).size == 50_000


class Watched(BytesIO):
    """Says how much of it was read."""

    def read(self, *size: Any) -> bytes:
        self.taken = getattr(self, "taken", 0) + len(part := super().read(*size))
        return part


@pytest.mark.django_db
@pytest.mark.parametrize("signed_in", [False, True])
def test_a_large_body_is_read_of_nobody_who_is_not_signed_in(signed_in: bool) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32
    if signed_in:
        sign_in(client, make_staff("mentor", 3374))
    form = encode_multipart(
        "line", {"csrfmiddlewaretoken": "b" * 32, "file": SimpleUploadedFile("x.csv", b"1" * 2**22)}
    )
    body = Watched(form)
    sent = {"CONTENT_TYPE": "multipart/form-data; boundary=line", "CONTENT_LENGTH": str(len(form)), "wsgi.input": body}
    answer = client.generic("POST", "/kantor/impor/baru/person_list/", **sent)
    assert answer.status_code == (403 if signed_in else 413)  # unread, it holds no token either
    assert getattr(body, "taken", 0) == (len(form) if signed_in else 0)
