"""The office: today's numbers, the list of people, one person's file."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import ScopedRequest, staff
from clusters.models import Cluster, Wave
from mentoring.forms.people import (
    IDENTITY_CHOICES,
    EvidenceForm,
    PeopleForm,
    RevealForm,
    SearchForm,
    SightForm,
    open_search,
    seal_search,
)
from mentoring.selectors.desk import Desk, NoSuchDesk, choose_desk
from mentoring.selectors.dossier import dossier_of
from mentoring.selectors.grievances import counts, of_regency, own_group
from mentoring.selectors.identity import mismatches_of
from mentoring.selectors.numbers import Numbers, count, groups_of
from mentoring.selectors.people import Wanted, find_by_nik, find_by_number, page_of, registrations
from mentoring.services.reveal import RevealsSpent, reveal
from registrations.eligibility import LIST_NAMES
from registrations.models import STATE_WORDS, Applicant, Evidence, IdentityCheck, Registration
from registrations.selectors.evidence import asked_of, sent_by_others
from registrations.selectors.own import lists_of, why_not
from registrations.services.evidence import shown_verdict
from registrations.services.sighting import shown_sighting

OFFICE = ("mentor", "office_head")
READERS = (*OFFICE, "planner", "approver", "auditor")
UNFROZEN = ("open", "closed")
REVEALERS = (*OFFICE, "auditor")


@staff(*READERS, "operator")
@require_safe
def workplace(request: ScopedRequest) -> HttpResponse:
    """Where somebody lands after signing in."""
    if request.scope.sees_all:
        return redirect("province")
    return redirect("office" if request.scope.is_office else "admin:index")


@staff(*READERS)
@never_cache
@require_safe
def today(request: ScopedRequest) -> HttpResponse:
    desk = desk_of(request)
    found = of_regency(request.scope, desk.regency.pk if desk.regency else None)
    due = counts(found, timezone.localdate())[own_group(request.scope)]
    context = frame(request, desk, "office") | {"grievances_due": due}
    if desk.wave:
        place = _place(desk)
        regency_id = desk.regency.pk if desk.regency else None
        groups = groups_of(scope=request.scope, wave=desk.wave, regency_id=regency_id)
        clusters = list(Cluster.objects.all())
        everybody = count(groups)
        waiting = Wanted(wave=desk.wave, regency_id=regency_id, state=Registration.State.REGISTERED)
        unlike = Wanted(wave=desk.wave, regency_id=regency_id, identity=IdentityCheck.State.NOT_MATCHED)
        context |= {
            "clusters": [
                (
                    cluster,
                    _cells(
                        count(group for group in groups if group.is_in(cluster.index)), place, klaster=cluster.index
                    ),
                )
                for cluster in clusters
            ],
            "everybody": everybody,
            "everybody_cells": _cells(everybody, place),
            "waiting": registrations(scope=request.scope, wanted=waiting)[:3],
            "waiting_href": people_url(**place, keadaan="registered"),
            "waiting_count": dict(everybody.by_state)["registered"] if desk.wave.state == Wave.State.OPEN else 0,
            "turned_away_href": people_url(**place, keadaan="ineligible"),
            "turned_away_count": dict(everybody.by_state)["ineligible"] if desk.wave.state in UNFROZEN else 0,
            "mismatches": mismatches_of(scope=request.scope, wave=desk.wave, regency_id=regency_id),
            "mismatched": registrations(scope=request.scope, wanted=unlike)[:3],
            "mismatched_href": people_url(**place, kependudukan="not_matched"),
            "sighted_href": people_url(**place, kependudukan="sighted"),
        }
        if not desk.regency:
            context["offices"] = [
                (
                    regency,
                    reverse("office", query=place | {"kabupaten": regency.pk}),
                    _cells(
                        count(group for group in groups if group.regency_id == regency.pk),
                        place | {"kabupaten": regency.pk},
                    ),
                )
                for regency in desk.regencies
            ]
    return render(request, "mentoring/today.html", context)


@staff(*READERS)
@never_cache
@require_safe
def people(request: ScopedRequest) -> HttpResponse:
    desk = desk_of(request)
    form = PeopleForm(request.GET)
    if not form.is_valid():
        raise Http404
    chosen = form.cleaned_data
    token = request.GET.get("cari", "")
    name = open_search(token, request.scope.actor_id) if token else ""
    clusters = list(Cluster.objects.all())
    context = frame(request, desk, "people") | {"clusters": clusters, "name": name, "chosen": chosen}
    context["identities"] = IDENTITY_CHOICES.items()
    if desk.wave:
        cluster = "" if chosen["klaster"] is None else chosen["klaster"]
        identity = chosen["kependudukan"]
        place = _place(desk) | {"klaster": cluster, "kependudukan": identity, "cari": token if name else ""}
        wanted = Wanted(
            wave=desk.wave,
            regency_id=desk.regency.pk if desk.regency else None,
            state=chosen["keadaan"],
            cluster=next((cluster for cluster in clusters if cluster.index == chosen["klaster"]), None),
            identity=identity,
            name=name,
        )
        try:
            page = page_of(scope=request.scope, wanted=wanted, after=chosen["sesudah"], before=chosen["sebelum"])
        except Registration.DoesNotExist as error:
            raise Http404 from error
        groups = groups_of(scope=request.scope, wave=desk.wave, regency_id=wanted.regency_id)
        numbers = count(group for group in groups if wanted.cluster is None or group.is_in(wanted.cluster.index))
        here = place | {"keadaan": wanted.state}
        context |= {
            "page": page,
            "tabs": _tabs(numbers, place, wanted.state, counted=not (name or identity)),
            "place": place,
            "next_url": page.after and people_url(**here, sesudah=page.after),
            "previous_url": page.before and people_url(**here, sebelum=page.before),
            "all_url": people_url(gelombang=desk.wave.slug),
            "download_url": _download_url(**here) if request.scope.is_office and page.rows else "",
            "nobody_at_all": not count(groups).total,
        }
    return render(request, "mentoring/people.html", context)


@staff(*READERS)
@require_POST
def search(request: ScopedRequest) -> HttpResponse:
    """A NIK or a number leads to its file, a name to the list; a POST, because none of them belongs in an address."""
    desk = desk_of(request)
    form = SearchForm(request.POST)
    if not desk.wave or not form.is_valid():
        return redirect("people")
    kind, text = form.cleaned_data["q"]
    if kind == "name":
        return redirect(people_url(**_place(desk), cari=seal_search(text, request.scope.actor_id)))
    if kind == "nik":
        found = find_by_nik(scope=request.scope, wave=desk.wave, nik=text)
    else:
        found = find_by_number(scope=request.scope, number=text)
    if found:
        return redirect("person", found)
    what = _("NIK") if kind == "nik" else _("nomor pendaftaran")
    messages.info(
        request, _("Tidak ada peserta dengan %(what)s itu di %(wave)s.") % {"what": what, "wave": desk.wave.name}
    )
    return redirect(people_url(gelombang=desk.wave.slug))


@staff(*READERS)
@never_cache
@require_safe
def person(request: ScopedRequest, registration_id: UUID) -> HttpResponse:
    return person_page(request, registration_id, RevealForm(auto_id="reveal_%s"))


@staff(*REVEALERS)
@never_cache
@require_POST
@sensitive_variables("value")
def show_number(request: ScopedRequest, registration_id: UUID) -> HttpResponse:
    """The person's file with one number, or the birth date, in full, this once."""
    form = RevealForm(request.POST, auto_id="reveal_%s")
    if not form.is_valid():
        return person_page(request, registration_id, form)
    field = form.cleaned_data["field"]
    try:
        value = reveal(
            scope=request.scope,
            registration_id=registration_id,
            field=field,
            reason=form.reason(),
            now=timezone.now(),
        )
    except Applicant.DoesNotExist as error:
        raise Http404 from error
    except RevealsSpent:
        form.add_error(None, _("Batas 100 nomor sehari sudah terpakai. Coba lagi besok, atau minta rekan Anda."))
        return person_page(request, registration_id, form, status=429)
    fresh = RevealForm(auto_id="reveal_%s")
    return person_page(request, registration_id, fresh, revealed={"field": field, "value": value})


