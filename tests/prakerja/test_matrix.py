"""Every address, asked by every role for its own, another office's and nobody's record.

Read as a table: what each role is answered. An address that is not in it fails, and so does an answer that carries a trace
of somebody the asker may not see. Asked three times: with both walls, and with each of them alone.
"""

import re
from collections.abc import Collection, Iterable
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.http import HttpResponse

from tests.prakerja.world import ROLES, SEES_ALL, Visit, World, make_world, routes, visits_of

Row = dict[str, int | str]

PLANNERS = ("planner", "approver")
OFFICE = ("mentor", "office_head")
READERS = (*OFFICE, *SEES_ALL)
SIGN_IN = "sign-in"  # a redirect to the sign-in page


def row(status: int, **others: int) -> Row:
    """The same answer for everybody but `others`."""
    return dict.fromkeys(ROLES, status) | others


def only(roles: Iterable[str], status: int, **others: int) -> Row:
    """For these roles of staff; who is not signed in is asked to, other staff is refused."""
    return (
        {"public": SIGN_IN, "applicant": SIGN_IN}
        | dict.fromkeys(ROLES[2:], 403)
        | dict.fromkeys(roles, status)
        | others
    )


def all_of(roles: Iterable[str], status: int) -> dict[str, int]:
    return dict.fromkeys(roles, status)


