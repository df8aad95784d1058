"""What stood before, as the office reads it: numbers masked, places and choices in words."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.phone import mask_phone
from accounts.scope import Scope
from clusters.models import Village
from registrations.forms.fields import EDUCATION, MARITAL_STATUS, OCCUPATIONS
from registrations.models import FormerValue
from registrations.models.corrections import REASON_WORDS
from registrations.nik import mask_nik

SHOWN = 50
LABELS = {
    "kk": gettext_lazy("Nomor KK"),
    "phone": gettext_lazy("Nomor HP"),
    "email": gettext_lazy("E-mail"),
    "village_id": gettext_lazy("Desa atau kelurahan"),
    "address": gettext_lazy("Alamat"),
    "education": gettext_lazy("Pendidikan terakhir"),
    "marital_status": gettext_lazy("Status perkawinan"),
    "dependants": gettext_lazy("Jumlah tanggungan"),
    "occupation": gettext_lazy("Pekerjaan"),
    "citizen": gettext_lazy("Warga negara Indonesia"),
    "in_education": gettext_lazy("Sedang bersekolah atau kuliah"),
    "received_before": gettext_lazy("Pernah menerima Kartu Prakerja"),
    "pmi_candidate": gettext_lazy("Calon pekerja migran"),
    "laid_off": gettext_lazy("Terkena PHK atau dirumahkan"),
    "remote": gettext_lazy("Tempat tinggal terpencil"),
    "unfamiliar_digital": gettext_lazy("Belum terbiasa dengan perangkat digital"),
}
WORDS: dict[str, dict[str, Any]] = {
    "education": EDUCATION,
    "marital_status": MARITAL_STATUS,
    "occupation": OCCUPATIONS,
}


@dataclass(frozen=True)
class Former:
    label: str
    value: str
    since: datetime
    until: datetime
    reason: str


def former_values_of(*, scope: Scope, applicant_id: UUID) -> list[Former]:
    """The newest SHOWN values that were replaced, the last replaced first. Two queries, one where no domicile is among them."""
    rows = FormerValue.objects.within(scope).filter(applicant_id=applicant_id).order_by("-until", "field")
    found = [(row, json.loads(row.former.open())) for row in rows[:SHOWN]]
    villages = [value for row, value in found if row.field == "village_id"]
    names = (
        {
            v.pk: f"{v.name}, {v.district.name}"
            for v in Village.objects.filter(pk__in=villages).select_related("district")
        }
        if villages
        else {}
    )
    return [
        Former(
            label=str(LABELS.get(row.field, row.field)),
            value=names[value] if row.field == "village_id" else _shown(row.field, value),
            since=row.since,
            until=row.until,
            reason=str(REASON_WORDS.get(row.reason, row.reason)),
        )
        for row, value in found
    ]


def _shown(field: str, value: Any) -> str:
    match field, value:
        case "kk", str():
            return mask_nik(value)
        case "phone", str():
            return mask_phone(value)
        case _, bool():
            return _("Ya") if value else _("Tidak")
    return str(WORDS[field][value] if field in WORDS else value)