def person_page(
    request: ScopedRequest, registration_id: UUID, form: RevealForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    try:
        dossier = dossier_of(scope=request.scope, registration_id=registration_id, today=timezone.localdate())
    except Registration.DoesNotExist as error:
        raise Http404 from error
    desk = choose_desk(scope=request.scope, wave_slug=dossier.registration.wave.slug)
    reasons = dossier.decision.reasons
    context = frame(request, desk, "people") | {
        "dossier": dossier,
        "form": form,
        "sight_form": SightForm(auto_id="sight_%s"),
        "may_sight": request.scope.is_office,
        "may_confirm": request.scope.is_office and dossier.identity.sighted_by_id not in (None, request.scope.user_id),
        "shown": shown_sighting(dossier.identity),
        "may_reveal": bool(request.scope.roles & set(REVEALERS)) and dossier.applicant is not None,
        "clusters": [
            (cluster, reasons["clusters"][cluster.index])
            for cluster in Cluster.objects.all()
            if dossier.registration.clusters >> cluster.index & 1
        ],
        "entitlement": reasons["entitlement"],
        "lists": [(_(LIST_NAMES[one.kind]), one.source, one.day) for one in lists_of(dossier.decision)],
        "failures": why_not(dossier.decision),
        "list_url": people_url(gelombang=dossier.registration.wave.slug),
        "wave_choices": [],
    }
    if request.scope.roles & set(REVEALERS):
        judged = more.pop("judged", (None, None))
        context["papers"] = _papers(request, dossier.registration, *judged)
    return render(request, "mentoring/person.html", context | more, status=status)


def _papers(
    request: ScopedRequest, registration: Registration, judged_id: UUID | None, judged: EvidenceForm | None
) -> list[dict[str, Any]]:
    """Each claim with its photographs, and the form that judges each; one of them may have been sent with a mistake."""
    asked = asked_of(scope=request.scope, registration=registration)
    twice = sent_by_others(scope=request.scope, registration=registration, asked=asked)

    def form_of(file: Evidence) -> EvidenceForm:
        return judged if judged and file.pk == judged_id else EvidenceForm(auto_id=f"bukti_{file.pk}_%s")

    return [
        {
            "asked": each,
            "files": [
                {"file": file, "form": form_of(file), "shown": shown_verdict(file), "twice": file.pk in twice}
                for file in each.files
            ],
        }
        for each in asked
    ]


def desk_of(request: ScopedRequest) -> Desk:
    given = request.POST or request.GET
    try:
        return choose_desk(
            scope=request.scope, wave_slug=given.get("gelombang", ""), regency_id=given.get("kabupaten", "")
        )
    except NoSuchDesk as error:
        raise Http404 from error


def frame(request: ScopedRequest, desk: Desk, here: str) -> dict[str, Any]:
    """What office_base.html needs, and the desk. `switch`: there are several regencies to choose from."""
    place = _place(desk)
    return {
        "desk": desk,
        "switch": len(desk.regencies) > 1,
        "office_note": desk.regency.name if desk.regency and request.scope.sees_all else "",
        "wave_choices": [
            (wave.name, reverse(here, query=place | {"gelombang": wave.slug}), wave == desk.wave) for wave in desk.waves
        ],
        "wave_label": desk.wave.name if desk.wave else "",
        "search_url": reverse("people-search"),
        "search_hidden": list(place.items()),
    }


def _place(desk: Desk) -> dict[str, Any]:
    """The desk as addresses name it: its wave, and its regency where there are several to choose from."""
    wave = {"gelombang": desk.wave.slug} if desk.wave else {}
    return wave | ({"kabupaten": desk.regency.pk} if desk.regency and len(desk.regencies) > 1 else {})


def people_url(**query: object) -> str:
    return reverse("people", query={key: value for key, value in query.items() if value != ""})


def _download_url(**query: object) -> str:
    return reverse("people-download", query={key: value for key, value in query.items() if value != ""})


def _cells(numbers: Numbers, place: dict[str, Any], **more: object) -> list[tuple[str, int, str]]:
    """(what is counted, people, list of exactly these people): all, then by state."""
    return [
        (_("Semua"), numbers.total, people_url(**place, **more)),
        *[
            (str(STATE_WORDS[state]), people, people_url(**place, **more, keadaan=state))
            for state, people in numbers.by_state
        ],
    ]


def _tabs(numbers: Numbers, place: dict[str, Any], state: str, *, counted: bool) -> list[dict[str, Any]]:
    choices = [("", _("Semua"), numbers.total)]
    choices += [(code, str(STATE_WORDS[code]), people) for code, people in numbers.by_state]
    return [
        {
            "label": label,
            "url": people_url(**place, keadaan=code),
            "active": code == state,
            "count": people if counted else None,
        }
        for code, label, people in choices
    ]
