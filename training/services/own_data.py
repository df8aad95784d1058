"""Everything the portal holds about a person, for that person to take away: JSON, and the same as CSV files in a ZIP."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from accounts.scope import Scope
from records.fields import BlindIndexField, Sealed
from records.services.log import record_event
from records.services.messages import Recipient
from records.services.messages.reading import messages_to
from records.sheets.marks import marked
from registrations.models import (
    Applicant,
    Consent,
    Disability,
    DisabilityNeed,
    EligibilityDecision,
    Evidence,
    FormerValue,
    IdentityCheck,
    Registration,
)
from training.models import DrawResult, Erasure, Grievance, GrievanceStep, Placement, Wish, WishList
from training.selectors.trail import looks_at

# Names of staff and what opens the portal are not the person's data; photographs are files of their own.
KEPT_BACK = {"idempotency_key", "code_index", "actor_id", "content"}
ALL = 100_000

Row = dict[str, Any]


def own_data(*, scope: Scope, now: datetime) -> bytes:
    """The ZIP, and a line in the log that it was made. Raises Applicant.DoesNotExist."""
    applicant: Applicant = Applicant.objects.within(scope).get(pk=scope.applicant_id)
    record_event(
        kind="applicant.downloaded",
        actor_id=scope.user_id,
        actor_role=scope.actor_role,
        subject_type="applicant",
        subject_id=applicant.pk,
        person_id=applicant.pk,
        regency_id=applicant.regency_id,
        at=now,
    )
    sections = _sections(applicant, scope)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        about: Mapping[str, Any] = {"made_at": now, **sections}
        archive.writestr("data.json", json.dumps(about, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))
        for name, rows in sections.items():
            if rows:
                archive.writestr(f"{name}.csv", _csv(rows))
        for photo in _photos(applicant, scope).iterator(chunk_size=5):
            archive.writestr(f"bukti/{photo.pk}.jpg", photo.content.open_bytes())
    return packed.getvalue()


def _sections(applicant: Applicant, scope: Scope) -> dict[str, list[Row]]:
    mine, of_mine = {"applicant": applicant}, {"registration__applicant": applicant}
    tables: dict[str, models.QuerySet[Any]] = {
        "orang": Applicant.objects.within(scope).filter(pk=applicant.pk),
        "disabilitas": Disability.objects.filter(**mine),
        "bantuan_di_kelas": DisabilityNeed.objects.filter(**mine),
        "isian_sebelumnya": FormerValue.objects.within(scope).filter(**mine).order_by("until"),
        "pendaftaran": Registration.objects.within(scope).filter(**mine).order_by("created_at"),
        "keputusan_syarat": EligibilityDecision.objects.filter(**of_mine).order_by("decided_at"),
        "persetujuan": Consent.objects.filter(**of_mine).order_by("given_at"),
        "pemeriksaan_dukcapil": IdentityCheck.objects.within(scope).filter(**mine),
        "daftar_pilihan": WishList.objects.within(scope).filter(**of_mine),
        "kelas_pilihan": Wish.objects.within(scope).filter(**of_mine).order_by("rank"),
        "hasil_undian": DrawResult.objects.within(scope).filter(**of_mine),
        "tempat": Placement.objects.within(scope).filter(**mine).order_by("created_at"),
        "bukti": _photos(applicant, scope).defer("content"),
        "sanggahan": Grievance.objects.within(scope).filter(**mine).order_by("received_at"),
        "langkah_sanggahan": GrievanceStep.objects.filter(grievance__applicant=applicant).order_by("at"),
        "permintaan_hapus": Erasure.objects.within(scope).filter(**mine).order_by("requested_at"),
    }
    told = messages_to(Recipient("applicant", applicant.pk), limit=ALL)
    return {name: [_row(one) for one in rows] for name, rows in tables.items()} | {
        "pesan": [
            {"waktu": one.message.created_at, "saluran": one.message.channel, "isi": one.text.body}
            for one in told
            if one.text
        ],
        "siapa_membuka": [
            {"waktu": look.at, "siapa": look.who, "apa": look.what, "untuk_apa": look.why}
            for look in looks_at(applicant.pk)
        ],
    }


def _photos(applicant: Applicant, scope: Scope) -> models.QuerySet[Evidence]:
    return Evidence.objects.within(scope).filter(registration__applicant=applicant).order_by("added_at")


def _row(one: models.Model) -> Row:
    """Every column but indexes and who of the staff it was; what is encrypted is opened."""
    row: Row = {}
    for field in one._meta.concrete_fields:
        staff = field.is_relation and field.related_model._meta.label == settings.AUTH_USER_MODEL  # type: ignore[union-attr]
        if isinstance(field, BlindIndexField) or staff or field.attname in KEPT_BACK:
            continue
        value = getattr(one, field.attname)
        if isinstance(value, memoryview | bytes):
            value = bytes(value).hex()
        row[field.attname] = value.open() if isinstance(value, Sealed) else value
    return row


def _csv(rows: Iterable[Row]) -> str:
    """With a mark that spreadsheets read as UTF-8; no cell is a formula."""
    text = io.StringIO("﻿")
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text)
    for number, row in enumerate(rows):
        if number == 0:
            writer.writerow(row)
        writer.writerow(marked(value if isinstance(value, str) else _plain(value)) for value in row.values())
    return text.getvalue()


def _plain(value: Any) -> str:
    return "" if value is None else json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False).strip('"')
