"""The civil registry (Dukcapil): whether what somebody stated is what stands there.

Asked: NIK, family card, name, birth date; nothing else leaves. Answered: for each of them whether it is the same, never what
the registry holds. The interface is the one of Dukcapil's data verification, reduced to what we use:

    POST {"nik", "no_kk", "nama_lgkp", "tgl_lhr": "1990-12-31"}
    200  {"request_id": "...", "nik": true, "no_kk": true, "nama_lgkp": false, "tgl_lhr": true}

`nik` false: the registry has no such NIK in force; the others then say nothing.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol
from uuid import UUID

from django.conf import settings

from records.gateways import NotConfigured, Refused, Unavailable
from records.gateways.endpoint import JsonEndpoint

NAMES = {"nik": "nik", "kk": "no_kk", "name": "nama_lgkp", "birth_date": "tgl_lhr"}  # ours and theirs
_REQUEST_ID = re.compile(r"(?!.*\d{16})[A-Za-z0-9_-]{1,64}")  # kept by us, so it may not hold the number asked about


@dataclass(frozen=True)
class Question:
    """`reference` is the same in every attempt."""

    reference: UUID
    nik: str = field(repr=False)
    kk: str = field(repr=False)
    name: str = field(repr=False)
    birth_date: date = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """`differs`: those of NAMES that are not the same, ("nik",) when there is no such person, empty when all are.

    `request_id` is the registry's own.
    """

    request_id: str
    differs: tuple[str, ...]


class CivilRegistry(Protocol):
    def ask(self, question: Question) -> Answer:
        """Raises Refused for a question it will never take; Unavailable or Uncertain when there is no answer it could be."""


class HttpRegistry:
    def __init__(self, url: str, *, token: str, deadline: float) -> None:
        self._endpoint = JsonEndpoint(url, setting="DUKCAPIL_URL", deadline=deadline, token=token)
        if not token and not settings.DEVELOPMENT:
            raise NotConfigured("DUKCAPIL_TOKEN_FILE: it is needed with DUKCAPIL_URL")

    def ask(self, question: Question) -> Answer:
        stated = {
            "nik": question.nik,
            "no_kk": question.kk,
            "nama_lgkp": question.name,
            "tgl_lhr": question.birth_date.isoformat(),
        }
        status, body = self._endpoint.post(stated, {"X-Request-Id": str(question.reference)})
        if status in (400, 404, 413, 422):
            raise Refused(f"HTTP {status}")
        if status != 200:
            raise Unavailable(f"HTTP {status}")
        return read_answer(body)


def registry() -> CivilRegistry | None:
    """The registry of the settings; None when there is none, and checks wait. Raises NotConfigured."""
    if not settings.DUKCAPIL_URL:
        return None
    return HttpRegistry(settings.DUKCAPIL_URL, token=settings.DUKCAPIL_TOKEN, deadline=settings.DUKCAPIL_SECONDS)


def read_answer(body: bytes) -> Answer:
    """Exactly the answer above; anything else is none, since a guess would call somebody's papers false."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict) or said.keys() != {"request_id", *NAMES.values()}:
        raise Unavailable("another shape")
    request_id = said.pop("request_id")
    if not isinstance(request_id, str) or not _REQUEST_ID.fullmatch(request_id):
        raise Unavailable("another request_id")
    if any(not isinstance(same, bool) for same in said.values()):
        raise Unavailable("other values")
    differs = tuple(ours for ours, theirs in NAMES.items() if not said[theirs])
    return Answer(request_id, ("nik",) if "nik" in differs else differs)
