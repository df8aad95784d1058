"""The admin: who gets in, that no person's data can be there, and what a change leaves behind."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.contrib.auth.hashers import check_password
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import ApiClient, Institution, User
from accounts.scope import Scope
from accounts.services.clients import create_client, create_institution
from clusters.models import BlankSpotVillage, ClusterArea, Holiday, LabourOffice, Membership, Regency, RuleSet, Village
from clusters.selectors.offices import scope_of
from prakerja.admin_site import site
from records.fields import BlindIndexField, EncryptedField
from records.models import Event, Job, MessageTemplate
from records.services.jobs import request_job
from records.services.messages.templates import load_shipped
from tests.clusters.seats import as_web
from tests.factories.staff import make_staff, sign_in
from tests.prakerja.database import ask, refused
from tests.prakerja.world import ROLES, make_world
from training.models import Programme, Provider

pytestmark = pytest.mark.django_db

PAGES = {"changelist", "add", "change", "history", "delete", "import", "process_import", "export"}
PLANNER_READS = {
    "blankspotvillage", "cluster", "clusterarea", "holiday", "ruleset", "programme", "provider",
}  # fmt: skip


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    sign_in(client, make_staff("operator"))
    return client


def admin_routes() -> Iterator[URLPattern]:
    def walk(patterns: list[URLPattern | URLResolver], inside: bool) -> Iterator[URLPattern]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, inside or pattern.namespace == "admin")
            elif inside:
                yield pattern

    return walk(get_resolver().url_patterns, False)


def fill() -> dict[str, object]:
    """A row in every table of the admin; by model name its key."""
    load_shipped(timezone.now())
    village = Village.objects.first()
    assert village
    BlankSpotVillage.objects.get_or_create(
        village=village, defaults={"printed_name": "X", "period": "2024", "source": "https://x.example"}
    )
    ClusterArea.objects.get_or_create(
        cluster_id=1,
        regency=Regency.objects.first(),
        defaults={"ring": "x", "active": True, "source": "x", "confidence": "high"},
    )
    Holiday.objects.get_or_create(day=date(2026, 12, 31), name="Cuti bersama provinsi")
    RuleSet.objects.get_or_create(
        code="x", defaults={"name": "x", "valid_from": date(2026, 1, 1), "rules": {}, "source": "x"}
    )
    Programme.objects.get_or_create(code="X", defaults={"name_id": "x", "name_en": "x", "hours": 8})
    Provider.objects.get_or_create(name="X", defaults={"kind": "blk", "regency": Regency.objects.first()})
    LabourOffice.objects.get_or_create(regency=Regency.objects.first())
    failed_job()
    operator = Scope(make_staff("operator").pk, frozenset({"operator"}))
    institution = create_institution(name="Kementerian", kind="ministry")
    create_client(
        scope=operator, institution=institution, name="Uji", scopes=["waves:read"], now=timezone.now(),
        expires_at=timezone.now() + timedelta(days=9),
    )  # fmt: skip
    rows: dict[str, object] = {}
    for model in site._registry:
        first = model._default_manager.order_by("pk").values_list("pk", flat=True).first()
        assert first is not None, model
        rows[model._meta.model_name or ""] = first
    rows["messagetemplate"] = MessageTemplate.objects.order_by("name", "-version")[0].pk
    return rows


def failed_job(error: str = "ValueError: contoh") -> Job:
    job = request_job(task="clusters.propose_split", key="uji", payload={})
    Job.objects.filter(pk=job.pk).update(state="failed", error=error, finished_at=timezone.now())
    return job


def addresses(rows: dict[str, object]) -> Iterator[tuple[str, str]]:
    """(name of the route, address) of every page of the admin."""
    for pattern in admin_routes():
        arguments: dict[str, object] = {}
        name = pattern.name
        if name is None:
            continue  # what Django adds to send a bare key to its page, and the catch-all
        model = name.split("_")[1] if "_" in name else ""
        for parameter in pattern.pattern.converters or pattern.pattern.regex.groupindex:  # type: ignore[attr-defined]
            known = {"app_label": "clusters", "object_id": rows.get(model)}
            arguments[parameter] = known[parameter]
        yield name, reverse(f"admin:{name}", kwargs=arguments)


def test_every_page_is_the_operators_and_partly_the_planners() -> None:
    world, rows = make_world(), fill()
    wrong = []
    for role in ROLES:
        for name, address in addresses(rows):
            _app, model, page = name.split("_", 2) if name.count("_") > 1 else ("", "", name)
            with transaction.atomic():
                response = world.clients[role].get(address)
                transaction.set_rollback(True)
            expected = {403}
            if role in {"public", "applicant"}:
                expected = {302}
                if not response.headers.get("Location", "").startswith("/masuk/?next=/admin/"):
                    wrong.append(f"{name} as {role} is not sent to the sign-in page")
            elif role == "operator":
                expected = {403} if page == "delete" else {200, 403} if page == "add" else {200}
            elif role == "planner" and (model in PLANNER_READS or not model):
                expected = {403} if page in {"delete", "add", "import"} else {200}
            if page == "process_import" and role in {"operator", "planner"}:
                expected = {405}
            if name in {"autocomplete"}:
                expected = expected - {200} | {403} if role in {"operator", "planner"} else expected
            if response.status_code not in expected:
                wrong.append(f"{name} as {role}: {response.status_code}, expected {expected}")
    assert not wrong, "\n".join(wrong)


def test_no_page_shows_an_applicant() -> None:
    world = make_world()
    rows = fill()
    people = User.objects.filter(memberships__isnull=True)
    hidden = (
        world.own.traces
        | world.other.traces
        | {user.email for user in people if user.email and "petugas" not in user.email}
    )
    hidden |= {str(world.own.registration.applicant_id), str(world.other.registration.applicant_id)}
    for name, address in [*addresses(rows), ("search", "/admin/clusters/village/?q=Kenari")]:
        text = world.clients["operator"].get(address).content.decode(errors="replace")
        assert not {trace for trace in hidden if trace in text}, name


def test_an_operators_request_sees_no_person_in_the_database() -> None:
    make_world()
    scope = Scope(make_staff("operator").pk, frozenset({"operator"}))
    walled = [
        table
        for (table,) in ask("SELECT relname FROM pg_class WHERE relrowsecurity AND relname LIKE 'registrations%%'")
    ]
    assert len(walled) > 5
    with as_web(scope):
        for table in [*walled, "training_placement", "training_wish", "training_drawentry", "records_read"]:
            assert ask(f"SELECT count(*) FROM {table}") == [(0,)], table  # noqa: S608


def test_no_model_of_the_admin_has_a_personal_column_or_belongs_to_a_person() -> None:
    for model in site._registry:
        assert model._meta.app_label != "registrations"
        related = {field.related_model for field in model._meta.get_fields() if field.is_relation and field.concrete}
        assert not {each for each in related if each and each._meta.app_label == "registrations"}, model
        assert not any(isinstance(field, EncryptedField | BlindIndexField) for field in model._meta.fields), model
    assert User not in site._registry


def test_pages_that_make_or_end_accounts_alone_run_as_the_owner() -> None:
    marked = {route.name for route in admin_routes() if getattr(route.callback, "outside_scope", False)}
    assert marked == {"accounts_apiclient_add", "accounts_apiclient_revoke"}


def test_a_client_of_the_api_is_made_with_a_secret_shown_once_and_revoked(operator: Client) -> None:
    answer = operator.post(reverse("admin:accounts_institution_add"), {"name": "Kementerian", "kind": "ministry"})
    assert answer.status_code == 302, answer.content.decode()
    institution = Institution.objects.get()
    wanted = {"institution": institution.pk, "name": "Dasbor", "scopes": ["waves:read"], "expires_on": "2027-06-30"}
    bad = operator.post(reverse("admin:accounts_apiclient_add"), wanted | {"address_ranges": "rumah"})
    assert "rumah" in bad.content.decode()
    assert not ApiClient.objects.exists()
    made = operator.post(reverse("admin:accounts_apiclient_add"), wanted | {"address_ranges": "203.0.113.0/24"})
    client = ApiClient.objects.get()
    secret = next(word for word in re.findall(r"prakerja_secret_[\w-]+", made.content.decode()))
    assert check_password(secret, client.client_secret)
    assert timezone.localdate(client.expires_at) == date(2027, 6, 30)
    pages = [
        reverse("admin:accounts_apiclient_changelist"),
        reverse("admin:accounts_apiclient_change", args=[client.pk]),
    ]
    for page in pages:
        text = operator.get(page).content.decode()
        assert secret not in text
        assert client.client_secret not in text
    operator.post(reverse("admin:accounts_apiclient_revoke", args=[client.pk]), {"reason": "Tidak dipakai lagi"})
    client.refresh_from_db()
    assert client.revoked_at


def test_an_operator_alone_lets_no_client_see_more_places_than_it_was_granted(operator: Client) -> None:
    institution = create_institution(name="Dinas", kind="office", regency_ids=[3374])
    page = reverse("admin:accounts_institution_change", args=[institution.pk])
    operator.post(page, {"name": "Disnaker", "kind": "ministry", "regency_ids": ""})
    institution.refresh_from_db()
    assert (institution.name, institution.kind, institution.regency_ids) == ("Disnaker", "office", [3374])


WRITES = (
    "INSERT INTO clusters_holiday VALUES ('2026-12-30', 'x', true)",
    "UPDATE clusters_holiday SET name = 'y'",
    "UPDATE clusters_labouroffice SET phone = '0'",
    "UPDATE clusters_regency SET name = 'x'",
    "UPDATE clusters_clusterarea SET active = NOT active",
    "UPDATE training_programme SET hours = 1",
    "UPDATE training_provider SET is_sample = true",
    "INSERT INTO records_messagetemplate (id, name, channel, language, version, subject, body, author_id, created_at)"
    " SELECT gen_random_uuid(), name, channel, language, 99, subject, body, app_user(), now()"
    " FROM records_messagetemplate LIMIT 1",
)


@pytest.mark.parametrize("role", ["planner", "approver", "auditor", "office_head", "mentor"])
def test_only_operators_write_reference_data(role: str) -> None:
    make_world()
    fill()
    user = make_staff(role, 3374)
    for sql in WRITES:
        with as_web(scope_of(user)), refused("row-level security"):
            ask_nothing(sql)
    with as_web(scope_of(make_staff("operator"))):
        for sql in WRITES:
            ask_nothing(sql)
        for (table,) in [("clusters_holiday",), ("clusters_village",), ("training_provider",)]:
            with refused("permission denied"):
                ask_nothing(f"DELETE FROM {table}")  # noqa: S608


def ask_nothing(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_change_leaves_an_event_with_names_and_a_line_of_history(operator: Client) -> None:
    make_staff("mentor", 3301)
    office = LabourOffice.objects.get()
    here = reverse("admin:clusters_labouroffice_change", args=[office.pk])
    answer = operator.post(here, {"regency": office.pk, "short_name": "Disnaker", "phone": "0282 123"})
    assert answer.status_code == 302, answer.content.decode()
    event = Event.objects.get(kind="admin.changed")
    assert (event.fields, event.subject_type, event.actor_role) == (
        ["short_name", "phone"],
        "clusters.labouroffice",
        "operator",
    )
    assert "0282" not in str(Event.objects.values())
    history = operator.get(reverse("admin:clusters_labouroffice_history", args=[office.pk])).content.decode()
    assert "Nama singkat" in history
    assert "Petugas" in history
    assert ask("SELECT count(*) FROM django_admin_log") == [(0,)]


def test_a_failed_job_is_asked_for_again(operator: Client) -> None:
    job = failed_job()
    page = operator.get(reverse("admin:records_job_change", args=[job.pk])).content.decode()
    assert "ValueError: contoh" in page
    again = reverse("admin:records_job_retry", args=[job.pk])
    assert operator.get(again).status_code == 200
    assert Job.objects.count() == 1
    assert operator.post(again).status_code == 302
    new = Job.objects.exclude(pk=job.pk).get()
    assert (new.task, new.state, new.requested_by.memberships.get().role) == (job.task, "queued", "operator")  # type: ignore[union-attr]
    operator.post(reverse("admin:records_job_retry", args=[new.pk]))
    assert Job.objects.count() == 2


def test_a_text_becomes_a_new_version(operator: Client) -> None:
    load_shipped(timezone.now())
    text = MessageTemplate.objects.get(name="sign_in_code", channel="sms", language="id", version=1)
    here = reverse("admin:records_messagetemplate_change", args=[text.pk])
    page = operator.get(here).content.decode()
    assert "123456" in page
    assert "sign-in code" in page, "the other language stands beside it"
    bad = operator.post(here, {"body": "Kode {kode}"})
    assert bad.status_code == 200
    assert "kurung kurawal" in bad.content.decode()
    assert operator.post(here, {"body": "Kode masuk: {code}, {minutes} menit."}).status_code == 302
    newest = MessageTemplate.objects.filter(name="sign_in_code", channel="sms", language="id").order_by("-version")[0]
    assert (newest.version, newest.author_id is not None) == (2, True)
    stale = operator.post(here, {"body": "Lain {code} {minutes}"})
    assert stale.status_code == 302
    assert MessageTemplate.objects.filter(name="sign_in_code", channel="sms", language="id").count() == 2


HEADER = "code,bps_code,name,kind,seat,tile_col,tile_row\n"


def upload(client: Client, text: str) -> str:
    file = SimpleUploadedFile("kabupaten.csv", text.encode(), "text/csv")
    answer = client.post("/admin/clusters/regency/import/", {"import_file": file, "format": "0"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_preview_refuses_a_bad_file_with_line_and_reason(operator: Client) -> None:
    page = upload(operator, HEADER + "33.01,3301,Cilacap,kabupaten,Cilacap,0,0\n99.99,9999,X,kabupaten,X,1,1\n")
    assert "Baris 3" in page
    assert "99.99" in page
    assert 'name="confirm"' not in page
    assert not Regency.objects.exists()
    assert "columns are missing: seat" in upload(
        operator, HEADER.replace(",seat", "") + "33.01,3301,Cilacap,kabupaten,0,0\n"
    )
    long = HEADER + "".join(f"33.{n:02},{n},X,kabupaten,X,0,0\n" for n in range(2001))
    assert "paling banyak 2000" in upload(operator, long)


def test_a_good_file_is_previewed_then_taken_with_an_event_a_row(operator: Client) -> None:
    text = HEADER + "33.01,3301,Cilacap,kabupaten,Cilacap,0,0\n"
    page = upload(operator, text)
    assert "Cilacap" in page
    assert not Regency.objects.exists()
    fields = dict(part.split('" value="') for part in _hidden(page))
    answer = operator.post("/admin/clusters/regency/process_import/", fields)
    assert answer.status_code == 302, answer.content.decode()
    assert Regency.objects.get().pk == 3301
    assert Event.objects.filter(kind="admin.added").count() == 1
    assert operator.post("/admin/clusters/regency/process_import/", fields).status_code == 404
    cache.clear()


def _hidden(page: str) -> list[str]:
    return [
        f'{name}" value="{value}'
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
        if name in {"import_file_name", "original_file_name", "format", "resource"}
    ]


def test_an_export_goes_back_in_unchanged(operator: Client) -> None:
    upload_text = HEADER + "33.01,3301,Cilacap,kabupaten,Cilacap,0,0\n"
    page = upload(operator, upload_text)
    operator.post("/admin/clusters/regency/process_import/", dict(part.split('" value="') for part in _hidden(page)))
    exported = operator.post("/admin/clusters/regency/export/", {"format": "0"}).content.decode("utf-8-sig")
    assert exported.replace("\r\n", "\n") == upload_text


def test_pages_of_the_admin_alone_have_the_looser_policy(operator: Client) -> None:
    policy = operator.get("/admin/").headers["Content-Security-Policy"]
    assert "'unsafe-eval'" in policy
    assert "object-src 'none'" in policy
    assert "'unsafe" not in operator.get("/").headers["Content-Security-Policy"]


def test_a_role_that_ended_opens_the_admin_no_more(operator: Client) -> None:
    assert operator.get("/admin/").status_code == 200
    other = make_staff("operator")
    held = Membership.objects.exclude(user=other).get(role="operator")
    Membership.objects.filter(pk=held.pk).update(ended_at=timezone.now(), ended_by=other, end_reason="Pindah")
    assert operator.get("/admin/").status_code == 403


def test_content_types_are_known_before_the_first_request() -> None:
    """Web requests read them and cannot add any."""
    for model in site._registry:
        assert ContentType.objects.filter(app_label=model._meta.app_label, model=model._meta.model_name).exists()
