"""What a wave needs before people come: staff, a decree, classes, a published split. Everything is *data contoh*."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from accounts.scope import Scope
from accounts.services import create_user
from clusters.models import Cluster, LabourOffice, Membership, QuotaSplit, Regency, RuleSet, Village, Wave
from clusters.selectors.areas import area_lists
from clusters.selectors.published import shown_digest
from clusters.services.decisions import create_decision
from clusters.services.quota import propose_split, publish_split
from clusters.services.waves import create_wave, transition
from prakerja.rehearsal.authenticator import give_phone
from prakerja.rehearsal.population import Place
from records.ids import uuid7
from registrations.selectors.places import regency_of
from training.models import Programme, Provider, TrainingClass
from training.services.classes import record_open_seats

PASSWORD = "contoh-jateng-2026"  # noqa: S105 - of the sample province only, printed at its start
SEATS = 16
# (code, Indonesian, English, hours, popularity): popular and unpopular ones, so that wishes meet and miss places.
PROGRAMMES = (
    ("BARISTA", "Barista", "Barista", 40, 9),
    ("LAS", "Las SMAW", "SMAW welding", 120, 6),
    ("JAHIT", "Menjahit busana", "Garment sewing", 80, 6),
    ("ROTI", "Roti dan kue", "Bread and pastry", 60, 5),
    ("MOTOR", "Servis sepeda motor", "Motorcycle service", 100, 5),
    ("ADMIN", "Administrasi perkantoran", "Office administration", 80, 4),
    ("RAMBUT", "Tata rambut", "Hairdressing", 60, 3),
    ("LISTRIK", "Instalasi listrik", "Electrical installation", 120, 3),
    ("TERNAK", "Budidaya ternak", "Animal husbandry", 60, 2),
    ("LANSIA", "Perawatan lansia", "Care of the elderly", 120, 2),
    ("BATIK", "Batik tulis", "Hand-drawn batik", 80, 1),
    ("KAYU", "Tukang kayu", "Carpentry", 100, 1),
)
STAFF = (
    ("Perencana Contoh", "perencana@contoh.example", "planner", None),
    ("Penyetuju Contoh", "penyetuju@contoh.example", "approver", None),
    ("Pemeriksa Contoh", "pemeriksa@contoh.example", "auditor", None),
    ("Pendamping Contoh Cilacap", "cilacap@contoh.example", "mentor", 3301),
    ("Kepala Contoh Kota Semarang", "semarang@contoh.example", "office_head", 3374),
    ("Operator Contoh", "operator@contoh.example", "operator", None),
)


@dataclass(frozen=True)
class Staff:
    planner: Scope
    approver: Scope


def make_staff() -> Staff:
    """The sample accounts, each with a membership that two others signed."""
    first, second = (create_user(name=f"Pengelola Contoh {n}", email=f"pengelola{n}@contoh.example") for n in (1, 2))
    users = {role: _member(name, email, role, regency, first, second) for name, email, role, regency in STAFF}
    return Staff(*(Scope(user_id=users[role].pk, roles=frozenset({role})) for role in ("planner", "approver")))


def _member(name: str, email: str, role: str, regency: int | None, first: User, second: User) -> User:
    user = create_user(name=name, email=email, password=PASSWORD)
    give_phone(user)
    Membership.objects.create(
        user=user,
        role=role,
        office=LabourOffice.objects.get(pk=regency) if regency else None,
        valid_from=timezone.localdate(),
        granted_by=first,
        approved_by=second,
    )
    return user


def places(today: date) -> list[Place]:
    """Every village of the province; blank spots twice, since the offline quota looks for them."""
    blank = area_lists(today).blank_spots
    found = [
        Place(pk, regency_of(pk), pk in blank) for pk in Village.objects.order_by("pk").values_list("pk", flat=True)
    ]
    return [*found, *(place for place in found if place.blank_spot)]


def make_wave(*, staff: Staff, slug: str, name: str, total: int, opens_at: datetime, now: datetime) -> Wave:
    """A draft with its decree; dates follow from the opening: 14 days open, the draw 3 days after closing."""
    decision = create_decision(
        scope=staff.planner,
        decree_number=f"CONTOH/{slug}",
        decree_date=timezone.localdate(opens_at) - timedelta(days=20),
        author="Data contoh, bukan keputusan sungguhan",
        total=total,
        now=now,
    )
    closes_at = opens_at + timedelta(days=14)
    return create_wave(
        scope=staff.planner,
        values={
            "slug": slug,
            "name": name,
            "decision": decision,
            "rule_set": RuleSet.objects.get(pk="2023"),
            "opens_at": opens_at,
            "closes_at": closes_at,
            "draws_at": closes_at + timedelta(days=3),
            "starts_on": timezone.localdate(closes_at) + timedelta(days=30),
            "ends_on": timezone.localdate(closes_at) + timedelta(days=90),
        },
        now=now,
    )


def make_classes(
    *,
    wave: Wave,
    places_wanted: int,
    seed: int,
    now: datetime,
    regencies: frozenset[int] | None = None,
    source: Callable[[], UUID] = uuid7,
) -> dict[str, int]:
    """Classes of 16 for about `places_wanted` people, spread by villages over the cells that exist (in some `regencies`).

    Returns the popularity of each class by its code.
    """
    random = Random(seed)  # noqa: S311 - a rehearsal must be repeatable
    programmes = [_programme(*row[:4]) for row in PROGRAMMES]
    cells = {
        cell: villages
        for cell, villages in _cells(timezone.localdate(now)).items()
        if regencies is None or cell[0].pk in regencies
    }
    share = places_wanted / SEATS / sum(cells.values())
    classes: list[TrainingClass] = []
    popularity: dict[str, int] = {}
    for (regency, cluster), villages in cells.items():
        for number in range(max(1, round(villages * share))):
            chosen = random.choices(range(len(PROGRAMMES)), [row[4] + 2 for row in PROGRAMMES])[0]
            code = f"{regency.pk}-{cluster.code[:3]}-{number + 1:03}"
            popularity[code] = PROGRAMMES[chosen][4]
            starts_on = wave.starts_on + timedelta(days=7 * random.randint(0, 3))
            classes.append(
                TrainingClass(
                    id=source(),
                    wave=wave,
                    code=code,
                    programme=programmes[chosen],
                    provider=_provider(regency),
                    regency=regency,
                    cluster=cluster,
                    seats=SEATS,
                    venue=f"Gedung contoh, {regency.seat}",
                    schedule="Senin-Jumat 08.00-15.00",
                    starts_on=starts_on,
                    ends_on=starts_on + timedelta(days=30),
                    as_of=now,
                )
            )
    TrainingClass.objects.bulk_create(classes)
    record_open_seats(wave_id=wave.pk, now=now)
    return popularity


def _cells(today: date) -> dict[tuple[Regency, Cluster], int]:
    """Cells in which a cluster exists, with the villages of the regency, shared between its clusters."""
    areas = area_lists(today)
    with_area = areas.regencies.get("BOROBUDUR", frozenset())
    villages = Counter(map(regency_of, Village.objects.values_list("pk", flat=True)))
    return {
        (regency, cluster): villages[regency.pk]
        for regency in Regency.objects.order_by("pk")
        for cluster in Cluster.objects.order_by("index")
        if cluster.code != "BOROBUDUR" or regency.pk in with_area
    }


def _programme(code: str, name_id: str, name_en: str, hours: int) -> Programme:
    return Programme.objects.get_or_create(
        code=code, defaults={"name_id": name_id, "name_en": name_en, "hours": hours}
    )[0]


def _provider(regency: Regency) -> Provider:
    return Provider.objects.get_or_create(
        name=f"BLK Contoh {regency.name}", defaults={"kind": "blk", "regency": regency, "is_sample": True}
    )[0]


def publish_quota(*, staff: Staff, wave: Wave, now: datetime) -> QuotaSplit:
    """Propose a split from today's figures and have the second person publish it."""
    split = propose_split(wave_id=wave.pk, requested_by=staff.planner.user_id, reason="Data contoh", now=now)
    return publish_split(scope=staff.approver, split_id=split.pk, shown=shown_digest(split, None), now=now)


def open_wave(*, staff: Staff, wave: Wave, now: datetime) -> Wave:
    return transition(scope=staff.planner, wave_id=wave.pk, to=Wave.State.OPEN, now=now)


def choose_wishes(*, random: Random, classes: Sequence[tuple[str, int]]) -> tuple[list[str], bool]:
    """Up to five of the classes (code, popularity), popular ones oftener, and whether only these will do."""
    rest, chosen = list(classes), list[str]()
    for _ in range(min(len(rest), random.choices((0, 1, 2, 3, 4, 5), (8, 12, 20, 25, 15, 20))[0])):
        index = random.choices(range(len(rest)), [popularity for _code, popularity in rest])[0]
        chosen.append(rest.pop(index)[0])
    return chosen, bool(chosen) and random.random() < 0.06
