"""The public page of a split with the reason of every number, and the province's page where splits are made."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET, require_POST

from accounts.middleware import ScopedRequest, staff
from clusters.forms.quota import ProposeForm, RestoreForm
from clusters.models import Cluster, QuotaSplit, Wave
from clusters.selectors.changes import moved
from clusters.selectors.demand import UNIT, SplitInputs, split_inputs
from clusters.selectors.published import shown_digest
from clusters.selectors.quota import (
    Matrix,
    demand_summary,
    matrix_of,
    proposal_jobs,
    reason_of,
    splits_of,
    versions_with_names,
)
from clusters.services import quota as services
from clusters.services.restoring import NotRestorable, request_restore
from clusters.views.changes import causes, changed_cells
from clusters.views.published import version_asked_for
from clusters.views.reasons import FIGURES, period_in_words, price, short, why
from records.models import Job
from records.tasks import start_on_commit

REFUSALS: Mapping[type[services.SplitRefused], Any] = {
    services.WaveIsFrozen: gettext_lazy(
        "Daftar gelombang ini sudah dibekukan, jadi pembagian tempatnya tidak dapat diubah lagi."
    ),
    services.SelfApproval: gettext_lazy(
        "Anda yang mengusulkan versi ini. Minta rekan lain di provinsi untuk memeriksa dan mengesahkannya."
    ),
    services.NotTheNewest: gettext_lazy(
        "Sudah ada versi yang lebih baru, atau versi ini sudah disahkan. Periksa versi terbaru di bawah."
    ),
    services.ShownOther: gettext_lazy(
        "Ada yang berubah sejak Anda membuka halaman ini. Belum ada yang disahkan. Periksa angka di bawah, lalu sahkan lagi."
    ),
    NotRestorable: gettext_lazy(
        "Yang dapat diusulkan lagi hanya versi yang pernah disahkan dan sekarang tidak berlaku."
    ),
    services.ScenarioChanged: gettext_lazy(
        "Skenario ini sudah diubah atau diarsipkan rekan Anda sejak Anda membukanya. Periksa yang terbaru di bawah, lalu ulangi."
    ),
    services.TotalNotDecreed: gettext_lazy(
        "Jumlah tempat skenario ini lain dari keputusan. Samakan dengan keputusan, simpan, lalu usulkan."
    ),
}


def _wave(request: ScopedRequest, slug: str) -> Wave:
    wave: Wave = get_object_or_404(Wave.objects.within(request.scope).select_related("decision"), slug=slug)
    return wave


@require_GET
def quota(request: ScopedRequest, wave: str) -> HttpResponse:
    """Places per regency and cluster, each with its reason. `sel`: the cell to explain; `klaster`: the map's; `versi`."""
    found = _wave(request, wave)
    split, versions = version_asked_for(found, request.GET.get("versi"))
    if split is None:
        return render(request, "clusters/quota/none.html", {"wave": found, "current_wave": found})
    matrix = matrix_of(split)
    reason = reason_of(split, request.GET.get("sel", ""))
    chosen = next((c for c in matrix.clusters if c.code == request.GET.get("klaster")), None)
    asked = {"versi": split.version} if split != versions[0] else {}
    return render(
        request,
        "clusters/quota/quota.html",
        {
            "wave": found,
            "current_wave": found,
            "split": split,
            "versions": versions,
            "in_force": versions[0],
            "stats": _stats(split),
            "tabs": _tabs(matrix.clusters, chosen, asked),
            "tiles": _tiles(matrix, chosen, asked),
            "chosen": chosen.name if chosen else "",
            "matrix": matrix,
            "scales": _scales(split, matrix),
            "between_clusters": price(Fraction(*stored)) if (stored := split.divisors.get("*")) else None,
            "sel": request.GET.get("sel") if reason else None,
            "why": why(reason) if reason else None,
            "files": {
                form: reverse(f"quota-{form}", args=[found.slug], query=asked)
                for form in ("csv", "xlsx", "json", "pdf")
            },
        },
    )


def _here(**parameters: object) -> str:
    """This page with these parameters and no others."""
    return f"?{urlencode(parameters)}"


