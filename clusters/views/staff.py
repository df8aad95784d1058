"""Who works in an office and at the province: lists, invitations, decisions, endings."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.middleware import ScopedRequest, staff
from clusters.forms.staff import EndForm, InviteForm, ProlongForm, RefuseForm, SuccessorForm
from clusters.models import Membership, MembershipProposal, Regency
from clusters.selectors import memberships as selectors
from clusters.selectors.directory import regencies
from clusters.services import memberships as services
from records.tasks import start_on_commit

PROVINCE = ("planner", "approver", "operator")
READERS = ("office_head", *PROVINCE, "auditor")
TWO_ACCOUNTS = gettext_lazy("E-mail dan nomor HP ini milik dua akun yang berbeda. Isi salah satu saja.")
LAST_OF_ROLE = gettext_lazy(
    "Ini orang terakhir dengan peran ini. Undang dan setujui penggantinya lebih dahulu, supaya portal tidak terkunci."
)


@staff("office_head", "planner", "approver", "auditor")
@never_cache
@require_safe
def office_staff(request: ScopedRequest) -> HttpResponse:
    """One office: the own, or for the province the chosen one."""
    chosen = request.GET.get("kabupaten", "")
    mine = [each for each in regencies() if request.scope.sees_all or each.pk in request.scope.head_ids]
    regency = next((each for each in mine if str(each.pk) == chosen or not chosen), None)
    if regency is None:
        raise Http404
    if request.scope.sees_all and not chosen:
        return redirect("province-staff")
    return _list(request, regency, mine)


@staff(*PROVINCE, "auditor")
@never_cache
@require_safe
def province_staff(request: ScopedRequest) -> HttpResponse:
    """The province's own people and the heads of all offices."""
    return _list(request, None, list(regencies()) if request.scope.sees_all else [])


@staff("office_head", *PROVINCE)
@never_cache
def invite(request: ScopedRequest) -> HttpResponse:
    chosen = request.GET.get("kabupaten", "")
    form = InviteForm(request.POST or None, scope=request.scope, office_id=int(chosen) if chosen.isdecimal() else None)
    if request.method == "POST" and form.is_valid():
        invitation = services.Invitation(**form.values)
        key = form.cleaned_data["proposal_id"]
        try:
            proposal = services.propose(scope=request.scope, proposal_id=key, invitation=invitation, now=timezone.now())
        except services.TwoAccounts:
            form.add_error("phone", TWO_ACCOUNTS)
        except (PermissionDenied, MembershipProposal.DoesNotExist) as error:  # the latter: another office's id
            raise Http404 from error
        else:
            messages.success(request, _("Usulan tersimpan. Orang kedua perlu menyetujuinya."))
            return redirect("proposal", proposal.pk)
    context = _frame(request) | {"form": form, "nobody_may": not form.fields["role"].choices}  # type: ignore[attr-defined]
    return render(request, "clusters/staff/invite.html", context, status=422 if form.errors else 200)


@staff(*READERS)
@never_cache
def proposal_page(request: ScopedRequest, proposal: UUID) -> HttpResponse:
    """What is proposed, and the decision: `step` approve, refuse or withdraw."""
    found = _proposal(request, proposal)
    if request.method != "POST":
        return _proposal_page(request, found, RefuseForm())
    act: dict[str, Any] = {"scope": request.scope, "proposal_id": proposal, "now": timezone.now()}
    form = RefuseForm(request.POST)
    try:
        match request.POST.get("step"):
            case "approve":
                start_on_commit(services.approve(**act, digest=request.POST.get("digest", "")))
                messages.success(request, _("Disetujui. Undangan dikirim dan perannya berlaku mulai hari pertamanya."))
            case "withdraw":
                services.withdraw(**act)
                messages.success(request, _("Usulan ditarik kembali."))
            case _ if form.is_valid():
                services.refuse(**act, reason=form.cleaned_data["reason"])
                messages.success(request, _("Usulan ditolak. Pengusul melihat alasan Anda."))
            case _:
                return _proposal_page(request, found, form, status=422)
    except services.AlreadyDecided:
        messages.error(request, _("Usulan ini sudah diputuskan. Tidak ada yang berubah."))
    except services.ProposalExpired:
        messages.error(request, _("Usulan ini sudah lewat tujuh hari. Buat usulan baru bila masih perlu."))
    except services.ContentChanged:
        messages.error(request, _("Isinya berubah sejak Anda membacanya. Baca lagi, lalu putuskan."))
    return redirect("proposal", proposal)


