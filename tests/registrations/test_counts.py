"""People counted for the quota: who, in which cells, in what unit, and what a later count makes of an earlier one."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.scope import NOBODY
from clusters.models import Dataset, Observation, Wave
from clusters.selectors.demand import split_inputs
from registrations.models import Registration
from registrations.services.counts import count_people
from registrations.services.intake import withdraw
from registrations.tasks import count
from tests.factories.people import make_region, make_wave
from tests.factories.places import make_regency
from tests.factories.registered import make_registration

pytestmark = pytest.mark.django_db
NOW = timezone.now()
PMI, BOROBUDUR, PHK, AFIRMASI = range(4)
MAN = {"sex": "M", "pmi_candidate": True}


@pytest.fixture
def wave() -> Wave:
    make_region()
    make_regency(3301)
    return make_wave()


def joined(wave: Wave, **over: object) -> Registration:
    registration = make_registration(wave, **over)
    Registration.objects.filter(pk=registration.pk).update(state="joined", joined_at=NOW)
    return registration


def leave(registration: Registration) -> None:
    scope = NOBODY.as_applicant(registration.applicant_id)
    withdraw(scope=scope, registration_id=registration.pk, now=NOW)


def counted(wave: Wave, indicator: str) -> dict[tuple[object, ...], int]:
    """The current figures that are not 0, by regency, cluster and, where told apart, sex and disability."""
    figures = Observation.objects.current().filter(wave=wave, indicator=indicator).exclude(value=0)
    return {(f.regency_id, f.cluster_id, *((f.sex, f.with_disability) if f.sex else ())): int(f.value) for f in figures}


def test_who_fits_several_clusters_is_shared_out_as_a_registrant_and_whole_as_eligible(wave: Wave) -> None:
    joined(wave)  # a woman: AFIRMASI
    joined(wave, pmi_candidate=True, disability=True)  # PMI and AFIRMASI
    joined(wave, pmi_candidate=True, laid_off=True, disability=False)  # PMI, PHK and AFIRMASI
    joined(wave, regency=3301, **MAN)  # PMI
    joined(wave, regency=3301, disability=True, **MAN)  # PMI and AFIRMASI
    make_registration(wave)  # did not join
    leave(joined(wave))
    assert count.name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    count()
    assert counted(wave, "eligible_people") == {
        (3374, PMI): 2, (3374, PHK): 1, (3374, AFIRMASI): 3, (3301, PMI): 2, (3301, AFIRMASI): 1,
    }  # fmt: skip
    registrants = counted(wave, "registrants")
    assert registrants == {
        (3374, PMI): 6 + 4, (3374, PHK): 4, (3374, AFIRMASI): 12 + 6 + 4, (3301, PMI): 12 + 6, (3301, AFIRMASI): 6,
    }  # fmt: skip
    assert sum(registrants.values()) == 5 * 12, "nobody counts twice"
    assert counted(wave, "registrants_by_group") == {
        (3374, PMI, "f", True): 6, (3374, PMI, "f", False): 4,
        (3374, PHK, "f", False): 4,
        (3374, AFIRMASI, "f", False): 12 + 4, (3374, AFIRMASI, "f", True): 6,
        (3301, PMI, "m", False): 12, (3301, PMI, "m", True): 6,
        (3301, AFIRMASI, "m", True): 6,
    }  # fmt: skip


def test_nothing_is_known_of_a_wave_without_people_and_then_every_other_cell_is_empty(wave: Wave) -> None:
    empty, draft = make_wave(), make_wave("draft")
    joined(wave)
    count_people(now=NOW)
    assert not Observation.objects.filter(wave__in=[empty, draft]).exists()
    [zero] = Observation.objects.filter(wave=wave, indicator="eligible_people", regency=3301, cluster=PMI)
    assert zero.value == 0


def test_a_count_writes_what_changed_and_keeps_what_was(wave: Wave) -> None:
    other = make_wave()
    leaver, stays = joined(wave, pmi_candidate=True), joined(other)
    joined(wave, regency=3301)
    count_people(now=NOW)
    before = set(Observation.objects.values_list("pk", flat=True))
    count_people(now=NOW + timedelta(hours=1))
    assert set(Observation.objects.values_list("pk", flat=True)) == before
    assert Dataset.objects.filter(name__startswith="Pendaftar").count() == 2, "one of each wave"

    leave(leaver)
    count_people(now=NOW + timedelta(hours=2))
    assert counted(wave, "registrants") == {(3301, AFIRMASI): 12}
    assert counted(wave, "registrants_by_group") == {(3301, AFIRMASI, "f", False): 12}
    assert counted(other, "registrants") == {(stays.regency_id, AFIRMASI): 12}
    former = Observation.objects.get(wave=wave, indicator="registrants", cluster=PMI, value=6)
    assert (former.superseded_by.value, former.superseded_by.regency_id) == (0, 3374)


def test_after_the_freeze_and_the_draw_the_counts_stand(wave: Wave) -> None:
    joined(wave)
    count_people(now=NOW)
    for state in ("closed", "frozen", "drawn"):
        Wave.objects.filter(pk=wave.pk).update(state=state)
    Registration.objects.filter(wave=wave).update(state="withdrawn")
    count_people(now=NOW + timedelta(hours=1))
    assert counted(wave, "registrants") == {(3374, AFIRMASI): 12}


def test_once_closed_registrants_weigh_and_eligible_people_bound(wave: Wave) -> None:
    joined(wave)
    joined(wave, regency=3301, **MAN)
    count_people(now=NOW)
    assert split_inputs(wave=wave, today=NOW.date()).policy["weights"] == "indicators"
    Wave.objects.filter(pk=wave.pk).update(state="closed")
    wave.refresh_from_db()
    inputs = split_inputs(wave=wave, today=NOW.date())
    assert inputs.policy["weights"] == "registrants"
    assert inputs.weight.sum(axis=1).tolist() == [12, 0, 0, 12]
    assert inputs.basis[PMI][0]["cap"]["eligible"]["value"] == 1
    Wave.objects.filter(pk=wave.pk).update(state="open")
    wave.refresh_from_db()
    reopened = split_inputs(wave=wave, today=NOW.date())
    assert reopened.policy["weights"] == "indicators", "who comes in the longer time is not known yet"
    assert reopened.basis[PMI][0]["cap"]["eligible"] is None
