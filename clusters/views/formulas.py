"""The formulas of a what-if: from the studio's address into fields, and back."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.middleware import ScopedRequest, staff
from clusters.forms.formulas import FormulasForm, in_address
from clusters.forms.studio import StudioForm
from clusters.models import Wave
from clusters.policy import CLUSTERS
from clusters.selectors.demand import current_policy
from clusters.views.rules_in_words import choosable


@staff("planner", "approver", "auditor")
def formulas(request: ScopedRequest, wave: str) -> HttpResponse:
    """What the studio's address holds is carried through as it is; nothing is kept.

    `langkah`: "hitung" leads back there with the formulas; any other post stays, with room for more rows.
    """
    found = get_object_or_404(Wave.objects.within(request.scope).select_related("decision"), slug=wave)
    asked, policy = (request.POST or request.GET).dict(), current_policy()[1]
    names = choosable(policy)
    studio = StudioForm(asked, policy=policy, base={}, total=found.decision.places, names=names)
    studio.full_clean()
    carried = {key: asked[key] for key in ("skenario", "banding", *studio.fields) if key in asked}

    def back(formulas: Mapping[str, Any]) -> str:
        typed = {f"formula_{code}": in_address(formulas.get(code)) for code in CLUSTERS}
        return f"{reverse('studio', args=[found.slug], query=carried | typed)}#hasil"

    form = FormulasForm(request.POST.dict(), formulas={**policy["formulas"], **studio.own_formulas}, names=names)
    if request.POST.get("langkah") == "hitung" and form.is_valid():
        return redirect(back(studio.differing(form.formulas)))
    return render(
        request,
        "clusters/studio/formulas.html",
        {"wave": found, "form": form, "carried": carried, "back": back(studio.own_formulas), "policy": back({})},
        status=200 if form.is_valid() else 422,
    )
