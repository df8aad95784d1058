"""/simulator/dukcapil/: what the simulated registry was asked, and how it is to behave."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from prakerja.dukcapil_simulator.server import RULES
from records.gateways import Unavailable, Uncertain
from records.gateways.endpoint import JsonEndpoint

DEADLINE_SECONDS = 2
MODES = {
    "rules": _("Menurut angka terakhir NIK (lihat daftar di bawah)"),
    "matched": _("Semua padan"),
    "not_matched": _("Semua tidak padan (nama berbeda)"),
    "slow": _("Lambat: jawaban menetes dan tidak pernah selesai"),
    "broken": _("Rusak: menjawab 503"),
    "garbage": _("Rusak: jawaban tidak dapat dipahami"),
    "dead": _("Mati: sambungan diputus tanpa jawaban"),
}
OUTCOMES = {
    "matched": ("positive", _("Padan")),
    "nik": ("negative", _("NIK tidak ditemukan")),
    "no_kk": ("negative", _("Nomor KK berbeda")),
    "nama_lgkp": ("negative", _("Nama berbeda")),
    "tgl_lhr": ("negative", _("Tanggal lahir berbeda")),
    "late": ("warning", _("Padan, setelah tiga detik")),
    "slow": ("warning", _("Lambat")),
    "broken": ("warning", _("Rusak (503)")),
    "garbage": ("warning", _("Rusak (tidak dapat dipahami)")),
    "dead": ("warning", _("Diputus")),
}


class ModeForm(forms.Form):
    mode = forms.ChoiceField(label=_("Perilaku registri tiruan"), choices=list(MODES.items()), widget=forms.RadioSelect)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def dukcapil_simulator(request: HttpRequest) -> HttpResponse:
    """With real data there is no such page; the process it speaks to is started by `make up`."""
    if not (settings.SAMPLE_DATA and settings.DEVELOPMENT):
        raise Http404
    form = ModeForm(request.POST or None)
    if form.is_valid() and _state({"mode": form.cleaned_data["mode"]}):
        return redirect("dukcapil-simulator")
    state = _state({})
    context = {
        "form": form if form.is_bound else ModeForm(initial={"mode": state["mode"]} if state else None),
        "running": state is not None,
        "seen": [
            (datetime.fromisoformat(one["at"]), one["nik"], *OUTCOMES[one["outcome"]])
            for one in (state or {"seen": []})["seen"]
        ],
        "rules": [(digits, *OUTCOMES[outcome]) for digits, outcome in RULES.items()],
    }
    return render(request, "simulator/dukcapil.html", context, status=200 if request.method != "POST" else 422)


def _state(change: Mapping[str, str]) -> Any:
    """What the simulator says of itself; None when none runs on this machine."""
    where = urlsplit(settings.DUKCAPIL_URL)
    if where.hostname != "127.0.0.1":
        return None
    endpoint = JsonEndpoint(where._replace(path="/keadaan").geturl(), setting="DUKCAPIL_URL", deadline=DEADLINE_SECONDS)
    try:
        status, body = endpoint.post(change, {})
    except (Unavailable, Uncertain):
        return None
    return json.loads(body) if status == 200 else None