# A key is the route's name with the variants of its parameters (world.py), after the method where GET and POST differ.
ACCESS: dict[str, Row] = {
    "home": row(200),
    "help": row(200),
    "conditions": row(200),
    "health": row(200),
    "health-live": row(200),
    "health-ready": row(200),
    "metrics": row(200),
    "style-guide": row(200),
    "set_language": row(302),
    "sign-in": row(302, public=200, applicant=200),
    "sign-in-code": row(302),
    "second-factor": row(302),
    "forgot": row(200),
    "choose-password": row(404),
    "sign-out": row(302),
    "authenticator-simulator": row(200),
    "simulated-messages": row(200),
    "dukcapil-simulator": row(200),
    # One's own account
    "account": only(ROLES[2:], 200),
    "factors": only(ROLES[2:], 200),
    "factor-remove": only(ROLES[2:], 404),
    "recovery-codes": only(ROLES[2:], 200),
    "sessions-end": only(ROLES[2:], 302),
    "change-password": only(ROLES[2:], 200),
    "confirm": only(ROLES[2:], 200),
    # Registering, and one's own registration
    "register": row(302, public=200, applicant=200),
    "register-page": row(302, public=200, applicant=404),  # whose own data are not asked again
    "register-page no-page": row(302, public=404, applicant=404),
    "register-review": row(302),
    "register-resume": row(302, public=200, applicant=200),
    "register-code": row(302),
    "register-close": row(302),
    "own-phone": row(302, applicant=200),
    "own-phone-code": row(302),
    "own-card": row(302, applicant=200),
    "own-move": row(302, applicant=200),
    "correct": row(302),
    "correct-send": row(302),
    "rejoin": row(302),
    "receipt": row(302, applicant=200),
    "receipt-file": row(302, applicant=200),
    "join": row(404),
    "register-papers": row(302),
    "own-papers own": row(404, applicant=200),
    "own-papers other": row(404),
    "own-papers none": row(404),
    "papers-piece": row(404),
    "own-evidence own": row(404, applicant=200),
    "own-evidence other": row(404),
    "own-evidence none": row(404),
    "own-evidence-remove own": row(404),  # the applicant's number takes part already
    "own-evidence-remove other": row(404),
    "own-evidence-remove none": row(404),
    "district-options": row(200),
    "village-options": row(200),
    "wishes": row(302, applicant=200),
    "status": row(200),
    "status-open": row(200),
    "status-close": row(302),
    "answer-offer own": row(404, applicant=302),
    "answer-offer other": row(404),
    "answer-offer none": row(404),
    "leave own": row(404, applicant=302),
    "leave other": row(404),
    "leave none": row(404),
    "own-line own": row(404, applicant=200),
    "own-line other": row(404),
    "own-line none": row(404),
    "own-data": row(302, applicant=200),
    "own-erasure": row(302, applicant=200),
    "own-erasure-withdraw own": row(404, applicant=302),
    "own-erasure-withdraw other": row(404),
    "own-erasure-withdraw none": row(404),
    "own-grievance-new": row(302, applicant=200),
    "own-grievance own": row(404, applicant=200),
    "own-grievance other": row(404),
    "own-grievance none": row(404),
    "own-grievance-step own": row(404, applicant=400),
    "own-grievance-step other": row(404),
    "own-grievance-step none": row(404),
    # Complaining, whoever one is
    "complaint": row(200),
    "complaint-follow": row(200),
    # What anybody may check
    "quota": row(200),
    "quota no-wave": row(404),
    "quota-csv": row(200),
    "quota-csv no-wave": row(404),
    "quota-xlsx": row(200),
    "quota-xlsx no-wave": row(404),
    "quota-json": row(200),
    "quota-json no-wave": row(404),
    "quota-pdf": row(200),
    "quota-pdf no-wave": row(404),
    "quota-script": row(200),
    "draw": row(200),
    "draw no-wave": row(404),
    "draw-pack": row(200),
    "draw-pack no-wave": row(404),
    "verifier": row(200),
    # Programs show a token, and nobody of these has one; how far the tokens of clients reach: tests/api
    "api-token": row(400),
    "api-schema": row(200),
    "api-docs": row(200),
    **{
        f"api-{noun}{kind}": row(401)
        for noun in ("classes", "decisions", "draws", "observations", "placements", "registrations", "splits", "waves")
        for kind in ("", "-bulk", "-record")
    },
    "api-statistics-record": row(401),
    "api-statistics-record no-wave": row(401),
    # The office
    "workplace": only((*READERS, "operator"), 302),
    "office": only(READERS, 200),
    "people": only(READERS, 200),
    "people-search": only(READERS, 302),
    "person own": only(READERS, 200),
    "person other": only(SEES_ALL, 200, **all_of(OFFICE, 404)),
    "person none": only(READERS, 404),
    "person-number own": only((*OFFICE, "auditor"), 200),
    "person-number other": only(["auditor"], 200, **all_of(OFFICE, 404)),
    "person-number none": only((*OFFICE, "auditor"), 404),
    "person-identity own": only(OFFICE, 422),
    "person-identity other": only(OFFICE, 404),
    "person-identity none": only(OFFICE, 404),
    "evidence-open own": only((*OFFICE, "auditor"), 200),
    "evidence-open other": only(["auditor"], 200, **all_of(OFFICE, 404)),
    "evidence-open none": only((*OFFICE, "auditor"), 404),
    "evidence-decide own": only(OFFICE, 422),
    "evidence-decide other": only(OFFICE, 404),
    "evidence-decide none": only(OFFICE, 404),
    "people-download": only(OFFICE, 200),
    # Registering somebody at the counter: who has them not open is sent to the list
    "claim": row(200),
    "assist": only(OFFICE, 200),
    "assist-done": only(OFFICE, 302),
    **{
        f"assist-{act} {whose}": only(OFFICE, status)
        for act in ("open", "page", "review", "receipt", "join")
        for whose, status in (("own", 302), ("other", 404), ("none", 404))
    },
    **{
        f"assist-page {whose} no-page": only(OFFICE, status)
        for whose, status in (("own", 302), ("other", 404), ("none", 404))
    },
    "offline": only(OFFICE, 200),
    "offline-send": only(OFFICE, 400),
    "offline-worker": row(200),
    "offline-manifest": row(200),
    "paper-forms": only(OFFICE, 200),
    "paper-forms-pdf own": only(OFFICE, 200),
    "paper-forms-pdf other": only(OFFICE, 404),
    "paper-forms-pdf none": only(OFFICE, 404),
    "grievances": only(READERS, 200),
    "duplicates": only(READERS, 200),
    "duplicate own": only(READERS, 200),
    "duplicate other": only(SEES_ALL, 200, **all_of(OFFICE, 404)),
    "duplicate none": only(READERS, 404),
    "erasures": only(READERS, 200),
    "erasure-decide own": only(OFFICE, 400),
    "erasure-decide other": only(OFFICE, 404),
    "erasure-decide none": only(OFFICE, 404),
    "registry-correction own": only(OFFICE, 404),
    "registry-correction other": only(OFFICE, 404),
    "registry-correction none": only(OFFICE, 404),
    **{
        f"grievance{act} {whose}": only(READERS, status) | all_of(OFFICE, office)
        for act in ("", "-open")
        for whose, status, office in (("own", 200, 200), ("other", 200, 404), ("none", 404, 404))
    },
    "grievance-answer own": only((*OFFICE, *PLANNERS), 422),
    "grievance-answer other": only(PLANNERS, 422, **all_of(OFFICE, 404)),
    "grievance-answer none": only((*OFFICE, *PLANNERS), 404),
    "grievance-forward own": only(OFFICE, 422),
    "grievance-forward other": only(OFFICE, 404),
    "grievance-forward none": only(OFFICE, 404),
    "imports": only(READERS, 200),
    "import-new": only((*OFFICE, "planner"), 200),
    "import-new no-kind": only((*OFFICE, "planner"), 404),
    "import-template": only((*OFFICE, "planner"), 200),
    "import-template no-kind": only((*OFFICE, "planner"), 404),
    "import own": only(READERS, 200),
    "import other": only(SEES_ALL, 200, **all_of(OFFICE, 404)),
    "import none": only(READERS, 404),
    **{
        f"import-{act} {whose}": only(OFFICE, status, planner=404 if whose == "none" else 403)
        for act, own in (("columns", 302), ("decide", 302), ("undo", 302), ("refused", 404))
        for whose, status in (("own", own), ("other", 404), ("none", 404))
    },
    # Staff: roles by two persons
    "staff": only(["office_head", "planner", "approver", "auditor"], 200, planner=302, approver=302, auditor=302),
    "staff-invite": only(["office_head", *PLANNERS, "operator"], 200),
    "proposal own": only(["office_head", *SEES_ALL], 200, operator=404),
    "proposal other": only(SEES_ALL, 200, office_head=404, operator=404),
    "proposal none": only(["office_head", *SEES_ALL, "operator"], 404),
    "membership own": only(["office_head", *SEES_ALL, "operator"], 200),
    "membership other": only([*SEES_ALL, "operator"], 200, office_head=404),
    "membership none": only(["office_head", *SEES_ALL, "operator"], 404),
    "province-staff": only([*SEES_ALL, "operator"], 200),
    # What is remembered
    "seals": row(200),
    "seals-text": row(200),
    "audit-trail": only(["auditor"], 200),
    "audit-find": only(["auditor"], 302),
    "audit-export": only(["auditor"], 200),
    # The province
    "province": only(SEES_ALL, 200),
    "decision-new": only(PLANNERS, 200),
    "decisions": only(SEES_ALL, 200),
    "data-room": only(SEES_ALL, 200),
    "data-place": only(SEES_ALL, 200),
    "data-place no-place": only(SEES_ALL, 404),
    "data-indicator": only(SEES_ALL, 200),
    "data-indicator no-indicator": only(SEES_ALL, 404),
    "data-figure": only(["planner"], 200),
    "data-figure no-indicator": only(["planner"], 404),
    "data-figure no-place": only(["planner"], 404),
    "policy": only(SEES_ALL, 200),
    "policy-edit": only(["planner"], 200),
    "wave-new": only(PLANNERS, 200),
    "province-wave": only(SEES_ALL, 200),
    "province-wave no-wave": only(SEES_ALL, 404),
    "wave-edit": only(PLANNERS, 302),
    "wave-edit no-wave": only(PLANNERS, 404),
    "wave-extend": only(PLANNERS, 200),
    "wave-extend no-wave": only(PLANNERS, 404),
    "wave-step": only(PLANNERS, 302),
    "wave-step no-wave": only(PLANNERS, 404),
    "province-quota": only(SEES_ALL, 200),
    "province-quota no-wave": only(SEES_ALL, 404),
    "province-quota-propose": only(["planner"], 200),
    "province-quota-propose no-wave": only(["planner"], 404),
    "province-quota-restore": only(["planner"], 200),
    "province-quota-restore no-wave": only(["planner"], 404),
    "province-quota-publish": only(["approver"], 302),
    "province-quota-publish no-split": only(["approver"], 404),
    "province-quota-publish no-wave": only(["approver"], 404),
    "studio": only(SEES_ALL, 200),
    "studio no-wave": only(SEES_ALL, 404),
    "studio-formulas": only(SEES_ALL, 200),
    "studio-formulas no-wave": only(SEES_ALL, 404),
    "studio-save": only(["planner"], 422),
    "studio-save no-wave": only(["planner"], 404),
    **{
        f"studio-{act}{wrong}": only(roles, 404 if wrong else status)
        for act, roles, status in (
            ("duplicate", ["planner"], 302),
            ("archive", ["planner"], 302),
            ("comment", PLANNERS, 422),
            ("propose", ["planner"], 422),
        )
        for wrong in ("", " no-scenario", " no-wave")
    },
    "province-draw": only(SEES_ALL, 200),
    "province-draw no-wave": only(SEES_ALL, 404),
    "draw-freeze": only(PLANNERS, 302),
    "draw-freeze no-wave": only(PLANNERS, 404),
    "draw-dice": only(PLANNERS, 200),
    "draw-dice no-wave": only(PLANNERS, 404),
    "draw-confirm": only(PLANNERS, 200),
    "draw-confirm no-wave": only(PLANNERS, 404),
    "draw-clear": only(PLANNERS, 302),
    "draw-clear no-wave": only(PLANNERS, 404),
    "draw-keep": only(PLANNERS, 302),
    "draw-keep no-wave": only(PLANNERS, 404),
    "draw-retry": only(PLANNERS, 302),
    "draw-retry no-wave": only(PLANNERS, 404),
    "draw-auditors-pack": only(["auditor"], 200),
    "draw-auditors-pack no-wave": only(["auditor"], 404),
    "draw-publish": only(PLANNERS, 302),
    "draw-publish no-wave": only(PLANNERS, 404),
    "draw-void": only(PLANNERS, 302),
    "draw-void no-wave": only(PLANNERS, 404),
    "province-classes": only(SEES_ALL, 200),
    "province-classes no-wave": only(SEES_ALL, 404),
    "class-new": only(["planner"], 200),
    "class-new no-wave": only(["planner"], 404),
    "classes-download": only(SEES_ALL, 404),  # in no form that there is
    "classes-download no-wave": only(SEES_ALL, 404),
    "class-edit": only(["planner"], 302),
    "class-edit no-class": only(["planner"], 404),
    "class-edit no-wave": only(["planner"], 404),
}
OUTSIDE_SCOPE = {
    "api-token", "change-password", "choose-password", "claim", "complaint-follow", "confirm", "forgot", "health", "health-live",
    "health-ready", "metrics", "register-close", "second-factor", "sign-in", "sign-in-code", "sign-out",
    "simulated-messages", "status-close", "status-open",
}  # fmt: skip
# Winners stand here under their public numbers; and phones that exist in a sample province only.
PUBLISHED = {"draw", "draw-pack", "simulated-messages"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def ask(world: World, role: str, method: str, visit: Visit) -> HttpResponse:
    """The answer; whatever the request did is taken back."""
    client = world.asker
    client.cookies = SimpleCookie()
    client.cookies.update(world.clients[role].cookies)
    posted = {
        "field": "nik", "purpose": "identity", "answer": "accept", "note": "Datang ke loket",
        "q": min(world.other.secrets, key=len),
    } if method == "POST" else {}  # fmt: skip
    with transaction.atomic():
        response = client.generic(method, visit.path) if method == "GET" else client.post(visit.path, posted)
        transaction.set_rollback(True)
    return response


def status_of(response: HttpResponse) -> int | str:
    to_sign_in = response.status_code == 302 and response["Location"].startswith("/masuk/?")
    return SIGN_IN if to_sign_in else response.status_code


def leaks(world: World, role: str, method: str, visit: Visit, response: HttpResponse) -> set[str]:
    """Traces in body or headers of somebody whom this role may not see, or of a number that nobody sees unasked."""
    hidden = world.own.secrets | world.other.secrets
    if role not in SEES_ALL:
        hidden |= world.other.traces
        if role not in (*OFFICE, "applicant"):
            hidden |= world.own.traces
    if (method, visit.key) == ("POST", "person-number own") and response.status_code == 200:
        hidden -= world.own.secrets
    if (method, visit.key) == ("POST", "person-number other") and role == "auditor":
        hidden -= world.other.secrets
    if visit.key in PUBLISHED:
        hidden -= {world.own.registration.number, world.other.registration.number}
    # What is streamed has tests of its own: it needs the request's end.
    body = b"" if response.streaming else response.content
    text = body.decode(errors="replace") + str(response.headers) + str(response.cookies)
    squeezed = re.sub(r"\s|&nbsp;", "", text)  # numbers are shown in groups of four
    hidden = {trace for trace in hidden if trace not in visit.path}  # an asker's own words may come back
    return {trace for trace in hidden if trace in text or trace in squeezed}


def wrong_answers(world: World, roles: Collection[str]) -> list[str]:
    wrong = []
    for name, pattern in routes().items():
        for visit in visits_of(world, name, pattern):
            expected = ACCESS.get(visit.key)
            if expected is None:
                wrong.append(f"{visit.key} is not in the table")
                continue
            for role in roles:
                answers = {method: ask(world, role, method, visit) for method in ("GET", "POST")}
                statuses = {method: status_of(answer) for method, answer in answers.items()}
                answered = set(statuses.values()) - {405}
                if (answered - {422} or answered) != {expected[role]}:  # 422: let in, and the form was empty
                    wrong.append(f"{visit.key} as {role}: {statuses}, expected {expected[role]}")
                for method, answer in answers.items():
                    if found := leaks(world, role, method, visit, answer):
                        wrong.append(f"{method} {visit.key} as {role} shows {found}")
    return wrong


def without_within(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the first wall down: `.within` narrows nothing."""
    for model in apps.get_models():
        for kind in getattr(model._default_manager, "_queryset_class", models.QuerySet).__mro__:
            if "within" in vars(kind):
                monkeypatch.setattr(kind, "within", lambda self, scope: self)


def without_row_level_security() -> None:
    """Take the second wall down, until the test's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SELECT oid::regclass::text FROM pg_class WHERE relrowsecurity")
        for (table,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")


def test_every_role_is_answered_as_the_table_says(world: World) -> None:
    assert not (wrong := wrong_answers(world, ROLES)), "\n".join(wrong)


# One wall at a time, for those who do not see everything anyway.
NARROW = ("public", "applicant", "mentor", "member")


def test_row_level_security_alone_holds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    without_within(monkeypatch)
    assert not (wrong := wrong_answers(world, NARROW)), "\n".join(wrong)


def test_scoped_queries_alone_hold(world: World) -> None:
    without_row_level_security()
    assert not (wrong := wrong_answers(world, NARROW)), "\n".join(wrong)


def test_without_either_wall_the_other_office_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    without_within(monkeypatch)
    without_row_level_security()
    visits = visits_of(world, "person", routes()["person"])
    seen = {visit.key for visit in visits if leaks(world, "mentor", "GET", visit, ask(world, "mentor", "GET", visit))}
    assert seen == {"person other"}


def test_the_table_names_only_what_exists(world: World) -> None:
    visits: list[Visit] = [visit for name, pattern in routes().items() for visit in visits_of(world, name, pattern)]
    assert sorted(ACCESS) == sorted(visit.key for visit in visits)


def test_few_views_look_before_anybody_is_known() -> None:
    marked: dict[str, Any] = {
        name: pattern for name, pattern in routes().items() if getattr(pattern.callback, "outside_scope", False)
    }
    assert set(marked) == OUTSIDE_SCOPE