def _stats(split: QuotaSplit) -> list[dict[str, Any]]:
    stats: list[dict[str, Any]] = [
        {"value": split.total, "label": _("tempat menurut keputusan")},
        {"value": split.total - split.unassigned, "label": _("tempat dibagi ke kabupaten dan kota")},
    ]
    rest = {"value": split.unassigned, "label": _("tempat belum dibagi")}
    if split.unassigned:
        rest["note"] = _("kursi kelasnya kurang, atau permintaannya belum diketahui")
    return [*stats, rest]


def _tabs(clusters: Sequence[Cluster], chosen: Cluster | None, asked: Mapping[str, object]) -> list[dict[str, Any]]:
    everything = {
        "label": pgettext("klaster", "Semua klaster"),
        "url": _here(**asked),
        "active": not chosen,
    }
    return [
        everything,
        *(
            {"label": cluster.code, "url": _here(klaster=cluster.code, **asked), "active": cluster == chosen}
            for cluster in clusters
        ),
    ]


def _tiles(matrix: Matrix, chosen: Cluster | None, asked: Mapping[str, object]) -> list[dict[str, Any]]:
    """Tiles lead to the reason of the chosen cluster's cell, or to the regency's row."""
    column = list(matrix.clusters).index(chosen) if chosen else None
    tiles = []
    for row in matrix.rows:
        places = row.total if column is None else row.cells[column]
        reason = _here(klaster=chosen.code, sel=places.key, **asked) + "#alasan" if chosen else ""
        tiles.append(
            {
                "name": row.name,
                "tile_col": row.tile_col,
                "tile_row": row.tile_row,
                "value": places.seats,
                "href": reason or f"#k-{row.regency_id}",
            }
        )
    return tiles


def _scales(split: QuotaSplit, matrix: Matrix) -> list[dict[str, Any]]:
    """The numbers that explain all cells: one per cluster, per regency, or both."""

    def divisor(key: str) -> Any:
        return price(Fraction(*stored)) if (stored := split.divisors.get(key)) else None

    clusters = [
        {"code": cluster.code, "name": cluster.name, "seats": total.seats, "divisor": divisor(cluster.code)}
        for cluster, total in zip(matrix.clusters, matrix.totals, strict=True)
    ]
    regencies = [
        {"code": "", "name": row.name, "seats": row.total.seats, "divisor": divisor(str(row.regency_id))}
        for row in matrix.rows
    ]
    by_cluster = {"caption": _("Ukuran tiap klaster"), "head": _("Klaster"), "rows": clusters}
    by_regency = {"caption": _("Ukuran tiap daerah"), "head": _("Kabupaten/kota"), "rows": regencies}
    match split.method:
        case QuotaSplit.Method.TWO_WAY:
            return [by_cluster, by_regency]
        case QuotaSplit.Method.BY_REGENCY:
            return [by_regency]
        case _:
            return [by_cluster]


@require_GET
@staff("planner", "approver", "auditor")
def province_quota(request: ScopedRequest, wave: str) -> HttpResponse:
    """Figures of the day, versions, what the newest proposal would change, and its publication."""
    return _province_page(request, _wave(request, wave), ProposeForm())


@require_POST
@staff("planner")
def propose(request: ScopedRequest, wave: str) -> HttpResponse:
    found, form = _wave(request, wave), ProposeForm(request.POST)
    if not form.is_valid():
        return _province_page(request, found, form)
    try:
        job = services.request_split(scope=request.scope, wave=found, reason=form.cleaned_data["reason"])
    except services.SplitRefused as refused:
        messages.error(request, REFUSALS[type(refused)])
    else:
        start_on_commit(job)
    return redirect("province-quota", found.slug)


@require_POST
@staff("approver")
def publish(request: ScopedRequest, wave: str, split: UUID) -> HttpResponse:
    found = _wave(request, wave)
    proposal = get_object_or_404(QuotaSplit.objects.within(request.scope), wave=found, pk=split)
    try:
        services.publish_split(
            scope=request.scope, split_id=proposal.pk, shown=request.POST.get("shown", ""), now=timezone.now()
        )
    except services.SplitRefused as refused:
        messages.error(request, REFUSALS[type(refused)])
    else:
        messages.success(request, _("Versi %(version)s sudah disahkan dan diumumkan.") % {"version": proposal.version})
    return redirect("province-quota", found.slug)


