"""The pages for staff: an invitation from the form to the first request of whoever accepts it, and its end."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clusters.models import Membership, MembershipProposal
from clusters.services.memberships import admit
from records.ids import uuid7
from tests.factories.staff import make_staff, make_user, sign_in

CILACAP, SEMARANG = 3301, 3374
INVITE, LIST = "/kantor/petugas/undang/", "/kantor/petugas/"

pytestmark = pytest.mark.django_db


def client_of(user: Any) -> Client:
    client = Client()
    sign_in(client, user)
    return client


def sent(**fields: Any) -> dict[str, Any]:
    today = timezone.localdate().isoformat()
    person = {"proposal_id": uuid7(), "name": "Rina Wulandari", "email": "rina@contoh.example", "phone": ""}
    return person | {"role": "mentor", "office": CILACAP, "valid_from": today, "valid_to": ""} | fields


def test_from_the_invitation_to_the_first_request_and_the_last() -> None:
    head, second = (client_of(make_staff("office_head", CILACAP)) for _ in range(2))
    answer = head.post(INVITE, sent())
    page = answer["Location"]
    assert "rina@contoh.example" in second.get(page).content.decode()
    assert "Rina Wulandari" in second.get(LIST).content.decode()
    assert 'value="approve"' not in head.get(page).content.decode()
    shown = second.get(page).context["digest"]
    second.post(page, {"step": "approve", "digest": shown})
    assert MembershipProposal.objects.get().state == "approved"
    user = admit(proposal_id=MembershipProposal.objects.get().pk, now=timezone.now())
    rina = client_of(user)
    assert rina.get("/kantor/").status_code == 200
    assert rina.get(LIST).status_code == 403, "a mentor sees no list of staff"
    held = Membership.objects.get(user=user)
    text = head.get(LIST).content.decode()
    assert text.count("Rina Wulandari") == 1
    refused = head.post(reverse("membership", args=[held.pk]), {"step": "end", "last_day": "", "reason": ""})
    assert refused.status_code == 422
    head.post(reverse("membership", args=[held.pk]), {"step": "end", "last_day": "", "reason": "Pindah tugas"})
    assert rina.get("/kantor/").status_code == 403
    assert "Pindah tugas" in head.get(LIST).content.decode()


def test_another_office_is_not_there() -> None:
    head = client_of(make_staff("office_head", CILACAP))
    other = client_of(make_staff("office_head", SEMARANG))
    page = other.post(INVITE, sent(office=SEMARANG))["Location"]
    held = Membership.objects.get(user=make_staff("mentor", SEMARANG))
    for address in (page, reverse("membership", args=[held.pk]), f"{LIST}?kabupaten={SEMARANG}"):
        assert head.get(address).status_code == 404
    for step in ("approve", "refuse", "withdraw"):
        assert head.post(page, {"step": step, "digest": "", "reason": "x"}).status_code == 404
    assert head.post(INVITE, sent(office=SEMARANG)).status_code == 422
    assert not MembershipProposal.objects.filter(office=CILACAP).exists()
    assert MembershipProposal.objects.get().state == "proposed"


def test_the_id_of_another_office_s_proposal_is_not_there_either() -> None:
    head, other = client_of(make_staff("office_head", CILACAP)), client_of(make_staff("office_head", SEMARANG))
    mine = sent()
    assert head.post(INVITE, mine).status_code == 302
    assert other.post(INVITE, mine | {"office": SEMARANG}).status_code == 404


def test_the_form_names_what_is_missing_and_keeps_what_was_typed() -> None:
    head = client_of(make_staff("office_head", CILACAP))
    answer = head.post(INVITE, sent(email="", phone="123", valid_to="2020-01-01"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert {"phone", "valid_to"} == set(answer.context["form"].errors)
    assert "Rina Wulandari" in text
    assert 'value="123"' in text


def test_the_province_invites_heads_and_its_own() -> None:
    make_staff("mentor", SEMARANG)
    planner, approver = client_of(make_staff("planner")), client_of(make_staff("approver"))
    assert planner.post(INVITE, sent(role="office_head", office="")).status_code == 422
    page = planner.post(INVITE, sent(role="office_head", office=SEMARANG))["Location"]
    seat = planner.post(INVITE, sent(role="auditor", office=SEMARANG, email="audit@contoh.example"))["Location"]
    assert planner.post(page, {"step": "approve", "digest": planner.get(page).context["digest"]}).status_code == 403
    approver.post(seat, {"step": "refuse", "reason": "Belum perlu"})
    assert "Belum perlu" in planner.get(seat).content.decode()
    approver.post(page, {"step": "approve", "digest": approver.get(page).context["digest"]})
    assert sorted(MembershipProposal.objects.values_list("role", "office_id", "state")) == [
        ("auditor", None, "refused"), ("office_head", SEMARANG, "approved"),
    ]  # fmt: skip
    assert planner.get("/provinsi/petugas/").status_code == 200


def test_who_leaves_is_replaced_on_the_same_page() -> None:
    head, leaving = client_of(make_staff("office_head", CILACAP)), make_staff("mentor", CILACAP)
    held = Membership.objects.get(user=leaving)
    here, end = reverse("membership", args=[held.pk]), {"step": "end", "last_day": "", "reason": "Pensiun"}
    successor = {"proposal_id": uuid7(), "name": "", "email": "budi@contoh.example", "phone": ""}
    successor = {f"successor-{name}": value for name, value in successor.items()}
    assert head.post(here, end | successor).status_code == 422
    assert Membership.objects.get(pk=held.pk).ended_at is None
    answer = head.post(here, end | successor | {"successor-name": "Budi Santoso"})
    assert answer["Location"] == reverse("proposal", args=[MembershipProposal.objects.get().pk])
    assert Membership.objects.get(pk=held.pk).ended_at


def test_the_last_approver_is_kept_with_a_sentence() -> None:
    planner, approver = client_of(make_staff("planner")), make_staff("approver")
    held = Membership.objects.get(user=approver)
    answer = planner.post(reverse("membership", args=[held.pk]), {"step": "end", "last_day": "", "reason": "Pindah"})
    assert answer.status_code == 422
    assert "orang terakhir dengan peran ini" in answer.content.decode()


def test_a_changed_content_is_told_and_not_signed() -> None:
    head, second = client_of(make_staff("office_head", CILACAP)), client_of(make_staff("office_head", CILACAP))
    known = make_user()
    page = head.post(INVITE, sent(email=known.email))["Location"]
    answer = second.post(page, {"step": "approve", "digest": "0" * 64}, follow=True)
    assert "Isinya berubah" in answer.content.decode()
    assert MembershipProposal.objects.get().state == "proposed"
