"""People who work in an office or at the province."""

from datetime import date
from itertools import count
from typing import Any

from accounts.models import User
from accounts.scope import OFFICE_ROLES
from accounts.services import create_user
from clusters.models import LabourOffice, Membership, Regency

PASSWORD = "sawah-hijau-di-pagi-hari"

_numbers = count(1)


def make_regency(regency_id: int = 3301) -> Regency:
    """A kabupaten with this code; its name and place on the map follow from the code."""
    regency, _created = Regency.objects.get_or_create(
        pk=regency_id,
        defaults={
            "code": f"{regency_id // 100}.{regency_id % 100:02}",
            "bps_code": str(regency_id),
            "name": f"Kabupaten {regency_id}",
            "kind": Regency.Kind.KABUPATEN,
            "seat": f"Kota {regency_id}",
            "tile_col": regency_id % 100,
            "tile_row": regency_id // 100,
        },
    )
    return regency


def make_user(**fields: Any) -> User:
    number = next(_numbers)
    return create_user(**{"name": f"Petugas {number}", "email": f"petugas{number}@contoh.example", **fields})


def make_staff(role: str, regency: int | None = None, **fields: Any) -> User:
    """A user with a valid, twice-signed membership; an office role needs its regency's code. Role "" has none."""
    user = make_user(**fields)
    if role:
        office = None
        if role in OFFICE_ROLES:
            office, _created = LabourOffice.objects.get_or_create(regency=make_regency(regency or 3301))
        Membership.objects.create(
            user=user,
            role=role,
            office=office,
            valid_from=date(2026, 1, 1),
            granted_by=make_user(),
            approved_by=make_user(),
        )
    return user
