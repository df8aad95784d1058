"""Lists of people: what they open and refuse, at registration and again before the list of a draw is frozen."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.scope import NOBODY
from accounts.services import enter_scope
from clusters.models import RuleSet, Wave
from records.models import Event, Message
from registrations.eligibility import explain
from registrations.models import EligibilityDecision, ListedPerson, PersonList, Registration
from registrations.selectors.listings import lists_about
from registrations.selectors.own import latest_decision, why_not, words_for
from registrations.services.budget import BudgetSpent, within_budget
from registrations.services.intake import Listed, WaveNotOpen, join, withdraw
from registrations.services.recheck import recheck, recheck_waves
from tests.factories.draws import frozen, make_ready
from tests.factories.people import make_person, make_region, make_rule_set, make_wave
from tests.factories.registered import make_list, make_registration
from tests.training.test_status import opened
from training.models import DrawEntry

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def wave() -> Wave:
    make_region()
    return make_wave()


def registered(wave: Wave, *kinds: str, **over: Any) -> Registration:
    """Somebody whom lists of these kinds name when they register."""
    nik = make_person().nik
    for kind in kinds:
        make_list(kind, nik)
    return make_registration(wave, nik=nik, **over)


def reasons(registration: Registration) -> dict[str, Any]:
    reasons: dict[str, Any] = latest_decision(registration).reasons
    return reasons


def valid_today(code: str) -> RuleSet:
    rule_set = make_rule_set(code)
    rule_set.valid_to = None
    rule_set.save()
    return rule_set


class TestAtRegistration:
    def test_a_list_opens_a_cluster_without_the_own_statement_and_is_named(self, wave: Wave) -> None:
        registration = registered(wave, "laid_off", "cpmi")
        assert registration.clusters == 1 + 4 + 8
        assert reasons(registration)["lists"] == [[kind, "Contoh", TODAY.isoformat()] for kind in ("cpmi", "laid_off")]

    @pytest.mark.parametrize(("kind", "rule"), [("in_education", "in_education"), ("excluded", "received_before")])
    def test_a_list_refuses_with_its_article_whatever_was_stated(self, wave: Wave, kind: str, rule: str) -> None:
        with pytest.raises(Listed) as refusal:
            registered(wave, kind)
        assert refusal.value.decision.failures == ((rule, wave.rule_set.rules["articles"][rule]),)
        assert not Registration.objects.exists()

    def test_aid_refuses_by_the_rules_of_2020_only(self, wave: Wave) -> None:
        first, second = make_person().nik, make_person().nik
        make_list("aid_recipient", first, second)
        assert reasons(make_registration(wave, nik=first))["lists"] == []
        with pytest.raises(Listed):
            make_registration(make_wave(rule_set=valid_today("2020")), nik=second)

    def test_without_a_list_of_aid_the_answer_is_open_and_nobody_waits(self, wave: Wave) -> None:
        registration = registered(make_wave(rule_set=valid_today("2020")))
        assert (registration.state, reasons(registration)["unknown"]) == ("registered", [["aid_list", ["on_aid_list"]]])

    def test_the_newest_list_of_a_source_counts_and_in_its_own_regency(self, wave: Wave) -> None:
        nik = make_person().nik
        make_list("excluded", nik, day=YESTERDAY)
        make_list("excluded")  # the same source no longer names the person
        make_list("excluded", nik, source="Kantor lain", regency=3301)
        make_list("excluded", nik, source="Besok", day=TODAY + timedelta(days=1))
        assert reasons(make_registration(wave, nik=nik))["lists"] == []

    def test_the_applicant_is_told_which_list_and_where_to_have_it_corrected(self, wave: Wave) -> None:
        nik = make_person().nik
        make_list("excluded", nik, make_person().nik, source="Manajemen Pelaksana", day=YESTERDAY)
        with pytest.raises(Listed) as refusal:
            make_registration(wave, nik=nik)
        said = explain(refusal.value.decision, words_for("Dinas Contoh"))[1]
        assert "dari Manajemen Pelaksana, keadaan per" in said
        assert "sampaikan kepada Dinas Contoh" in said

    def test_what_lists_say_is_not_for_everybody_to_ask(self, wave: Wave) -> None:
        askers = {"session x": 1}

        def ask() -> None:
            within_budget(askers=askers, costly=(Listed,), now=timezone.now(), act=lambda: registered(wave, "excluded"))  # type: ignore[arg-type, return-value]

        with pytest.raises(Listed):
            ask()
        with pytest.raises(BudgetSpent):
            ask()

    def test_a_request_sees_no_list_and_asks_about_one_person(self, wave: Wave) -> None:
        make_list("excluded", make_person().nik, make_person().nik)
        index = bytes(ListedPerson.objects.earliest("pk").nik_index)
        enter_scope(NOBODY, web_role=True)
        assert not PersonList.objects.exists()
        assert not ListedPerson.objects.exists()
        answer = lists_about(nik_index=index, regency_id=3374, day=TODAY)
        assert [one.kind for one in answer.listings] == ["excluded"]


class TestRecheck:
    def check(self, wave: Wave) -> int:
        return recheck(wave=wave, now=timezone.now())

    def test_turned_away_and_brought_back_to_where_they_were(self, wave: Wave) -> None:
        nik = make_person().nik
        registration = make_registration(wave, nik=nik)
        own = NOBODY.as_applicant(registration.applicant_id)
        join(scope=own, registration_id=registration.pk, now=timezone.now())
        make_list("excluded", nik, day=YESTERDAY)
        assert self.check(wave) == 1
        registration.refresh_from_db()
        assert (registration.state, registration.clusters) == ("ineligible", 8)
        assert "sekali seumur hidup" in why_not(latest_decision(registration))[0]
        for step in (join, withdraw):
            with pytest.raises(WaveNotOpen):
                step(scope=own, registration_id=registration.pk, now=timezone.now())
        assert self.check(wave) == 0, "again changes nothing"
        make_list("excluded")
        assert self.check(wave) == 1
        registration.refresh_from_db()
        assert (registration.state, reasons(registration)["failures"]) == ("joined", [])
        events = Event.objects.filter(person_id=registration.applicant_id).order_by("at", "id")
        assert list(events.values_list("kind", flat=True))[-2:] == ["registration.ineligible", "registration.eligible"]
        assert EligibilityDecision.objects.filter(registration=registration).count() == 3
        assert Message.objects.filter(template__name="eligibility_changed").count() == 2

    def test_a_list_opens_a_cluster_later_and_takes_it_back(self, wave: Wave) -> None:
        nik = make_person().nik
        registration = make_registration(wave, nik=nik)
        make_list("laid_off", nik, day=YESTERDAY)
        make_list("aid_recipient", nik)  # says nothing by the rules of this wave
        assert self.check(wave) == 1
        assert Registration.objects.get().clusters == 4 + 8
        make_list("laid_off")
        assert self.check(wave) == 1
        assert Registration.objects.get().clusters == 8
        assert reasons(registration)["clusters"][2] == "phk_not"

    def test_only_whom_lists_concern_and_all_else_as_on_the_day_of_registration(self, wave: Wave) -> None:
        nik, kk = make_person().nik, make_person().kk
        first = make_registration(wave, nik=nik, kk=kk)
        make_registration(wave, kk=kk)
        away = registered(wave)
        withdraw(scope=NOBODY.as_applicant(away.applicant_id), registration_id=away.pk, now=timezone.now())
        make_list("cpmi", nik)
        make_list("excluded", away.applicant.nik.open())
        later = timezone.now() + timedelta(days=365 * 60)
        assert recheck(wave=wave, now=later) == 1
        assert reasons(first)["failures"] == []
        assert EligibilityDecision.objects.count() == 4

    def test_nightly_for_the_waves_that_are_not_frozen(self, wave: Wave) -> None:
        nik = make_person().nik
        make_registration(wave, nik=nik)
        make_list("excluded", nik)
        Wave.objects.filter(pk=wave.pk).update(state="closed")
        Wave.objects.filter(pk=wave.pk).update(state="frozen")
        assert recheck_waves(now=timezone.now()) == 0
        Wave.objects.filter(pk=wave.pk).update(state="closed")
        assert recheck_waves(now=timezone.now()) == 1

    def test_who_is_turned_away_before_the_freeze_is_not_drawn_and_reads_why(self) -> None:
        ready = make_ready(people=3)
        gone, *rest = Registration.objects.filter(wave=ready.wave).select_related("applicant")
        make_list("in_education", gone.applicant.nik.open(), source="Dapodik", day=YESTERDAY)
        draw = frozen(ready)
        assert set(DrawEntry.objects.filter(draw=draw).values_list("registration", flat=True)) == {r.pk for r in rest}
        page = opened(gone).get("/status/").content.decode()
        assert "Anda tidak memenuhi syarat gelombang ini" in page
        assert "dari Dapodik, keadaan per" in page
        assert "Minta sekolah atau kampus Anda memperbarui datanya" in page
        assert "Gabung gelombang" not in page
