"""What a member of staff has before them: a wave, and one regency or all that they may see."""

from dataclasses import dataclass

from accounts.scope import Scope
from clusters.models import Regency, Wave


class NoSuchDesk(Exception):
    """The wave or the regency does not exist, or is not this person's."""


@dataclass(frozen=True)
class Desk:
    """`regency` None: all of `regencies`. `wave` None: there is none yet."""

    waves: list[Wave]
    wave: Wave | None
    regencies: list[Regency]
    regency: Regency | None


def choose_desk(*, scope: Scope, wave_slug: str = "", regency_id: str = "") -> Desk:
    """The chosen wave, or the newest; the chosen regency, or the only one. Two queries. Raises NoSuchDesk."""
    waves = list(Wave.objects.within(scope).newest_first())
    regencies = list(Regency.objects.select_related("office"))
    if not scope.sees_all:
        regencies = [regency for regency in regencies if regency.pk in scope.regency_ids]
    wave = next((wave for wave in waves if wave.slug == wave_slug or not wave_slug), None)
    regency = next((regency for regency in regencies if str(regency.pk) == regency_id or len(regencies) == 1), None)
    if (wave_slug and not wave) or (regency_id and (not regency or str(regency.pk) != regency_id)):
        raise NoSuchDesk
    return Desk(waves, wave, regencies, regency)
