"""The draw from a terminal, with real jobs."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from clusters.models import Wave
from records.models import Job
from tests.factories.draws import DICE, make_ready
from tests.factories.staff import make_staff
from training.models import Draw, Placement

pytestmark = pytest.mark.django_db(transaction=True)


def draw(*arguments: str) -> str:
    out = StringIO()
    call_command("draw", *arguments, stdout=out)
    return out.getvalue()


def test_from_the_freeze_to_published_places_by_two_persons() -> None:
    ready = make_ready(people=12)
    wave = ready.wave.slug
    Wave.objects.filter(pk=ready.wave.pk).update(draws_at=ready.wave.closes_at)
    first, second = make_staff("planner").email, make_staff("approver").email
    assert "frozen" in draw("freeze", wave, "--by", first)
    assert "rolled" in draw("dice", wave, "--by", first, "--dice", DICE, "--witnesses", "Saksi")
    with pytest.raises(CommandError, match="Orang kedua"):
        draw("confirm", wave, "--by", first, "--dice", DICE)
    assert "agreed" in draw("confirm", wave, "--by", second, "--dice", DICE)
    assert "published" in draw("publish", wave, "--by", second)
    assert Placement.objects.count() == Draw.objects.get().placed
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}
    assert Draw.objects.get().result_sha256 in draw("show", wave)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "tidak-ada"], "There is no wave"),
        (["freeze", "{wave}", "--by", "orang@contoh.example"], "planner or approver"),
        (["dice", "{wave}", "--by", "{planner}"], "freeze its list first"),
        (["show", "{wave}"], "no draw yet"),
    ],
)
def test_says_in_one_line_what_is_missing(arguments: list[str], message: str) -> None:
    ready = make_ready(people=1)
    planner = make_staff("planner").email
    with pytest.raises(CommandError, match=message):
        draw(*(argument.format(wave=ready.wave.slug, planner=planner) for argument in arguments))
