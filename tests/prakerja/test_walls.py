"""The second wall: what the database refuses to web requests, and to everybody."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.db.utils import ConnectionHandler
from django.test import Client
from django.utils import timezone

import accounts.services
from accounts.scope import NOBODY, Scope
from accounts.services import enter_scope
from prakerja.middleware import ScopeMiddleware
from records.models import Event
from records.services.jobs import request_job
from records.services.log import record_event
from records.walls import ROLE
from registrations.models import Applicant, Registration
from tests.factories.people import make_region, make_wave
from tests.factories.registered import make_registration
from tests.factories.staff import make_user
from tests.prakerja.database import ask, refused
from tests.registrations.journey import drafted

# Every table of the database stands in exactly one of these lists, or in WALLED; a new table fails until it is placed.
# Without row-level security, because its rows are nobody's:
OPEN = {
    "django_content_type",
    "clusters_dataset",
    "clusters_ruleset",
    "records_seal", "training_merkleblock",
}  # fmt: skip
# No grant at all: only the owner's own work reads or writes them.
CLOSED = {
    "account_emailaddress", "account_emailconfirmation", "accounts_factorreset", "accounts_onetimesecret",
    "accounts_signinfailure", "auth_group", "auth_group_permissions", "auth_permission", "django_admin_log",
    "django_migrations", "django_session", "oauth2_provider_accesstoken", "oauth2_provider_devicegrant",
    "oauth2_provider_grant", "oauth2_provider_idtoken", "oauth2_provider_refreshtoken", "records_delivery",
    "records_formerrow", "records_logline", "records_optout", "records_spending", "registrations_registrygate",
    "registrations_statusattempt",
}  # fmt: skip
# Granted by the column:
BY_COLUMN = {"accounts_user"}
WALLED_BY_COLUMN = {"accounts_apiclient"}
# With row-level security, and what web requests may do there.
WALLED = {
    **dict.fromkeys(
        [
            *["clusters_blankspotvillage", "clusters_cluster", "clusters_clusterarea", "clusters_district"],
            *[
                "clusters_holiday",
                "clusters_indicator",
                "clusters_labouroffice",
                "clusters_regency",
                "clusters_village",
            ],
            *["training_programme", "training_provider"],
        ],
        "INSERT, SELECT, UPDATE",
    ),
    "accounts_institution": "INSERT, SELECT, UPDATE",
    "clusters_figurechoice": "INSERT, SELECT",
    "clusters_membership": "SELECT",
    "clusters_membershipproposal": "INSERT, SELECT",
    "clusters_observation": "SELECT",
    "clusters_quotacell": "SELECT",
    "clusters_quotadecision": "INSERT, SELECT",
    "clusters_quotapolicy": "INSERT, SELECT",
    "clusters_quotasplit": "SELECT, UPDATE",
    "clusters_scenario": "INSERT, SELECT, UPDATE",
    "clusters_scenariocomment": "INSERT, SELECT",
    "clusters_wave": "INSERT, SELECT, UPDATE",
    "mfa_authenticator": "DELETE, INSERT, SELECT, UPDATE",
    "records_event": "INSERT, SELECT",
    "records_import": "INSERT, SELECT",
    "records_importchunk": "INSERT, SELECT",
    "records_importmapping": "INSERT, SELECT, UPDATE",
    "records_importrow": "SELECT",
    "records_job": "SELECT",
    "records_message": "SELECT",
    "records_messagetemplate": "INSERT, SELECT",
    "records_read": "INSERT, SELECT",
    "registrations_applicant": "INSERT, SELECT, UPDATE",
    "registrations_assistance": "INSERT, SELECT",
    "registrations_consent": "INSERT, SELECT",
    "registrations_disability": "DELETE, INSERT, SELECT",
    "registrations_disabilityneed": "DELETE, INSERT, SELECT",
    "registrations_draft": "DELETE, INSERT, SELECT, UPDATE",
    "registrations_duplicatedecision": "INSERT, SELECT",
    "registrations_duplicatepair": "SELECT",
    "registrations_eligibilitydecision": "INSERT, SELECT",
    "registrations_evidence": "DELETE, INSERT, SELECT",
    "registrations_evidencepiece": "DELETE, INSERT, SELECT",
    "registrations_evidenceupload": "DELETE, INSERT, SELECT",
    "registrations_formervalue": "INSERT, SELECT",
    "registrations_identitycheck": "SELECT",
    "registrations_listedperson": "SELECT",
    "registrations_paperform": "INSERT, SELECT",
    "registrations_paperlot": "INSERT, SELECT",
    "registrations_personlist": "SELECT",
    "registrations_phonechange": "INSERT, SELECT",
    "registrations_registration": "INSERT, SELECT",
    "registrations_tally": "SELECT",
    "training_draw": "INSERT, SELECT",
    "training_drawcutoff": "SELECT",
    "training_drawentry": "SELECT",
    "training_drawpack": "SELECT",
    "training_drawresult": "SELECT",
    "training_erasure": "INSERT, SELECT",
    "training_grievance": "INSERT, SELECT",
    "training_grievancestep": "INSERT, SELECT",
    "training_placement": "SELECT",
    "training_trainingclass": "INSERT, SELECT, UPDATE",
    "training_wish": "DELETE, INSERT, SELECT",
    "training_wishlist": "INSERT, SELECT, UPDATE",
    "usersessions_usersession": "SELECT",
}
COLUMNS = {
    "accounts_apiclient": {
        "SELECT": {
            *["id", "client_id", "name", "institution_id", "scopes", "address_ranges", "expires_at", "revoked_at"],
            "last_used_at",
        }
    },
    "accounts_user": {"SELECT": {"id", "name"}},
    "clusters_membership": {"UPDATE": {"valid_to", "ended_at", "ended_by_id", "end_reason"}},
    "clusters_membershipproposal": {"UPDATE": {"state", "decided_by_id", "decided_at", "reason", "digest"}},
    "records_import": {"UPDATE": {"state", "take", "decided_by_id", "decided_at", "size", "sha256", "mapping"}},
    "registrations_evidence": {
        "UPDATE": {"draft_id", "registration_id", "verdict", "reason", "decided_by_id", "decided_at"}
    },
    "registrations_evidenceupload": {"UPDATE": {"received"}},
    "registrations_assistance": {"UPDATE": {"holder_id", "registration_id", "applicant_id"}},
    "registrations_identitycheck": {
        "UPDATE": {
            *["state", "differs", "attempts", "next_try", "checked_at", "request_id", "error", "as_of"],
            *["sighted_by_id", "sighted_at", "sight_reason", "confirmed_by_id", "confirmed_at"],
        }
    },
    "registrations_phonechange": {"UPDATE": {"tries", "used_at"}},
    "registrations_registration": {
        "UPDATE": {
            *["state", "joined_at", "as_of", "occupation", "citizen", "in_education", "received_before", "laid_off"],
            *["pmi_candidate", "remote", "unfamiliar_digital", "blank_spot", "clusters", "warnings", "regency_id"],
        }
    },
    "training_draw": {
        "UPDATE": {
            *["state", "dice", "witnesses", "cleared", "rolled_by_id", "seed", "seeded_by_id", "seeded_at"],
            *["void_asked_by_id", "void_reason", "voided_by_id", "as_of", "updated_at"],
        }
    },
    "training_erasure": {"UPDATE": {"state", "proposed_by_id", "decided_by_id", "reason", "as_of"}},
    "training_grievance": {
        "UPDATE": {"state", "verdict", "due_on", "answered_by_id", "second_by_id", "as_of", "updated_at"}
    },
    "training_placement": {"UPDATE": {"state", "answered_at", "updated_at", "as_of"}},
}
# What runs with the owner's rights and is called by web requests: answers one question, or adds one row.
OWNERS_FUNCTIONS = {
    "accounts_end_other_sessions", "clusters_last_sign_in", "records_queue_message", "records_request_job",
    "registrations_add_attempt", "registrations_count_attempts", "registrations_count_household",
    "registrations_find_draft", "registrations_find_repeat", "registrations_find_sent", "registrations_lists_about",
}  # fmt: skip
PEOPLE = [
    "records_event", "records_message", "records_read", "registrations_applicant", "registrations_assistance",
    "registrations_consent", "registrations_disability", "registrations_disabilityneed", "registrations_draft",
    "registrations_duplicatedecision", "registrations_duplicatepair", "registrations_eligibilitydecision",
    "registrations_formervalue", "registrations_identitycheck", "registrations_phonechange",
    "registrations_registration", "registrations_tally", "training_drawentry", "training_drawresult",
    "training_erasure", "training_grievance", "training_grievancestep", "training_placement", "training_wish",
    "training_wishlist",
]  # fmt: skip

pytestmark = pytest.mark.django_db


@contextmanager
def as_web(scope: Scope = NOBODY) -> Iterator[None]:
    """The rights of a web request, given back at the end."""
    with transaction.atomic():
        enter_scope(scope, web_role=True)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def registration() -> Registration:
    make_region()
    return make_registration(make_wave())


def test_every_table_has_its_place() -> None:
    tables = dict(
        ask(
            "SELECT relname, relrowsecurity FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace"
        )
    )
    placed = [*OPEN, *CLOSED, *BY_COLUMN, *WALLED_BY_COLUMN, *WALLED]
    assert sorted(tables) == sorted(placed)
    assert {table for table, walled in tables.items() if walled} == set(WALLED) | WALLED_BY_COLUMN


def test_web_requests_hold_no_right_beyond_the_list() -> None:
    granted = dict(
        ask(
            "SELECT table_name, string_agg(DISTINCT privilege_type, ', ' ORDER BY privilege_type)"
            " FROM information_schema.role_table_grants WHERE grantee IN (%s, 'PUBLIC') AND table_schema = 'public'"
            " GROUP BY table_name",
            ROLE,
        )
    )
    assert granted == WALLED | dict.fromkeys(OPEN, "SELECT")
    columns: dict[str, dict[str, set[str]]] = {}
    for table, privilege, column in ask(
        "SELECT table_name, privilege_type, column_name FROM information_schema.role_column_grants"
        " WHERE grantee IN (%s, 'PUBLIC') AND table_schema = 'public'",
        ROLE,
    ):
        if privilege not in granted.get(table, ""):
            columns.setdefault(table, {}).setdefault(privilege, set()).add(column)
    assert columns == COLUMNS


def test_few_functions_run_with_the_owners_rights() -> None:
    functions = ask(
        "SELECT proname, has_function_privilege(%s, oid, 'EXECUTE'), array_to_string(proconfig, ' ') FROM pg_proc"
        " WHERE prosecdef AND pronamespace = 'public'::regnamespace",
        ROLE,
    )
    assert {name for name, for_web, _ in functions if for_web} == OWNERS_FUNCTIONS
    assert all("search_path=public" in (path or "") for _, _, path in functions)


def test_no_function_of_ours_is_everybodys() -> None:
    assert not ask(
        "SELECT oid::regprocedure::text FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS granted"
        " WHERE pronamespace = 'public'::regnamespace AND pg_get_userbyid(proowner) = current_user AND grantee = 0"
    )


def test_the_role_cannot_sign_in_own_or_pass_by_anything() -> None:
    assert ask(
        "SELECT rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolinherit AND rolreplication FROM pg_roles"
        " WHERE rolname = %s",
        ROLE,
    ) == [(False,) * 5]
    assert not ask("SELECT relname FROM pg_class WHERE relowner = %s::regrole", ROLE)


@pytest.mark.parametrize("setting", [None, "", NOBODY.as_setting()])
def test_without_a_scope_nobody_is_seen(registration: Registration, setting: str | None) -> None:
    drafted()
    filled = [table for table in PEOPLE if ask(f"SELECT count(*) FROM {table}") != [(0,)]]  # noqa: S608
    assert len(filled) >= 6
    with as_web():
        if setting is not None:
            ask("SELECT set_config('app.scope', %s, true)", setting)
        else:
            ask("SELECT set_config('app.scope', NULL, true)")
        for table in PEOPLE:
            assert ask(f"SELECT count(*) FROM {table}") == [(0,)], table  # noqa: S608


def test_an_office_sees_its_own_and_writes_its_own(registration: Registration) -> None:
    other = make_registration(registration.wave, regency=3301)
    with as_web(Scope(make_user().pk, frozenset({"mentor"}), frozenset({3374}))):
        assert list(Registration.objects.values_list("pk", flat=True)) == [registration.pk]
        assert list(Applicant.objects.values_list("pk", flat=True)) == [registration.applicant_id]
        assert set(Event.objects.values_list("person_id", flat=True)) == {registration.applicant_id}
        assert Registration.objects.filter(pk=other.pk).update(state="withdrawn") == 0
        assert Registration.objects.filter(pk=registration.pk).update(state="withdrawn") == 1
        with refused("row-level security"):
            Applicant.objects.filter(pk=registration.applicant_id).update(regency_id=3301)


def test_no_request_turns_a_person_away_or_gives_back_what_the_rules_took(registration: Registration) -> None:
    office = Scope(make_user().pk, frozenset({"mentor"}), frozenset({3374}))
    with as_web(office), refused("row-level security"):
        Registration.objects.update(state="ineligible")
    Registration.objects.update(state="ineligible")
    with as_web(office):
        assert Registration.objects.get().state == "ineligible"
        assert Registration.objects.update(state="joined", joined_at=timezone.now()) == 0


def test_an_auditor_reads_all_and_changes_nothing(registration: Registration) -> None:
    with as_web(Scope(make_user().pk, frozenset({"auditor"}))):
        assert Registration.objects.count() == 1
        with refused("row-level security"):
            Registration.objects.update(state="withdrawn")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT password FROM accounts_user",
        "SELECT * FROM django_session",
        "SELECT * FROM registrations_statusattempt",
        "SELECT * FROM accounts_signinfailure",
        "DELETE FROM registrations_registration",
        "UPDATE registrations_tally SET change = 0",
        "INSERT INTO registrations_tally DEFAULT VALUES",
        "UPDATE training_trainingclass SET taken = 0; DELETE FROM training_trainingclass",
        "UPDATE training_placement SET training_class_id = training_class_id",
        "UPDATE registrations_registration SET number = number",
        "UPDATE registrations_registration SET number = number",
        "SELECT training_count_taken()",
        "UPDATE records_job SET state = 'done'",
        "UPDATE clusters_membership SET role = 'planner'",
        "TRUNCATE records_event",
        "CREATE TABLE public.mine (id int)",
        "ALTER TABLE records_event DISABLE ROW LEVEL SECURITY",
    ],
)
def test_web_requests_are_refused(sql: str) -> None:
    province = Scope(make_user().pk, frozenset({"planner"}))
    with as_web(province), refused("permission denied|must be owner"):
        ask(sql)


def test_web_requests_act_in_their_own_name_only() -> None:
    planner, other = make_user(), make_user()
    about: Any = {"actor_role": "planner", "subject_type": "uji", "subject_id": uuid4(), "at": timezone.now()}
    with as_web(Scope(planner.pk, frozenset({"planner"}))):
        for actor in (other.pk, None):
            with refused("row-level security"):
                record_event(kind="uji", actor_id=actor, **about)
        record_event(kind="uji", actor_id=planner.pk, **about)
        for asked_by in (other.pk, None):
            job = request_job(task="uji", key=str(uuid4()), payload={}, requested_by=asked_by)
            assert ask("SELECT requested_by_id FROM records_job WHERE id = %s", job.pk) == [(planner.pk,)]
    job = request_job(task="uji", key="uji", payload={}, requested_by=other.pk)
    assert ask("SELECT requested_by_id FROM records_job WHERE id = %s", job.pk) == [(other.pk,)]


@pytest.mark.django_db(transaction=True)
def test_a_scope_ends_with_its_transaction() -> None:
    owner = ask("SELECT current_user")
    with transaction.atomic():
        enter_scope(Scope(make_user().pk, frozenset({"planner"})), web_role=True)
        assert ask("SELECT current_user, app_sees_all()") == [(ROLE, True)]
    assert ask("SELECT current_user") == owner
    assert ask("SELECT nullif(current_setting('app.scope', true), '')") == [(None,)]
    assert ask("SELECT app_sees_all(), app_regencies()") == [(False, [])]


THREADS, CONNECTIONS, ROUNDS = 8, 3, 40


def _seen_over_few_connections(offices: dict[int, str], *, local: bool) -> list[set[str]]:
    """What 8 threads see that take turns with 3 connections; each round has an office of its own. Wrong sightings only.

    `local` False is the naive twin: a setting of the session, which the next user of the connection inherits.
    """
    pool: Queue[Any] = Queue()
    for _ in range(CONNECTIONS):
        wrapper = ConnectionHandler(settings.DATABASES)["default"]
        wrapper.settings_dict = connection.settings_dict
        wrapper.inc_thread_sharing()
        pool.put(wrapper)
    wrong: list[set[str]] = []

    def work(turns: Iterator[int]) -> None:
        for regency in turns:
            connections["default"] = pool.get()
            try:
                with transaction.atomic():
                    if local:
                        enter_scope(Scope(uuid4(), frozenset({"mentor"}), frozenset({regency})), web_role=True)
                    elif regency == min(offices):
                        ask("SELECT set_config('role', %s, false)", ROLE)
                        scope = Scope(uuid4(), frozenset({"mentor"}), frozenset({regency}))
                        ask("SELECT set_config('app.scope', %s, false)", scope.as_setting())
                    names = set(Registration.objects.values_list("name", flat=True))
                    if names != {offices[regency]}:
                        wrong.append(names)
            finally:
                pool.put(connections["default"])
                del connections["default"]

    rounds = [itertools.islice(itertools.cycle(offices), at, at + ROUNDS) for at in range(THREADS)]
    threads = [Thread(target=work, args=(turns,)) for turns in rounds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while not pool.empty():
        pool.get().close()
    return wrong


@pytest.mark.django_db(transaction=True)
def test_a_reused_connection_brings_nobodys_scope_along() -> None:
    make_region()
    wave = make_wave()
    offices = {3374: "Kenari Semarang", 3301: "Kenari Cilacap", 3308: "Kenari Magelang"}
    for regency, name in offices.items():
        make_registration(wave, regency=regency, name=name)
    assert _seen_over_few_connections(offices, local=True) == []
    assert _seen_over_few_connections(offices, local=False), "the naive twin must leak, or this test sees nothing"
    with transaction.atomic():  # behind a pooler the leaky sessions live on: end them
        ask("RESET ROLE; SELECT set_config('app.scope', '', false)")
        ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_nothing_is_served_when_the_role_is_not_taken(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_region()
    owner = ask("SELECT current_user")[0][0]
    monkeypatch.setattr(ScopeMiddleware, "_role_is_taken", False)
    monkeypatch.setattr(accounts.services, "ROLE", owner)
    assert client.get("/status/").status_code == 503
    assert client.get("/health/").status_code == 200
    monkeypatch.undo()
    monkeypatch.setattr(ScopeMiddleware, "_role_is_taken", False)
    assert client.get("/status/").status_code == 200
