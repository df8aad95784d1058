"""The province's page of decrees."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.middleware import ScopedRequest, staff
from clusters.forms.decisions import DecisionForm
from clusters.selectors.decisions import decision_tree
from clusters.services import decisions as services


@require_GET
@staff("planner", "approver", "auditor")
def decisions(request: ScopedRequest) -> HttpResponse:
    """The tree of decrees that stand: the country, the province, its clusters and regencies."""
    return render(request, "clusters/decisions/tree.html", {"nodes": decision_tree()})


@staff("planner", "approver")
def decision_new(request: ScopedRequest) -> HttpResponse:
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.create_decision(scope=request.scope, now=timezone.now(), **form.values())
        except services.DecisionRefused as refused:
            form.add_error(refused.code, _refusal(refused))
        else:
            messages.success(request, _("Keputusan dicatat."))
            of_wave = form.cleaned_data["level"] == "province" and form.cleaned_data["total"]
            return redirect("wave-new" if of_wave else "decisions")
    return render(request, "clusters/waves/decision.html", {"form": form}, status=422 if form.errors else 200)


def _refusal(refused: services.DecisionRefused) -> str:
    match refused:
        case services.WrongParent():
            return _("Keputusan ini bukan bagian dari keputusan itu, atau menggantikan keputusan untuk tempat lain.")
        case services.MoreThanWhole(left=left):
            places = number_format(left, use_l10n=True, force_grouping=True)
            return _("Melebihi keputusan induknya. Yang belum dibagi: %(places)s tempat.") % {"places": places}
    return _("Keputusan dengan nomor ini sudah dicatat, atau sudah ada yang berlaku. Pilih keputusan yang digantikan.")