@require_POST
@staff("planner")
def restore(request: ScopedRequest, wave: str) -> HttpResponse:
    """Propose a former version again."""
    found = _wave(request, wave)
    form = RestoreForm(request.POST, versions=splits_of(found, scope=request.scope))
    if not form.is_valid():
        return _province_page(request, found, ProposeForm(), form)
    try:
        job = request_restore(
            scope=request.scope, split_id=form.cleaned_data["version"], reason=form.cleaned_data["reason"]
        )
    except services.SplitRefused as refused:
        messages.error(request, REFUSALS[type(refused)])
    else:
        start_on_commit(job)
    return redirect("province-quota", found.slug)


def _province_page(
    request: ScopedRequest, wave: Wave, form: ProposeForm, restore_form: RestoreForm | None = None
) -> HttpResponse:
    versions = versions_with_names(wave)
    newest = next(iter(versions), None)
    in_force = next((split for split in versions if split.published_at), None)
    proposal = newest if newest != in_force else None
    shown = newest and matrix_of(newest, since=in_force if proposal else None)
    inputs = split_inputs(wave=wave, today=timezone.localdate())
    job = proposal_jobs(wave).first()
    is_open = wave.state in services.OPEN_FOR_SPLITS
    may_publish = is_open and "approver" in request.scope.roles
    is_own = bool(proposal and proposal.proposed_by_id == request.scope.user_id)
    return render(
        request,
        "clusters/quota/province.html",
        {
            "wave": wave,
            "current_wave": wave,
            "form": form,
            "versions": versions,
            "proposal": proposal,
            "in_force": in_force,
            "restore_form": restore_form or RestoreForm(versions=versions),
            "shown": shown_digest(proposal, in_force) if may_publish and proposal and not is_own else "",
            "matrix": shown,
            "news": _news(versions, inputs) if proposal else None,
            "history": [(version, causes(version.causes)) for version in versions],
            "is_new": newest is None or inputs.digest not in (newest.inputs_digest, _answered(job, newest)),
            "by_registrants": inputs.policy["weights"] == "registrants",
            "demand": _demand(inputs),
            "input_rows": _input_rows(inputs),
            "clusters": inputs.clusters,
            "job": job,
            "job_is_live": job and job.state in (Job.State.QUEUED, Job.State.RUNNING),
            "problem": _problem(job, inputs) if job else None,
            "may_propose": is_open and "planner" in request.scope.roles,
            "may_publish": may_publish,
            "is_own": is_own,
        },
    )


def _news(versions: Sequence[QuotaSplit], inputs: SplitInputs) -> dict[str, Any] | None:
    """What sets the newest version apart from the one before; None of a first one."""
    if len(versions) < 2:
        return None
    newest, before = versions[:2]
    names = {regency.pk: regency.name for regency in inputs.regencies}
    return {
        "before": before.version,
        "moved": moved(before, newest),
        "causes": causes(newest.changes),
        "cells": changed_cells(newest.changes, names),
    }


def _demand(inputs: SplitInputs) -> list[dict[str, Any]]:
    return [
        found
        | {
            "name": found["cluster"].name,
            "figures": ", ".join(str(FIGURES.get(name, name)) for name in found["indicators"]),
            "periods": [period_in_words(period) for period in found["periods"]],
        }
        for found in demand_summary(inputs)
    ]


def _input_rows(inputs: SplitInputs) -> list[tuple[str, list[dict[str, Any]]]]:
    return [
        (
            regency.name,
            [
                {
                    "status": inputs.basis[i][j]["weight"]["status"],
                    "persons": short(Fraction(int(inputs.weight[i, j]), UNIT)),
                    "seats": inputs.basis[i][j]["cap"]["seats"] and int(inputs.cap[i, j]),
                }
                for i in range(len(inputs.clusters))
            ],
        )
        for j, regency in enumerate(inputs.regencies)
    ]


def _answered(job: Job | None, newest: QuotaSplit) -> str | None:
    """The digest of the figures that the newest version answers, though made by the rules of a scenario or a former version."""
    return job.result.get("inputs_digest") if job and job.result.get("split_id") == str(newest.pk) else None


def _problem(job: Job, inputs: SplitInputs) -> dict[str, Any] | None:
    """Why the last request gave no version, in names."""
    if "cells" not in job.result:
        return None
    names = {regency.pk: regency.name for regency in inputs.regencies}
    cells = [f"{names.get(regency, regency)} ({code})" for regency, code in job.result["cells"]]
    return {
        "short": job.result["short"],
        "cells": cells[:8],
        "more": max(0, len(cells) - 8),
        "restores": "restores" in job.payload,
    }
