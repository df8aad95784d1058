"""The studio: rules tried on a wave's figures, side by side with what is in force; kept as scenarios and proposed from there.

Every address holds the rules it shows, so a reload, a bookmark and a colleague see the same; only keeping is a post.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.middleware import ScopedRequest, staff
from clusters.forms.studio import CommentForm, ScenarioProposeForm, StudioForm
from clusters.models import Scenario, Wave
from clusters.policy import read_rules
from clusters.selectors.demand import SplitInputs, current_policy, split_inputs
from clusters.selectors.quota import Matrix
from clusters.selectors.scenarios import (
    InForce,
    Seats,
    comments_on,
    in_force,
    matrix_of_division,
    scenarios_of,
    stuck_cells,
    with_author,
)
from clusters.services import quota, scenarios
from clusters.views.acceptance import acceptance
from clusters.views.quota import REFUSALS
from clusters.views.reasons import price
from clusters.views.rules_in_words import choosable, formulas_in_words
from clusters.views.sensitivity import sensitivity
from records.tasks import start_on_commit


def _wave(request: ScopedRequest, slug: str) -> Wave:
    wave: Wave = get_object_or_404(Wave.objects.within(request.scope).select_related("decision"), slug=slug)
    return wave


def _existing(request: ScopedRequest, wave: Wave, key: UUID) -> Scenario:
    found: Scenario = get_object_or_404(with_author(request.scope), wave=wave, pk=key)
    return found


def _chosen(request: ScopedRequest, wave: Wave, key: str | None) -> Scenario | None:
    """The scenario an address or a form names, if it names one."""
    if not key:
        return None
    try:
        return _existing(request, wave, UUID(key))
    except ValueError as error:
        raise Http404 from error


def _form(wave: Wave, scenario: Scenario | None, published: InForce | None, given: Mapping[str, str]) -> StudioForm:
    stored = current_policy()[1]
    return StudioForm(
        given,
        policy=stored,
        names=choosable(stored),
        base=scenario.overrides if scenario else published.split.overrides if published else {},
        total=wave.decision.places,
        name=scenario.name if scenario else "",
        revision=scenario.revision if scenario else None,
    )


@require_GET
@staff("planner", "approver", "auditor")
def studio(request: ScopedRequest, wave: str) -> HttpResponse:
    """`skenario`: whose rules to start from; `banding`: with which to compare; `daerah`: whose chances to show; `keyakinan`: "ya"
    to see how far the places carry, a second's work at most; the fields: the rules that are changed.
    """
    found = _wave(request, wave)
    scenario, published = _chosen(request, found, request.GET.get("skenario")), in_force(found)
    return _page(request, found, scenario, published, _form(found, scenario, published, request.GET.dict()))


@require_POST
@staff("planner")
def save(request: ScopedRequest, wave: str) -> HttpResponse:
    """`langkah`: "hitung" shows what the fields mean, "baru" keeps them as a new scenario, else they change `skenario`."""
    found = _wave(request, wave)
    scenario, published = _chosen(request, found, request.POST.get("skenario")), in_force(found)
    form = _form(found, scenario, published, request.POST.dict())
    step = request.POST.get("langkah")
    if step in {"hitung", "rumus"}:
        asked = {
            key: request.POST[key] for key in ("skenario", "banding", "daerah", "keyakinan") if request.POST.get(key)
        } | form.typed
        if step == "rumus":
            return redirect(reverse("studio-formulas", args=[found.slug], query=asked))
        return redirect(f"{reverse('studio', args=[found.slug], query=asked)}#hasil")
    if form.is_valid() and not form.cleaned_data["name"]:
        form.add_error("name", _("Nama skenario: isi supaya rekan Anda dapat menemukannya."))
    if not form.is_valid():
        return _page(request, found, scenario, published, form, status=422)
    rules = {"scope": request.scope, "name": form.cleaned_data["name"], "overrides": form.overrides}
    try:
        if scenario and step != "baru":
            kept = scenario.pk
            revision = form.cleaned_data["revision"] or 0
            scenarios.change_scenario(scenario_id=kept, revision=revision, now=timezone.now(), **rules)
        else:
            kept = scenarios.create_scenario(wave=found, copied_from=scenario, now=timezone.now(), **rules).pk
    except scenarios.NameTaken:
        form.add_error("name", _("Nama skenario: sudah dipakai di gelombang ini. Pilih nama lain."))
        return _page(request, found, scenario, published, form, status=422)
    except quota.ScenarioChanged:
        return _page(request, found, scenario, published, form, status=409)
    messages.success(request, _("Skenario disimpan."))
    return redirect(_address(found, kept))


@require_POST
@staff("planner")
def duplicate(request: ScopedRequest, wave: str, scenario: UUID) -> HttpResponse:
    found = _wave(request, wave)
    original = _existing(request, found, scenario)
    try:
        copy = scenarios.duplicate_scenario(scope=request.scope, scenario=original, now=timezone.now())
    except scenarios.NameTaken:
        messages.error(request, _("Rekan Anda baru saja menyalin skenario ini. Muat ulang, lalu salin lagi."))
        return redirect(_address(found, original.pk))
    messages.success(request, _("Salinan dibuat. Ini salinannya."))
    return redirect(_address(found, copy.pk))


@require_POST
@staff("planner")
def archive(request: ScopedRequest, wave: str, scenario: UUID) -> HttpResponse:
    found = _wave(request, wave)
    kept = _existing(request, found, scenario)
    try:
        scenarios.archive_scenario(
            scope=request.scope, scenario_id=kept.pk, revision=_revision(request), now=timezone.now()
        )
    except quota.ScenarioChanged as refused:
        messages.error(request, REFUSALS[type(refused)])
        return redirect(_address(found, kept.pk))
    messages.success(request, _("Skenario diarsipkan. Isinya tetap dapat dibaca dan disalin."))
    return redirect(_address(found))


@require_POST
@staff("planner", "approver")
def comment(request: ScopedRequest, wave: str, scenario: UUID) -> HttpResponse:
    found = _wave(request, wave)
    kept, form = _existing(request, found, scenario), CommentForm(request.POST)
    if not form.is_valid():
        published = in_force(found)
        rules = _form(found, kept, published, {})
        return _page(request, found, kept, published, rules, comment_form=form, status=422)
    scenarios.comment_on(scope=request.scope, scenario=kept, text=form.cleaned_data["text"], now=timezone.now())
    return redirect(f"{_address(found, kept.pk)}#catatan")


@require_POST
@staff("planner")
def propose(request: ScopedRequest, wave: str, scenario: UUID) -> HttpResponse:
    """Hand the kept rules to the same job that proposes every split."""
    found = _wave(request, wave)
    kept, form = _existing(request, found, scenario), ScenarioProposeForm(request.POST)
    if not form.is_valid():
        published = in_force(found)
        rules = _form(found, kept, published, {})
        return _page(request, found, kept, published, rules, propose_form=form, status=422)
    try:
        job = quota.request_split(
            scope=request.scope,
            wave=found,
            reason=form.cleaned_data["reason"],
            scenario_id=kept.pk,
            revision=_revision(request),
        )
    except quota.SplitRefused as refused:
        messages.error(request, REFUSALS[type(refused)])
        return redirect(_address(found, kept.pk))
    start_on_commit(job)
    return redirect("province-quota", found.slug)


def _revision(request: ScopedRequest) -> int:
    """As the page had it; what is no number is no revision."""
    text = request.POST.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _address(wave: Wave, scenario: UUID | None = None) -> str:
    return reverse("studio", args=[wave.slug], query={"skenario": scenario} if scenario else None)


def _page(
    request: ScopedRequest,
    wave: Wave,
    scenario: Scenario | None,
    published: InForce | None,
    form: StudioForm,
    *,
    comment_form: CommentForm | None = None,
    propose_form: ScenarioProposeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    kept = scenarios_of(wave, scope=request.scope)
    other = _chosen(request, wave, request.GET.get("banding") or request.POST.get("banding"))
    valid = form.is_valid()
    since = published.seats if published else None
    result = _result(wave, form.overrides, since) if valid else None
    inputs, division = (result or {}).get("tried", (None, None))
    stale = bool(scenario and form.data.get("revision") != str(scenario.revision))
    place = request.GET.get("daerah") or request.POST.get("daerah")
    kept_open = {"skenario": scenario and scenario.pk, "banding": other and other.pk, "daerah": place}
    here = form.typed | {name: str(value) for name, value in kept_open.items() if value}
    carries = request.GET.get("keyakinan") == "ya"
    shown = here | {"keyakinan": "ya"}
    may_change = "planner" in request.scope.roles
    proposal = wave.splits.filter(published_at__isnull=True).order_by("-version").only("version", "scenario").first()
    if proposal and published and proposal.version < published.split.version:
        proposal = None
    return render(
        request,
        "clusters/studio/studio.html",
        {
            "wave": wave,
            "current_wave": wave,
            "scenario": scenario,
            "form": form,
            "formulas": formulas_in_words(read_rules(form.policy, {"formulas": form.own_formulas}), form.names),
            "result": result,
            "acceptance": acceptance(
                inputs, division.seats, since, scope=request.scope, chosen=here.get("daerah", ""), here=here
            )
            if division
            else None,
            "in_force": published.split if published else None,
            "proposal": proposal,
            "from_here": bool(proposal and scenario and proposal.scenario_id == scenario.pk),
            "unsaved": valid and _is_unsaved(form, scenario, published),
            "stale": stale,
            "comparison": _comparison(wave, result, other) if result and other else None,
            "other": other,
            "carries": carries,
            "sensitivity": sensitivity(inputs, division) if carries and division else None,
            "sensitivity_link": f"{reverse('studio', args=[wave.slug], query=shown)}#keyakinan",
            "scenarios": [
                {
                    "scenario": one,
                    "open": _address(wave, one.pk),
                    "compare": f"?{urlencode({**here, 'banding': one.pk})}#banding",
                    "is_open": one == scenario,
                }
                for one in kept
            ],
            "comments": comments_on(scenario) if scenario else [],
            "comment_form": comment_form or CommentForm(),
            "propose_form": propose_form or ScenarioProposeForm(),
            "may_change": may_change,
            "may_comment": request.scope.is_province,
            "is_open": wave.state in quota.OPEN_FOR_SPLITS,
            "other_total": bool(valid and "total" in form.overrides),
        },
        status=422 if status == 200 and not valid else status,
    )


def _is_unsaved(form: StudioForm, scenario: Scenario | None, published: InForce | None) -> bool:
    if scenario:
        return (form.overrides, form.cleaned_data["name"]) != (scenario.overrides, scenario.name)
    return form.overrides != (published.split.overrides if published else {})


def _result(wave: Wave, overrides: Mapping[str, Any], since: Seats | None) -> dict[str, Any]:
    """What these rules give, in the same call that a proposal makes; or `problem`, why they give nothing."""
    inputs = split_inputs(wave=wave, today=timezone.localdate(), overrides=overrides)
    try:
        division, unit = quota.evaluate(inputs)
    except quota.Unsplittable as error:
        return {"problem": _problem(error, inputs)}
    matrix = matrix_of_division(inputs, division, since)
    divisors = quota.divisors_of(inputs, division, unit)
    return {
        "tried": (inputs, division),
        "matrix": matrix,
        "stats": [
            {"value": inputs.total, "label": _("tempat dalam skenario ini")},
            {"value": inputs.total - division.unassigned, "label": _("tempat dibagi")},
            {"value": division.unassigned, "label": _("tempat belum dibagi")},
        ],
        "unassigned": division.unassigned,
        "stuck": stuck_cells(inputs, division) if division.unassigned else [],
        "scales": _scales(matrix, divisors, division.method),
        "tiles": _tiles(matrix),
        "claims_count": division.method == "two_stages" and None in inputs.cluster_totals,
        "by_shares": inputs.rules.shares is not None,
    }


def _problem(error: quota.Unsplittable, inputs: SplitInputs) -> dict[str, Any]:
    names = {regency.pk: regency.name for regency in inputs.regencies}
    cells = [
        f"{names[regency]} ({code})" if regency and code else names.get(regency or 0, code or "")
        for regency, code in error.cells
    ]
    return {"short": error.short, "cells": cells[:8], "more": max(0, len(cells) - 8)}


def _scales(matrix: Matrix, divisors: Mapping[str, list[int] | None], method: str) -> list[dict[str, Any]]:
    """Persons per place, by cluster and where a decree fixes regencies by regency."""

    def row(key: str, name: str, seats: int) -> dict[str, Any]:
        stored = divisors.get(key)
        return {"name": name, "seats": seats, "divisor": price(Fraction(*stored)) if stored else None}

    clusters = [row(c.code, c.code, total.seats) for c, total in zip(matrix.clusters, matrix.totals, strict=True)]
    regencies = [row(str(line.regency_id), line.name, line.total.seats) for line in matrix.rows]
    by_cluster = {"caption": _("Orang per tempat, tiap klaster"), "head": _("Klaster"), "rows": clusters}
    by_regency = {"caption": _("Orang per tempat, tiap daerah"), "head": _("Kabupaten/kota"), "rows": regencies}
    return {"two_way": [by_cluster, by_regency], "by_regency": [by_regency]}.get(method, [by_cluster])


def _tiles(matrix: Matrix) -> list[dict[str, Any]]:
    """Winners and losers: the face says which, and of half the largest change on it is strong."""
    most = max((abs(row.total.change or 0) for row in matrix.rows), default=0)
    tiles = []
    for row in matrix.rows:
        change = row.total.change or 0
        strength = "strong" if 2 * abs(change) >= most else "soft"
        tiles.append(
            {
                "row": row,
                "change": change,
                "city": row.name.startswith("Kota "),
                "short": row.name.removeprefix("Kota ").removeprefix("Kabupaten "),
                "x": f"{row.tile_col * 100 / 11:.3f}%",
                "y": f"{row.tile_row * 20}%",
                "face": f"tile-{'up' if change > 0 else 'down'}-{strength}" if change else "tile-same",
            }
        )
    return tiles


def _comparison(wave: Wave, result: Mapping[str, Any], other: Scenario) -> dict[str, Any]:
    """These rules and the other's side by side: facts and cells, each with what is more or less here."""
    there = _result(wave, other.overrides, None)
    if problem := result.get("problem") or there.get("problem"):
        return {"problem": problem}
    here, matrix = result["matrix"], there["matrix"]
    pairs = [
        (mine.name, [*mine.cells, mine.total], [*theirs.cells, theirs.total])
        for mine, theirs in zip(here.rows, matrix.rows, strict=True)
    ]
    pairs.append((_("Jawa Tengah"), [*here.totals, here.total], [*matrix.totals, matrix.total]))
    rows = [
        (name, [{"mine": a.seats, "theirs": b.seats, "change": a.seats - b.seats} for a, b in zip(*cells, strict=True)])
        for name, *cells in pairs
    ]
    facts = [(a["label"], a["value"], b["value"]) for a, b in zip(result["stats"], there["stats"], strict=True)]
    for scale, other_scale in zip(result["scales"], there["scales"], strict=True):
        facts += [
            (_("orang per tempat, %(name)s") % {"name": a["name"]}, a["divisor"], b["divisor"])
            for a, b in zip(scale["rows"], other_scale["rows"], strict=True)
        ]
    return {
        "clusters": here.clusters,
        "rows": rows,
        "facts": facts,
        "moved": sum(max(0, cell["change"]) for _name, cells in rows[:-1] for cell in cells[:-1]),
    }
