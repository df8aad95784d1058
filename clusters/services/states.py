"""Moving a wave from state to state: one conditional update, one event."""

from datetime import datetime

from accounts.scope import Scope
from clusters.models import Wave
from clusters.states import TRANSITIONS
from records.services.log import record_event


class WrongState(Exception):
    """The wave is not in a state from which this step leads on; nothing was changed."""


def move_wave(*, scope: Scope, wave: Wave, to: str, now: datetime, reason: str = "") -> Wave:
    """Take the step, or raise WrongState when the wave is elsewhere, also because somebody was faster."""
    before = [old for old, steps in TRANSITIONS.items() if to in steps]
    changes = {"state": to, "as_of": now} | ({"cancel_reason": reason} if to == Wave.State.CANCELLED else {})
    if not Wave.objects.filter(pk=wave.pk, state__in=before).update(**changes):
        raise WrongState(f"{wave.slug}: {wave.state} > {to}")
    record_event(
        kind=f"wave.{to}",
        actor_id=scope.user_id,
        actor_role=scope.actor_role,
        subject_type="wave",
        subject_id=wave.pk,
        fields=["state"],
        reason=reason,
        at=now,
    )
    wave.state = to
    return wave
