"""The receipt of a registration, and joining the wave."""

from datetime import date, datetime
from io import BytesIO
from textwrap import wrap
from uuid import UUID

import segno
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import ScopedRequest
from clusters.models import Wave
from registrations import eligibility
from registrations.models import Registration
from registrations.selectors.own import latest_decision, own_registrations
from registrations.selectors.waves import last_closed_wave, next_wave, takes_registrations
from registrations.services import intake
from registrations.services.receipts import secret_code
from registrations.services.ticket import receipt_pdf
from registrations.views.sessions import RECEIPT_KEY, SECRET_SHOWN, SHOWN_UNTIL_KEY


@require_safe
@never_cache
def receipt(request: ScopedRequest) -> HttpResponse:
    """The newest registration of this session's person; the secret code only where this session made it just now."""
    registration = next(iter(own_registrations(request.scope)), None)
    if registration is None:
        return redirect("register")
    now = timezone.now()
    reasons = latest_decision(registration).reasons["clusters"]
    sentences = [(not code.endswith("_not"), gettext(eligibility.CLUSTER_REASONS[code])) for code in reasons]
    status_url = request.build_absolute_uri(reverse("status"))
    context = {
        "registration": registration,
        "wave": registration.wave,
        "can_join": registration.state != Registration.State.INELIGIBLE and takes_registrations(registration.wave, now),
        "is_early": now < registration.wave.opens_at,
        "joined": registration.state == Registration.State.JOINED,
        "reasons_for": [sentence for holds, sentence in sentences if holds],
        "reasons_against": [sentence for holds, sentence in sentences if not holds],
        "secret": _secret(request, registration),
        "facts": _facts(registration),
        "steps": steps_of(registration.wave, joined=registration.state == Registration.State.JOINED),
        "qr": qr_of(status_url, gettext("Kode QR ke halaman status")),
        "status_url": status_url,
    }
    return render(request, "registrations/receipt.html", context)


@require_safe
@never_cache
def receipt_file(request: ScopedRequest) -> HttpResponse:
    """The same as a PDF; the secret code as long as the page shows it."""
    registration = next(iter(own_registrations(request.scope)), None)
    if registration is None:
        return redirect("register")
    secret = _secret(request, registration)
    status_url = request.build_absolute_uri(reverse("status"))
    pdf = receipt_pdf(
        {
            "title": gettext("Tanda terima %(wave)s") % {"wave": registration.wave.name},
            "number_label": gettext("Nomor pendaftaran, yang diundi"),
            "number": " ".join(wrap(registration.number, 4)),
            "secret_label": gettext("Kode rahasia, jangan ditunjukkan kepada siapa pun"),
            "secret": " ".join(wrap(secret, 4)),
            "facts": _facts(registration),
            "qr": _qr_file(status_url),
            "qr_label": gettext("Kode QR ke halaman status"),
            "steps_label": gettext("Apa berikutnya"),
            "steps": steps_of(registration.wave, joined=registration.state == Registration.State.JOINED),
            "keep": gettext("Lihat status di %(url)s dengan nomor ini, kode rahasia, dan tanggal lahir Anda.")
            % {"url": status_url},
            "footer": gettext("Portal Kuota Luring Prakerja Jawa Tengah"),
        },
        language=get_language() or "id",
        made=registration.created_at,
    )
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="tanda-terima-{registration.wave.slug}.pdf"'
    return answer


@require_POST
def join(request: ScopedRequest) -> HttpResponse:
    """Take part in the draw with the registration named in the form: one's own, whatever else one may see."""
    now = timezone.now()
    try:
        registration_id = UUID(request.POST.get("registration", ""))
    except ValueError as error:
        raise Http404 from error
    if registration_id not in {own.pk for own in own_registrations(request.scope)}:
        raise Http404
    try:
        changed = intake.join(scope=request.scope, registration_id=registration_id, now=now)
    except intake.WaveNotOpen:
        context = {"next_wave": next_wave(now), "last_wave": last_closed_wave(now)}
        return render(request, "registrations/not_open.html", context, status=409)
    if changed:
        messages.success(request, gettext("Anda sudah bergabung. Nomor Anda ikut diundi."))
    return redirect("receipt")


def _secret(request: ScopedRequest, registration: Registration) -> str:
    """The code, where this session made or claimed it just now; else empty."""
    made_here = request.session.get(RECEIPT_KEY) == str(registration.idempotency_key)
    until = max((registration.created_at + SECRET_SHOWN).timestamp(), request.session.get(SHOWN_UNTIL_KEY, 0))
    shown = made_here and timezone.now().timestamp() < until
    return secret_code(registration.idempotency_key) if shown else ""


def _facts(registration: Registration) -> list[tuple[str, str]]:
    return [(gettext("Nama"), registration.name), (gettext("Tempat tinggal"), registration.regency.name)]


def steps_of(wave: Wave, *, joined: bool) -> list[tuple[str, str]]:
    """(day, what happens then) from here to the first day in class."""
    missing = gettext("Batas bergabung dengan gelombang. Tanpa bergabung nomor Anda tidak diundi.")
    return [
        (_day(wave.closes_at), gettext("Batas memilih dan mengubah kelas.") if joined else missing),
        (
            _day(wave.draws_at),
            gettext("Undian, terbuka untuk umum. Hasilnya ada di halaman status."),
        ),
        (_day(wave.starts_on), gettext("Pelatihan tatap muka mulai, bagi yang mendapat tempat.")),
    ]


def _day(moment: date) -> str:
    return date_format(timezone.localtime(moment) if isinstance(moment, datetime) else moment, "j F Y")


def qr_of(url: str, title: str) -> SafeString:
    code = segno.make(url, error="m")
    return SafeString(code.svg_inline(border=0, omitsize=True, title=title))


def _qr_file(url: str) -> str:
    """The same as an SVG document of its own."""
    drawn = BytesIO()
    segno.make(url, error="m").save(drawn, kind="svg", border=0)
    return drawn.getvalue().decode()