@staff(*READERS)
@never_cache
def membership_page(request: ScopedRequest, membership: int) -> HttpResponse:
    """One person's role: ending or shortening it (with a successor, if named), or proposing a longer one."""
    found = selectors.memberships(request.scope).filter(pk=membership).first()
    if found is None:
        raise Http404
    if request.method != "POST":
        return _membership_page(request, found)
    if request.POST.get("step") == "prolong":
        return _prolong(request, found)
    form, successor = EndForm(request.POST), SuccessorForm(request.POST, prefix="successor")
    named = successor.is_named
    if form.is_valid() and (successor.is_valid() or not named):
        act: dict[str, Any] = {"scope": request.scope, "membership_id": found.pk, "now": timezone.now()}
        try:
            if named:
                proposal = services.replace(**act, **form.cleaned_data, **successor.cleaned_data)
                messages.success(
                    request, _("Peran diakhiri dan penggantinya diusulkan. Orang kedua perlu menyetujuinya.")
                )
                return redirect("proposal", proposal.pk)
            services.end(**act, **form.cleaned_data)
        except services.NotShorter:
            form.add_error("last_day", _("Pilih hari mulai hari ini dan sebelum hari terakhir yang berlaku sekarang."))
        except services.LastOfRole:
            form.add_error(None, LAST_OF_ROLE)
        except services.TwoAccounts:
            successor.add_error("phone", TWO_ACCOUNTS)
        else:
            messages.success(request, _("Tersimpan. Perubahan berlaku mulai permintaan berikutnya orang itu."))
            return redirect("membership", found.pk)
    return _membership_page(request, found, form=form, successor=successor if named else None, status=422)


def _prolong(request: ScopedRequest, found: Membership) -> HttpResponse:
    form = ProlongForm(request.POST, auto_id="id_prolong_%s")
    if form.is_valid():
        day = form.cleaned_data["valid_to"]
        if found.valid_to is None or (day and day <= found.valid_to):
            form.add_error("valid_to", _("Pilih hari sesudah hari terakhir yang berlaku sekarang."))
        else:
            proposal = services.prolong(
                scope=request.scope, membership_id=found.pk, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("Perpanjangan diusulkan. Orang kedua perlu menyetujuinya."))
            return redirect("proposal", proposal.pk)
    return _membership_page(request, found, prolong_form=form, status=422)


def _list(request: ScopedRequest, regency: Regency | None, choices: list[Regency]) -> HttpResponse:
    """People in office, proposals that wait, and what is over, of one office or of the province."""
    today, now = timezone.localdate(), timezone.now()
    everybody = list(selectors.staff_of(request.scope, regency_id=regency.pk if regency else None))
    serving = [
        each for each in everybody if each.ended_at is None and (each.valid_to is None or each.valid_to >= today)
    ]
    context = _frame(request) | {
        "regency": regency,
        "choices": choices,
        "serving": serving,
        "over": [each for each in everybody if each not in serving],
        "waiting": selectors.waiting(request.scope, regency_id=regency.pk if regency else None, now=now),
        "may_invite": bool(request.scope.roles & {"office_head", *PROVINCE})
        and (not request.scope.is_operator or request.scope.is_province or selectors.is_founding()),
        "invite_url": reverse("staff-invite", query={"kabupaten": regency.pk} if regency else None),
        "today": today,
    }
    return render(request, "clusters/staff/list.html", context)


def _proposal(request: ScopedRequest, proposal_id: UUID) -> MembershipProposal:
    try:
        return selectors.proposal_of(request.scope, proposal_id)
    except MembershipProposal.DoesNotExist as error:
        raise Http404 from error


def _proposal_page(
    request: ScopedRequest, found: MembershipProposal, form: RefuseForm, *, status: int = 200
) -> HttpResponse:
    undecided = found.state == MembershipProposal.State.PROPOSED
    stands = undecided and timezone.now() < found.stands_until
    context = _frame(request) | {
        "proposal": found,
        "shown": selectors.what_is_shown(found),
        "held": selectors.held_by(found),
        "digest": selectors.digest_of(found),
        "stands": stands,
        "expired": undecided and not stands,
        "may_decide": stands and selectors.may_decide(request.scope, found),
        "may_withdraw": undecided and found.proposed_by_id == request.scope.user_id,
        "form": form,
    }
    return render(request, "clusters/staff/proposal.html", context, status=status)


def _membership_page(
    request: ScopedRequest,
    found: Membership,
    *,
    form: EndForm | None = None,
    successor: SuccessorForm | None = None,
    prolong_form: ProlongForm | None = None,
    status: int = 200,
) -> HttpResponse:
    today = timezone.localdate()
    serving = found.ended_at is None and (found.valid_to is None or found.valid_to >= today)
    context = _frame(request) | {
        "membership": found,
        "serving": serving,
        "may_end": serving and selectors.may_end(request.scope, found),
        "may_prolong": serving and found.valid_to and selectors.may_propose(request.scope, found.role, found.office_id),
        "may_replace": selectors.may_propose(request.scope, found.role, found.office_id),
        "form": form or EndForm(),
        "successor": successor or SuccessorForm(prefix="successor"),
        "prolong_form": prolong_form or ProlongForm(auto_id="id_prolong_%s"),
        "asked": "prolong" if prolong_form else "end" if form else "",
        "invalid": next((each for each in (form, successor, prolong_form) if each and each.errors), None),
    }
    return render(request, "clusters/staff/membership.html", context, status=status)


def _frame(request: ScopedRequest) -> dict[str, Any]:
    """An office's frame has the search for people; the list is where the kicker leads."""
    home = "staff" if request.scope.head_ids and not request.scope.sees_all else "province-staff"
    return {
        "home_url": reverse(home),
        "search_url": reverse("people-search") if request.scope.is_office else "",
    }
