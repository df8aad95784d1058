"""People, waves and the few places they need. Every NIK has the district code 99, so it cannot be anybody's."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from clusters.models import District, QuotaDecision, Regency, RuleSet, Village, Wave
from registrations.services.validation import Person
from tests.factories.places import make_clusters, make_regency

VILLAGE_ID = 3374011001

_people = count(1)
_waves = count(1)


@dataclass(frozen=True)
class Region:
    regency: Regency
    district: District
    village: Village


def make_region(village_id: int = VILLAGE_ID) -> Region:
    """A village with its district and regency by its official code, the four clusters and rule set 2023."""
    make_rule_set()
    make_clusters()
    regency = make_regency(village_id // 1_000_000)
    code = f"{regency.code}.{village_id // 10_000 % 100:02}"
    district, _created = District.objects.get_or_create(
        pk=village_id // 10_000, defaults={"code": code, "regency": regency, "name": f"Kecamatan {code}"}
    )
    code += f".{village_id % 10_000}"
    village, _created = Village.objects.get_or_create(
        pk=village_id,
        defaults={"code": code, "district": district, "name": f"Desa {code}", "kind": Village.Kind.DESA},
    )
    return Region(regency, district, village)


def make_rule_set(code: str = "2023") -> RuleSet:
    """A rule set as the portal ships it."""
    path = Path(settings.BASE_DIR) / "registrations" / "data" / "rule_sets.json"
    data = next(rules for rules in json.loads(path.read_text())["rule_sets"] if rules["code"] == code)
    fields = {key: data[key] for key in ("name", "valid_from", "valid_to", "rules", "source")}
    RuleSet.objects.get_or_create(code=code, defaults=fields)
    return RuleSet.objects.get(pk=code)


def make_wave(state: str = "open", *, now: datetime | None = None, total: int = 100, **over: Any) -> Wave:
    """A wave that opened a day before `now` (default: the real now) and closes a week later."""
    now, number = now or timezone.now(), next(_waves)
    slug = over.setdefault("slug", f"gelombang-{number}")
    decision = QuotaDecision.objects.create(
        decree_number=f"CONTOH/{slug}", decree_date=date(2026, 1, 2), author="Data contoh", total=total, as_of=now
    )
    fields: dict[str, Any] = {
        "name": f"Gelombang {number}",
        "state": state,
        "decision": decision,
        "rule_set": make_rule_set(),
        "opens_at": now - timedelta(days=1),
        "closes_at": now + timedelta(days=7),
        "draws_at": now + timedelta(days=10),
        "starts_on": now.date() + timedelta(days=30),
        "ends_on": now.date() + timedelta(days=60),
        "cancel_reason": "Data contoh" if state == "cancelled" else "",
        "as_of": now,
    }
    return Wave.objects.create(**fields | over)


def make_person(**over: Any) -> Person:
    """Somebody eligible for the cluster AFIRMASI, different from everybody before; lives in `make_region()`'s village."""
    number = next(_people)
    years, serial = divmod(number, 9_999)  # a long run makes more people than a day of birth has serial numbers
    born = 95 - years
    fields: dict[str, Any] = {
        "name": f"Siti Contoh {chr(65 + number % 26)}",
        "nik": f"3374995003{born}{serial + 1:04}",
        "kk": f"3374990101{20 - years}{serial + 1:04}",
        "phone": f"+62812{number:08}",
        "email": "",
        "birth_date": date(1900 + born, 3, 10),
        "sex": "F",
        "village_id": VILLAGE_ID,
        "address": "Dusun Contoh RT 01 RW 02",
        "education": "sma",
        "marital_status": "single",
        "dependants": 0,
        "occupation": "jobseeker",
        "citizen": True,
        "in_education": False,
        "received_before": False,
        "pmi_candidate": False,
        "laid_off": False,
        "remote": False,
        "unfamiliar_digital": True,
    }
    return Person(**fields | over)
