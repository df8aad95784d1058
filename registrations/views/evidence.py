"""Sending photographed papers while registering and afterwards, seeing and taking back one's own."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import ScopedRequest
from records.pictures import PictureRefused
from registrations.forms.evidence import REFUSALS, EvidenceForm, UploadForm
from registrations.forms.pages import PAPERS
from registrations.models import Draft, Evidence, EvidenceUpload, Registration
from registrations.selectors.evidence import asked_of, claims_in
from registrations.selectors.own import own_registrations
from registrations.services import evidence as services
from registrations.views.journey import Journey, for_applicants
from registrations.views.pages import papers_context, show_page


@for_applicants
def of_draft(journey: Journey) -> HttpResponse:
    """A file for the draft; the page that shows what is there is one of the registration's."""
    page = next((page for page in journey.pages if page.slug == PAPERS), None)
    if journey.draft is None:
        return redirect(journey.entrance)
    if page is None or journey.request.method != "POST":
        return redirect(journey.go_on)

    def show(refused: EvidenceForm | None) -> HttpResponse:
        return show_page(journey, page, journey.form(page, {}), status=422, refused=refused)

    return _take(journey.request, journey.draft, claims_in(journey.answers), show)


@never_cache
def of_registration(request: ScopedRequest, registration: UUID) -> HttpResponse:
    """What is there for one's own registration and what may be brought; sent, a further file."""
    own = next((each for each in own_registrations(request.scope) if each.pk == registration), None)
    if own is None or own.state == Registration.State.WITHDRAWN:
        raise Http404
    asked = asked_of(scope=request.scope, registration=own)

    def show(refused: EvidenceForm | None = None, status: int = 422) -> HttpResponse:
        papers = papers_context(asked, reverse("own-papers", args=[own.pk]), refused)
        return render(request, "registrations/papers.html", {"registration": own} | papers, status=status)

    if request.method != "POST":
        return show(status=200)
    return _take(request, own, [each.claim for each in asked], show)


@require_POST
def piece(request: ScopedRequest, upload: UUID) -> JsonResponse:
    """The next bytes of an announced file, from the header Upload-Offset on. The answer says where to go on, or `next`."""
    said = request.headers.get("Upload-Offset", "")
    start = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else -1
    data = request.body if request.content_type == "application/octet-stream" else b""  # a form has been read already
    request.session.modified = True
    try:
        taken = services.add_piece(scope=request.scope, upload_id=upload, start=start, data=data, now=timezone.now())
    except (EvidenceUpload.DoesNotExist, services.OwnerGone):
        return JsonResponse({"error": gettext("Kiriman ini sudah berakhir. Pilih fotonya sekali lagi.")}, status=404)
    except services.WrongPlace as wrong:
        return JsonResponse({"received": wrong.received}, status=409)
    except (services.NotTaken, PictureRefused) as refusal:
        return JsonResponse({"error": str(REFUSALS[refusal.code])}, status=422)
    return _how_far(request, taken)


@require_safe
def photo(request: ScopedRequest, evidence_id: UUID) -> HttpResponse:
    """One's own photograph. Staff opens it in its office, on the record."""
    if request.scope.user_id is not None:
        raise Http404
    found = Evidence.objects.within(request.scope).filter(pk=evidence_id).first()
    if found is None:
        raise Http404
    return attachment(found.claim, found.content.open_bytes())


@require_POST
def remove(request: ScopedRequest, evidence_id: UUID) -> HttpResponse:
    try:
        owner = services.remove_evidence(scope=request.scope, evidence_id=evidence_id, now=timezone.now())
    except Evidence.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, gettext("Foto dihapus."))
    return redirect(_page_of(owner))


def attachment(claim: str, content: bytes) -> HttpResponse:
    """A photograph to be saved, never shown inside a page of ours, kept by no cache and able to run nothing."""
    headers = {
        "Content-Disposition": f'attachment; filename="bukti-{claim}.jpg"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "no-store, private",
    }
    return HttpResponse(content, content_type="image/jpeg", headers=headers)


def _take(
    request: ScopedRequest,
    owner: services.Owner,
    claims: list[str],
    show: Callable[[EvidenceForm | None], HttpResponse],
) -> HttpResponse:
    """The file in the form; where a script announces one to be sent in pieces, how far that has come."""
    claim = request.POST.get("claim", "")
    if claim not in claims:  # not, or no longer, what the person stated
        return show(None)
    request.session.modified = True  # its time begins anew
    whose: dict[str, Any] = {"scope": request.scope, "owner": owner, "claim": claim, "now": timezone.now()}
    if "sha256" in request.POST:
        return _begin(request, whose)
    form = EvidenceForm(claim, request.POST, request.FILES)
    if form.is_valid() and (sent := form.photo()) is not None:
        try:
            taken = services.add_evidence(**whose, data=sent.read())
        except (PictureRefused, services.NotTaken) as refusal:
            form.refuse(refusal.code)
        except services.OwnerGone:
            return redirect(_page_of(owner))
        else:
            return redirect(_taken(request, taken))
    return show(form)


def _begin(request: ScopedRequest, whose: dict[str, Any]) -> JsonResponse:
    form = UploadForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": str(REFUSALS["changed"])}, status=400)
    try:
        upload = services.begin_upload(**whose, size=form.cleaned_data["size"], sha256_hex=form.cleaned_data["sha256"])
    except services.NotTaken as refusal:
        return JsonResponse({"error": str(REFUSALS[refusal.code])}, status=422)
    except services.OwnerGone:
        return JsonResponse({"next": _page_of(whose["owner"])})
    return _how_far(request, upload)


def _how_far(request: ScopedRequest, taken: EvidenceUpload | Evidence) -> JsonResponse:
    if isinstance(taken, Evidence):
        return JsonResponse({"next": _taken(request, taken)})
    return JsonResponse({"to": reverse("papers-piece", args=[taken.pk]), "received": taken.received})


def _taken(request: ScopedRequest, taken: Evidence) -> str:
    """The page to show now."""
    messages.success(request, gettext("Foto sudah kami terima."))
    return _page_of(taken.draft or taken.registration)


def _page_of(owner: Draft | Registration | None) -> str:
    if isinstance(owner, Registration):
        return reverse("own-papers", args=[owner.pk])
    return reverse("register-page", args=[PAPERS])
