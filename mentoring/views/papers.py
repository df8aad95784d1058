"""Blank paper forms of an office."""

from uuid import UUID

from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.middleware import ScopedRequest, staff
from mentoring.forms.assistance import LotForm
from mentoring.services.papers import lot_pdf
from mentoring.views.office import OFFICE
from registrations.models import PaperLot
from registrations.services.papers import NoSuchLot, issue

SHOWN = 50


@staff(*OFFICE)
@never_cache
def papers(request: ScopedRequest) -> HttpResponse:
    """The lots an office has printed, the newest first; a further one."""
    form = LotForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            issue(scope=request.scope, now=timezone.now(), **form.cleaned_data)
        except NoSuchLot as error:
            raise Http404 from error
        return redirect("paper-forms")
    lots = PaperLot.objects.within(request.scope).select_related("issued_by").order_by("-issued_at", "-pk")
    columns = ("size", "issued_at", "issued_by__name")
    shown = lots.only(*columns).annotate(entered=Count("forms__assistance"))[:SHOWN]
    context = {"form": form, "lots": shown}
    return render(request, "mentoring/assistance/papers.html", context, status=422 if form.is_bound else 200)


@staff(*OFFICE)
@never_cache
@require_safe
def papers_pdf(request: ScopedRequest, lot: UUID) -> HttpResponse:
    """All forms of a lot, to be printed; again where the printer ate one."""
    found = PaperLot.objects.within(request.scope).select_related("regency__office").filter(pk=lot).first()
    if found is None:
        raise Http404
    pdf = lot_pdf(found, address=request.build_absolute_uri(reverse("assist")))
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="formulir-{found.issued_at:%Y-%m-%d}-{found.size}.pdf"'
    return answer
