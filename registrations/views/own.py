"""What somebody changes about themselves whether a wave is open or not: number, family card, domicile."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from accounts.middleware import ScopedRequest, client_address
from accounts.phone import mask_phone
from clusters.selectors.directory import office_of
from registrations import eligibility
from registrations.forms.own import CardForm, MoveForm, PhoneCodeForm, PhoneForm
from registrations.forms.page import PageForm
from registrations.models import Applicant
from registrations.nik import mask_nik
from registrations.selectors.own import own_applicant, words_for
from registrations.services import phones
from registrations.services.budget import BudgetSpent, spend, within_budget
from registrations.services.corrections import Correction, ListStands, correct
from registrations.services.intake import HouseholdFull, Listed, NotEligible

CHANGE_KEY = "phone_change"  # which asked-for code this session may enter
CHANGES_A_DAY = 10
TOLD_A_DAY = 3  # that a family card is full, or a list says no

View = Callable[[ScopedRequest, Applicant], HttpResponse]


def for_known(view: View) -> Callable[[ScopedRequest], HttpResponse]:
    """Only with an open status; everybody else is led to opening one."""

    @never_cache
    @wraps(view)
    def guarded(request: ScopedRequest) -> HttpResponse:
        applicant = own_applicant(request.scope)
        return view(request, applicant) if applicant else redirect("status")

    return guarded


@for_known
def phone(request: ScopedRequest, applicant: Applicant) -> HttpResponse:
    """Ask for a code to the new number."""
    form, status = PhoneForm(request.POST or None), 200
    if form.is_valid():
        try:
            change = phones.ask_for_code(
                scope=request.scope,
                phone=form.cleaned_data["phone"],
                address=client_address(request),
                language=get_language() or "id",
                now=timezone.now(),
            )
        except phones.SamePhone:
            form.add_error("phone", gettext("Nomor ini sudah tercatat. Isi nomor yang baru, atau kembali ke status."))
        except phones.Cooling as cooling:
            form.add_error(None, _cooling(cooling))
        except BudgetSpent:
            status = 429
            form.add_error(None, gettext("Kode sudah terlalu sering diminta hari ini. Coba lagi besok."))
        else:
            request.session[CHANGE_KEY] = str(change)
            return redirect("own-phone-code")
    context = {"form": form, "stands": mask_phone(applicant.phone.open())}
    return render(request, "registrations/own/phone.html", context, status=status)


@for_known
@sensitive_variables("code")
def phone_code(request: ScopedRequest, applicant: Applicant) -> HttpResponse:
    """Enter the code; the right one changes the number."""
    if not (change := request.session.get(CHANGE_KEY)):
        return redirect("own-phone")
    form = PhoneCodeForm(request.POST or None)
    if form.is_valid():
        try:
            changed = phones.change_phone(
                scope=request.scope,
                change_id=UUID(change),
                code=form.cleaned_data["code"],
                language=get_language() or "id",
                now=timezone.now(),
            )
        except phones.CodeSpent:
            del request.session[CHANGE_KEY]
            messages.error(request, gettext("Kode itu tidak berlaku lagi. Minta kode baru."))
            return redirect("own-phone")
        except phones.Cooling as cooling:
            form.add_error(None, _cooling(cooling))
        else:
            if changed:
                del request.session[CHANGE_KEY]
                words = gettext("Nomor HP Anda sudah diganti. Nomor lama mendapat pemberitahuan.")
                messages.success(request, words)
                return redirect("status")
            form.add_error("code", gettext("Kode ini tidak cocok. Periksa lagi SMS-nya."))
    return render(request, "registrations/own/phone_code.html", {"form": form})


@for_known
def card(request: ScopedRequest, applicant: Applicant) -> HttpResponse:
    """A new number of the family card; the rules and the civil registry are asked again."""
    form = CardForm(request.POST or None, today=timezone.localdate(), checked=request.method == "POST")
    context = {"form": form, "stands": mask_nik(applicant.kk.open())}
    return _changed(request, applicant, form, ["kk"]) or render(request, "registrations/own/card.html", context)


@for_known
def move(request: ScopedRequest, applicant: Applicant) -> HttpResponse:
    """A new domicile."""
    stands = {
        "regency": str(applicant.regency_id),
        "district": str(applicant.village_id // 10_000),
        "village_id": str(applicant.village_id),
        "address": applicant.address,
        "key": str(uuid4()),
    }
    sent = request.method == "POST"
    checked = sent and "choose" not in request.POST
    form = MoveForm(request.POST if sent else stands, today=timezone.localdate(), checked=checked)
    done = _changed(request, applicant, form, ["village_id", "address"]) if checked else None
    return done or render(request, "registrations/own/move.html", {"form": form})


def _changed(request: ScopedRequest, applicant: Applicant, form: PageForm, names: list[str]) -> HttpResponse | None:
    """Back to the status once it is stored; None with the errors in the form."""
    if not form.is_valid():
        return None
    given, now, scope, language = form.cleaned_data, timezone.now(), request.scope, get_language() or "id"
    correction = Correction(
        details={name: given[name] for name in names}, warnings=tuple(finding.code for finding in form.warnings)
    )
    try:
        spend(asker=f"own change {applicant.pk}", budget=CHANGES_A_DAY, now=now)
        changed = within_budget(
            askers={f"own refusals {applicant.pk}": TOLD_A_DAY},
            costly=(HouseholdFull, Listed),
            now=now,
            act=lambda: correct(
                scope=scope, correction=correction, key=given["key"], now=now, language=language, reason=given["reason"]
            ),
        )
    except BudgetSpent:
        form.add_error(None, gettext("Data Anda sudah terlalu sering diubah hari ini. Coba lagi besok."))
    except ListStands as standing:
        words = gettext(
            "Daftar %(wave)s sudah ditutup dan harus tetap sama sampai hasilnya diumumkan. Ubah sesudah itu."
        )
        form.add_error(None, words % {"wave": standing.wave.name})
    except NotEligible as refusal:
        office = office_of(applicant.regency_id)
        _result, *sentences = eligibility.explain(refusal.decision, words_for(office.name if office else ""))
        form.add_error(None, " ".join(sentences[: len(refusal.decision.failures)]))
    else:
        words = gettext("Perubahan tersimpan.") if changed else gettext("Tidak ada yang berubah.")
        messages.success(request, words)
        return redirect("status")
    return None


def _cooling(cooling: phones.Cooling) -> str:
    ends = date_format(timezone.localtime(cooling.ends), "j F Y H.i")
    return gettext("Nomor HP baru saja diganti. Demi keamanan, penggantian berikutnya mulai %(ends)s WIB.") % {
        "ends": ends
    }
