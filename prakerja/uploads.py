"""Large uploads on their way: spilled to disk under a key that only this process knows, so that no plain file is left."""

from __future__ import annotations

import io
import os
from tempfile import TemporaryFile
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from records.pictures import MOST_BYTES
from registrations.views.sessions import APPLICANT_KEY, DRAFT_KEY

_FRAME = 64 * 1024
_SEALED = _FRAME + 16
MOST_OF_APPLICANTS = MOST_BYTES + 64 * 1024  # with the rest of the form


class SealedFile(io.RawIOBase):
    """Bytes that are written once and read at will; what stands on disk is encrypted, a frame at a time."""

    def __init__(self) -> None:
        self._disk = TemporaryFile()  # noqa: SIM115 - lives as long as the upload
        self._cipher = AESGCM(AESGCM.generate_key(128))
        self._tail = bytearray()
        self._frames = self._at = 0
        self.size = 0

    def write(self, data: Any) -> int:
        self._tail += data
        self.size += len(data)
        while len(self._tail) >= _FRAME:
            self._disk.write(self._cipher.encrypt(self._nonce(self._frames), bytes(self._tail[:_FRAME]), None))
            del self._tail[:_FRAME]
            self._frames += 1
        return len(data)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        number, skip = divmod(self._at, _FRAME)
        frame = self._frame(number) if self._at < self.size else b""
        piece = frame[skip : skip + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        self._disk.close()
        super().close()

    def _frame(self, number: int) -> bytes:
        if number == self._frames:
            return bytes(self._tail)
        self._disk.seek(number * _SEALED)
        return self._cipher.decrypt(self._nonce(number), self._disk.read(_SEALED), None)

    def _nonce(self, number: int) -> bytes:
        return number.to_bytes(12, "big")  # the key is new for every file


class SealedUploadHandler(FileUploadHandler):
    """What Django's TemporaryFileUploadHandler does, without a plain file. A file over `most` is read on, not kept.

    Only for who is signed in, and up to the size of a photograph for who is registering or registered: forms are read before
    any view looks at rights, so that else anybody could fill the disk and hold workers. A larger form of others is empty, and
    nothing of it is read.
    """

    # A little over the largest table (records.sheets.limits), whose reader says what is too large.
    most = 501 * 1024 * 1024

    def handle_raw_input(
        self, input_data: Any, meta: Any, content_length: int, *_: Any
    ) -> tuple[QueryDict, MultiValueDict[str, UploadedFile[bytes]]] | None:
        user, session = getattr(self.request, "user", None), getattr(self.request, "session", {})
        if content_length <= settings.FILE_UPLOAD_MAX_MEMORY_SIZE or (user and user.is_authenticated):
            return None
        if content_length <= MOST_OF_APPLICANTS and (APPLICANT_KEY in session or DRAFT_KEY in session):
            return None
        return QueryDict(), MultiValueDict()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file = SealedFile()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.file.size < self.most:
            self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes]:
        kept = io.BufferedReader(self.file, _FRAME)
        return UploadedFile(kept, self.file_name, self.content_type, file_size, self.charset, self.content_type_extra)

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()
