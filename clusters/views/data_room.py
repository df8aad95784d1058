"""The data room of the quota: coverage of the figures, one place, one indicator, and a planner's word about one figure."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.middleware import ScopedRequest, staff
from clusters.forms.figures import FigureForm, YearForm
from clusters.models import Indicator, Observation, Regency
from clusters.selectors.data_room import Dossier, Spot, deliveries, dossiers, grid
from clusters.selectors.figures import reference
from clusters.services import figures as services
from clusters.views.reasons import figure, period_in_words

PROVINCE_CODE = "33"
SEXES = {"f": gettext_lazy("perempuan"), "m": gettext_lazy("laki-laki")}
UNITS = {
    "persons": gettext_lazy("orang"),
    "percent": gettext_lazy("persen"),
    "villages": gettext_lazy("desa"),
    "points": gettext_lazy("titik"),
}


@require_GET
@staff("planner", "approver", "auditor")
def data_room(request: ScopedRequest) -> HttpResponse:
    """Which figures there are and which are missing. `tahun`: only figures of this year."""
    year = request.GET.get("tahun", "")
    shown = grid(request.scope, year=int(year) if year.isascii() and year.isdigit() else None)
    context = {
        "form": YearForm(request.GET, years=shown.years),
        "columns": [
            {"indicator": each.indicator, "unit": _unit(each.indicator), "known": each.known, "of": each.of}
            for each in shown.coverage
        ],
        "rows": [(place, _code(place), [_cell(spot) for spot in spots]) for place, spots in shown.rows],
        "datasets": [
            {"dataset": each, "period": period_in_words(each.period), "first": each.first[:4], "last": each.last[:4]}
            for each in deliveries(request.scope)
        ],
    }
    return render(request, "clusters/data/grid.html", context)


@require_GET
@staff("planner", "approver", "auditor")
def data_indicator(request: ScopedRequest, indicator: str) -> HttpResponse:
    found = get_object_or_404(Indicator, pk=indicator)
    shown = grid(request.scope, indicators=[found])
    context = {
        "indicator": found,
        "unit": _unit(found),
        "base": Indicator.objects.filter(pk=found.of).first() if found.of else None,
        "coverage": shown.coverage[0],
        "rows": [(place, _code(place), _cell(spot)) for place, [spot] in shown.rows],
    }
    return render(request, "clusters/data/indicator.html", context)


@require_GET
@staff("planner", "approver", "auditor")
def data_place(request: ScopedRequest, place: str) -> HttpResponse:
    """Every figure of a regency, or of the province ("33"): which counts, why, and what came before."""
    found = _place(place)
    read = [_read(each) for each in dossiers(request.scope, found, Indicator.objects.all())]
    context = {
        "place": found,
        "code": place,
        "dossiers": [each for each in read if _has_content(each)],
        "empty": [each for each in read if not _has_content(each)],
        "may_choose": "planner" in request.scope.roles,
    }
    return render(request, "clusters/data/place.html", context)


@staff("planner")
def data_figure(request: ScopedRequest, place: str, indicator: str) -> HttpResponse:
    """One figure of one place: choose among the published, or enter one. `langkah` "tarik" withdraws what was said."""
    found, kind = _place(place), get_object_or_404(Indicator, pk=indicator)
    [dossier] = dossiers(request.scope, found, [kind])
    read, choice = _read(dossier), dossier.choice
    withdraws = request.POST.get("langkah") == "tarik"
    form = FigureForm(
        request.POST if request.method == "POST" else None,
        choices=[(str(each.pk), _in_words(each)) for each in dossier.figures],
        unit=kind.unit,
        initial={"figure": choice.observation_id, "value": _typed(choice.value)} if choice else {},
        withdraws=withdraws,
    )
    if request.method == "POST" and form.is_valid():
        about: dict[str, Any] = {
            "scope": request.scope,
            "indicator": kind.pk,
            "regency_id": found and found.pk,
            "reason": form.cleaned_data["reason"],
            "now": timezone.now(),
        }
        try:
            if withdraws:
                services.withdraw_choice(**about)
            elif dossier.figures:
                services.choose_figure(observation_id=form.cleaned_data["figure"], **about)
            else:
                services.enter_figure(value=Decimal(form.cleaned_data["value"]), **about)
        except (services.NotAFigureHere, services.FigureKnown):
            form.add_error(None, _("Angka di sini baru saja berubah. Belum ada yang disimpan. Buka halaman ini lagi."))
        else:
            messages.success(request, _("Disimpan. Pembagian yang sudah disahkan tidak berubah."))
            return redirect(f"{reverse('data-place', args=[place])}#{kind.pk}")
    context = {"form": form, "place": found, "code": place, "indicator": kind, "unit": _unit(kind), **read}
    return render(request, "clusters/data/figure.html", context, status=422 if form.errors else 200)


def _place(code: str) -> Regency | None:
    return None if code == PROVINCE_CODE else get_object_or_404(Regency, code=code)


def _code(place: Regency | None) -> str:
    return place.code if place else PROVINCE_CODE


def _unit(indicator: Indicator) -> str:
    return str(UNITS.get(indicator.unit, indicator.unit))


def _cell(spot: Spot) -> dict[str, Any]:
    """What counts, as tables show it; `value` is None where nothing is known."""
    basis = spot.basis
    if basis is None:
        return {"indicator": spot.indicator, "value": None}
    read = figure(basis.get("chosen")) or {"value": basis["entered"]}
    chosen = "choice" in basis and "chosen" in basis
    return read | {
        "indicator": spot.indicator,
        "sources": spot.sources,
        "chosen": chosen,
        "entered": "entered" in basis,
    }


def _read(dossier: Dossier) -> dict[str, Any]:
    spot = dossier.spot
    counts = spot.basis["chosen"]["id"] if spot.basis and "chosen" in spot.basis else None
    return {
        "indicator": spot.indicator,
        "unit": _unit(spot.indicator),
        "entered": spot.basis["entered"] if spot.basis and "entered" in spot.basis else None,
        "figures": [_shown(each) | {"counts": str(each.pk) == counts} for each in dossier.figures],
        "parts": [_shown(each) for each in dossier.parts],
        "former": [_shown(each) for each in dossier.former],
        "choice": dossier.choice,
        "is_lost": dossier.is_lost,
        "by_rule": dossier.choice is None or dossier.is_lost,
    }


def _has_content(read: dict[str, Any]) -> bool:
    return any(read[part] for part in ("figures", "parts", "former", "choice"))


def _shown(observation: Observation) -> dict[str, Any]:
    """`about`: whom it counts, where not everybody."""
    groups = [observation.cluster and observation.cluster.code, observation.sex and SEXES[observation.sex]]
    return (figure(reference(observation)) or {}) | {"about": ", ".join(str(group) for group in groups if group)}


def _in_words(observation: Observation) -> str:
    shown = _shown(observation)
    value = number_format(shown["value"], use_l10n=True, force_grouping=True)
    words = [f"{value}{shown['unit']}", shown["period"], shown["source"], str(shown["confidence"]), shown["note"]]
    return ", ".join(filter(None, words))


def _typed(value: Decimal | None) -> str:
    return "" if value is None else number_format(value.normalize() if value % 1 else int(value), use_l10n=True)
