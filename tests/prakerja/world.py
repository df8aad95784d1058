"""Two offices with people of their own, everybody who may ask, and one address of each kind."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.scope import Scope
from accounts.services import enter_scope
from clusters.models import Indicator, Membership, Wave
from clusters.selectors.offices import scope_of as staff_scope
from clusters.selectors.published import shown_digest
from clusters.services.memberships import Invitation, propose
from clusters.services.quota import propose_split, publish_split
from clusters.services.scenarios import create_scenario
from records.ids import uuid7
from records.models import Import
from registrations.models import DuplicatePair, Registration
from registrations.services.assistance import begin, put_down
from registrations.services.drafts import save_page
from registrations.services.evidence import add_evidence
from registrations.services.papers import issue
from tests.clusters.quota_data import AFIRMASI, NOW, deliver_indicators, deliver_seats, make_province
from tests.factories.draws import Ready, make_class, published
from tests.factories.people import make_region, make_wave
from tests.factories.pictures import photo
from tests.factories.registered import make_registration
from tests.factories.staff import make_staff, scope_of, sign_in
from training.models import Erasure, Placement, TrainingClass, Wish, WishList
from training.services.grievances import file_own

ROLES = (
    "public", "applicant", "mentor", "office_head", "planner", "approver", "auditor", "operator", "member"
)  # fmt: skip
SEES_ALL = {"planner", "approver", "auditor"}
OWN, OTHER = 3374, 3301
NOBODY = UUID("0193e6a0-0000-7000-8000-000000000000")


@dataclass
class Canary:
    """What must not get out: the values of one person, as they would stand in an answer."""

    registration: Registration
    name: str
    secrets: set[str]  # never shown to anybody, save by a reveal

    @property
    def traces(self) -> set[str]:
        """Enough to know that the person is there."""
        return self.secrets | {self.name, self.registration.number, str(self.registration.pk)}


@dataclass
class World:
    own: Canary
    other: Canary
    arguments: dict[str, dict[str, Any]] = field(default_factory=dict)  # parameter -> variant -> value
    clients: dict[str, Client] = field(default_factory=dict)
    # One for everybody, given their cookies: a new one would put all middleware together again.
    asker: Client = field(default_factory=lambda: Client(raise_request_exception=False))


def make_world() -> World:
    """A published draw with one place in each office, a second wave that is open, and a client for each role."""
    make_province()
    for regency in (OWN, OTHER):
        make_region(regency * 1_000_000 + 11001)
    wave = make_wave()
    deliver_indicators()
    deliver_seats(wave, {(AFIRMASI, OWN): 16, (AFIRMASI, OTHER): 16})
    split = propose_split(wave_id=wave.pk, requested_by=None, reason="Pembagian pertama", now=NOW)
    publish_split(scope=scope_of("approver"), split_id=split.pk, shown=shown_digest(split, None), now=NOW)
    own = _person(wave, OWN, "Kenari Semarangan", "3374995003957001")
    other = _person(wave, OTHER, "Merpati Cilacapan", "3301995003957002")
    Wave.objects.filter(pk=wave.pk).update(state="closed", closes_at=timezone.now())
    wave.refresh_from_db()
    published(Ready(wave, scope_of("planner"), scope_of("approver")))
    make_wave(opens_at=wave.opens_at - timedelta(days=1))

    raised = {key: _grievance(person) for key, person in (("own", own), ("other", other))}
    world = World(own, other)
    people = {"own": own.registration.pk, "other": other.registration.pk, "none": NOBODY}
    offers = {key: Placement.objects.get(registration=pk).pk for key, pk in people.items() if pk != NOBODY}
    world.arguments = {
        "wave": {"": wave.slug, "no-wave": "tidak-ada"},
        "registration_id": people,
        "registration": people,
        "placement": offers | {"none": NOBODY},
        "grievance": raised | {"none": NOBODY},
        "pair": {key: _pair(person) for key, person in (("own", own), ("other", other))} | {"none": NOBODY},
        "erasure": {key: _erasure(person) for key, person in (("own", own), ("other", other))} | {"none": NOBODY},
        "split": {"": split.pk, "no-split": NOBODY},
        "scenario": {"": _scenario(wave), "no-scenario": NOBODY},
        "training_class": {"": TrainingClass.objects.get(code="A-1").pk, "no-class": NOBODY},
        "evidence_id": {"own": _evidence(own), "other": _evidence(other), "none": NOBODY},
        "upload": {"": NOBODY},
        "number": {"": 1},
        "slug": {"": "ktp", "no-page": "tidak-ada"},
        "place": {"": "33.01", "no-place": "33.99"},
        "indicator": {"": _indicator(), "no-indicator": "tidak-ada"},
        "kind": {"": "person_list", "no-kind": "tidak-ada"},
        "import_id": {"own": _import(OWN, own.name), "other": _import(OTHER, other.name), "none": NOBODY},
        "assistance": {"own": _assistance(OWN, own.name), "other": _assistance(OTHER, other.name), "none": NOBODY},
        "lot": {"own": _lot(OWN), "other": _lot(OTHER), "none": NOBODY},
        "token": {"": "tidak-ada"},
        "factor": {"": 0},
        "id": {"": NOBODY},
        "proposal": _proposals() | {"none": NOBODY},
        "membership": {
            "own": Membership.objects.filter(office=OWN).values_list("pk", flat=True)[0],
            "other": Membership.objects.filter(office=OTHER).values_list("pk", flat=True)[0],
            "none": 0,
        },
    }
    for role in ROLES:
        client = world.clients[role] = Client()
        if role == "applicant":
            session = client.session
            session["applicant"] = str(own.registration.applicant_id)
            session.save()
            client.cookies["sessionid"] = session.session_key
        elif role != "public":
            sign_in(client, make_staff("" if role == "member" else role, OWN))
    return world


def _import(regency: int, name: str) -> UUID:
    """A file of an office that waits for its decision, called like one of its people."""
    return Import.objects.create(
        kind="person_list", regency_id=regency, state="checked", asked_by=make_staff("mentor", regency), size=1,
        name=f"{name}.csv", headers=["NIK"], mapping={"nik": "NIK"}, created_at=timezone.now(), checked_at=timezone.now(),
    ).pk  # fmt: skip


def _assistance(regency: int, name: str) -> UUID:
    """Somebody whose name an office has typed and whom nobody has open."""
    now, staff = timezone.now(), staff_scope(make_staff("mentor", regency))
    row = begin(scope=staff, key=uuid4(), paper=None, first_page="ktp", language="id", now=now)
    save_page(
        scope=staff, page="ktp", answers={"name": name}, complete=False, shown=0, pages=["ktp"], now=now
    )  # fmt: skip
    put_down(scope=staff)
    enter_scope(Scope())
    return row.pk


def _lot(regency: int) -> UUID:
    return issue(scope=staff_scope(make_staff("mentor", regency)), key=uuid4(), size=1, now=timezone.now()).pk


def _evidence(person: Canary) -> UUID:
    """A paper that nobody has judged yet."""
    scope = Scope().as_applicant(person.registration.applicant_id)
    return add_evidence(
        scope=scope, owner=person.registration, claim="pmi", data=photo(), now=timezone.now()
    ).pk  # fmt: skip


def _grievance(person: Canary) -> UUID:
    """An appeal against the draw that names its person."""
    return file_own(
        scope=Scope().as_applicant(person.registration.applicant_id), registration_id=person.registration.pk,
        subject="draw", claim="", text=f"{person.name}, loket 2", key=uuid4(), language="id",
        now=timezone.now(),
    ).pk  # fmt: skip


def _erasure(person: Canary) -> UUID:
    """As if asked for: a place stands in the way of asking."""
    now, registration = timezone.now(), person.registration
    return Erasure.objects.create(
        applicant_id=registration.applicant_id, regency_id=registration.regency_id, requested_at=now, due_at=now, as_of=now
    ).pk  # fmt: skip


def _pair(person: Canary) -> UUID:
    """The person and somebody of the same office who may be the same."""
    twin = make_registration(Wave.objects.get(state="open"), regency=person.registration.regency_id)
    return DuplicatePair.objects.create(
        wave=twin.wave, older=person.registration, younger=twin, regency=twin.regency, other_regency=twin.regency,
        kinds=["name"], found_at=timezone.now(),
    ).pk  # fmt: skip


def _indicator() -> str:
    return Indicator.objects.create(code="population", unit="persons", name_id="Penduduk", name_en="Population").pk


def _scenario(wave: Wave) -> UUID:
    return create_scenario(scope=scope_of("planner"), wave=wave, name="Uji", overrides={}, now=NOW).pk


def _proposals() -> dict[str, Any]:
    """Of each office a head, and a colleague whom he proposed."""
    proposed = {}
    for key, regency in (("own", OWN), ("other", OTHER)):
        scope = staff_scope(make_staff("office_head", regency))
        invitation = Invitation(
            name="Jalak Uren", email=f"{key}@contoh.example", role="mentor", office_id=regency,
            valid_from=timezone.localdate(),
        )  # fmt: skip
        proposed[key] = propose(scope=scope, proposal_id=uuid7(), invitation=invitation, now=timezone.now()).pk
    return proposed


def _person(wave: Wave, regency: int, name: str, nik: str) -> Canary:
    secrets = {"nik": nik, "kk": f"{nik[:6]}010120{nik[12:]}", "phone": f"+62812777{nik[10:]}"}
    registration = make_registration(wave, regency=regency, name=name, **secrets, address=f"Jalan {name} 7")
    Registration.objects.filter(pk=registration.pk).update(state="joined", joined_at=timezone.now())
    registration.refresh_from_db()
    training_class = make_class(wave, f"{'A' if regency == OWN else 'B'}-1", regency_id=regency)
    WishList.objects.create(registration=registration)
    Wish.objects.create(registration=registration, rank=0, training_class=training_class)
    return Canary(registration, name, {secrets["nik"], secrets["kk"], secrets["phone"].removeprefix("+62")})


@dataclass(frozen=True)
class Visit:
    """One address: `key` is the route's name with the variants of its parameters."""

    key: str
    path: str


def routes() -> dict[str, URLPattern]:
    """Every address the resolver knows, by name; one without a name stands under its pattern."""

    def walk(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                if pattern.namespace != "admin":  # test_admin.py walks those
                    yield from walk(pattern.url_patterns)
            else:
                yield pattern

    return {pattern.name or str(pattern.pattern): pattern for pattern in walk(get_resolver().url_patterns)}


def visits_of(world: World, name: str, pattern: URLPattern) -> Iterator[Visit]:
    """The route with every variant of its parameters, at most one of them wrong at a time."""
    parameters = list(pattern.pattern.converters)
    for chosen in product(*(world.arguments[parameter].items() for parameter in parameters)):
        variants = [variant for variant, _ in chosen if variant]
        if len([variant for variant in variants if variant.startswith("no-")]) <= 1:
            values = {parameter: value for parameter, (_, value) in zip(parameters, chosen, strict=True)}
            yield Visit(" ".join([name, *variants]), reverse(name, kwargs=values))
