"""Drafts in the database: whose they are, what two requests at once do to them, when they go; and who is reminded."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.scope import NOBODY, Scope
from accounts.services import enter_scope
from clusters.models import Wave
from records.models import Message
from registrations.forms.pages import PAGES, entered
from registrations.models import Draft, Registration
from registrations.selectors.drafts import pages_of
from registrations.services import drafts
from registrations.services.drafts import ChangedElsewhere, clear_drafts, finish, save_page
from registrations.services.intake import RECEIPTS_A_PHONE_A_DAY, join
from registrations.services.notices import remind_to_join
from registrations.services.receipts import Receipt
from tests.factories.people import make_region, make_wave
from tests.factories.registered import make_registration
from tests.factories.staff import make_user
from tests.registrations.journey import SLUGS, TYPED, drafted, form_of
from tests.registrations.races import race


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


@pytest.mark.django_db
class TestWhose:
    @pytest.mark.parametrize("scope", [NOBODY, NOBODY.with_draft(uuid4())])
    def test_nobody_without_it_open_sees_changes_or_deletes_a_draft(self, wave: Wave, scope: Scope) -> None:
        draft = drafted()
        province = Scope(make_user().pk, frozenset({"planner", "auditor", "mentor"}), frozenset({3374}))
        for asker in (scope, province):
            with transaction.atomic():
                enter_scope(asker, web_role=True)
                assert not Draft.objects.exists() and not Draft.objects.within(asker).exists()
                assert Draft.objects.update(step="") == Draft.objects.all().delete()[0] == 0
                transaction.set_rollback(True)
        with transaction.atomic():
            enter_scope(NOBODY.with_draft(draft.pk), web_role=True)
            assert Draft.objects.get() == draft
            transaction.set_rollback(True)

    def test_a_known_persons_draft_has_no_code_and_stands_once(self, wave: Wave) -> None:
        applicant = make_registration(wave).applicant
        scope = NOBODY.as_applicant(applicant.pk)
        for slug in ("alasan", "klaster"):
            draft = save_page(
                scope=scope, page=slug, answers=TYPED[slug], complete=True, shown=0, pages=SLUGS, now=timezone.now()
            )  # fmt: skip
        assert Draft.objects.get() == draft and set(pages_of(draft)) == {"alasan", "klaster"}
        with pytest.raises(drafts.NoSuchDraft):
            drafts.new_code(scope=scope)
        with pytest.raises(IntegrityError, match="registrations_draft_one_way_in"), transaction.atomic():
            Draft.objects.update(code_index=b"x" * 32)

    def test_a_draft_goes_when_its_time_is_over(self, wave: Wave) -> None:
        draft = drafted()
        assert clear_drafts(now=draft.expires_at - timedelta(minutes=1)) == 0
        assert clear_drafts(now=draft.expires_at) == 1
        assert not Draft.objects.exists()


def unlocked(scope: Scope) -> Draft | None:
    """The naive twin of `drafts._locked`."""
    return Draft.objects.within(scope).first()


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def saving(self, draft: Draft) -> list[Callable[[], Any]]:
        """Two devices that save other answers on one page, both shown what stands now."""
        scope = NOBODY.with_draft(draft.pk)

        def save(dependants: str) -> Draft:
            enter_scope(scope)
            return save_page(
                scope=scope, page="keadaan", answers=TYPED["keadaan"] | {"dependants": dependants}, complete=True,
                shown=draft.revision, pages=SLUGS, now=timezone.now(),
            )  # fmt: skip

        return [lambda: save("3"), lambda: save("5")]

    def test_the_second_learns_of_the_first(self, wave: Wave) -> None:
        first, second = race(*self.saving(drafted()))
        assert isinstance(second, ChangedElsewhere) and second.draft.revision == first.revision
        assert pages_of(Draft.objects.get())["keadaan"].answers["dependants"] == "3"

    def test_without_the_lock_the_first_would_be_lost(self, wave: Wave, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(drafts, "_locked", unlocked)
        _first, second = race(*self.saving(drafted()))
        assert isinstance(second, Draft)
        assert pages_of(Draft.objects.get())["keadaan"].answers["dependants"] == "5"

    def test_a_double_click_is_one_registration_and_one_receipt(self, wave: Wave) -> None:
        draft = drafted()
        filled = [form_of(page, pages_of(draft)[page.slug].answers) for page in PAGES]
        assert all(form.is_valid() for form in filled)
        scope = NOBODY.with_draft(draft.pk)

        def send() -> Receipt:
            enter_scope(scope)
            return finish(
                scope=scope, draft=draft, entered=entered(filled), wave=wave, join=True, now=timezone.now(), language="id"
            )  # fmt: skip

        first, second = race(send, send)
        assert (second.number, second.code, second.created) == (first.number, first.code, False)
        assert Registration.objects.get().state == "joined" and not Draft.objects.exists()


@pytest.mark.django_db
class TestReminders:
    def reminded(self, *moments: datetime) -> list[int]:
        return [remind_to_join(now=moment) for moment in moments]

    def test_once_a_day_later_and_once_before_the_end(self) -> None:
        opened = timezone.localtime().replace(hour=9, minute=0)
        wave = make_wave(now=opened)  # closes a week later
        registration = make_registration(wave)
        Registration.objects.update(created_at=opened)
        hours = [1, 24, 25, 5 * 24, 6 * 24, 6 * 24 + 1, 8 * 24]
        assert self.reminded(*(opened + timedelta(hours=hour) for hour in hours)) == [0, 1, 0, 1, 0, 0, 0]
        message = Message.objects.filter(template__name="join_reminder").first()
        assert message is not None and message.recipient_id == registration.applicant_id
        assert message.kind == "reminder" and message.expires_at == wave.closes_at

    def test_not_at_night_nor_whoever_joined_nor_a_phone_beyond_its_receipts(self) -> None:
        opened = timezone.localtime().replace(hour=9, minute=0)
        wave = make_wave(now=opened)
        joined = make_registration(wave)
        join(scope=NOBODY.as_applicant(joined.applicant_id), registration_id=joined.pk, now=opened)
        for _ in range(RECEIPTS_A_PHONE_A_DAY + 2):
            make_registration(wave, phone="+6281299990000")
        Registration.objects.update(created_at=opened)
        night, day = opened + timedelta(hours=38), opened + timedelta(hours=48)
        assert self.reminded(night, day) == [0, RECEIPTS_A_PHONE_A_DAY]
