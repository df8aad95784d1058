"""Second factors: given, shown, taken away, and given anew by two colleagues to who lost them all."""

from datetime import datetime
from uuid import UUID

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import FactorReset, OneTimeSecret, User
from accounts.scope import Scope
from accounts.selectors.factors import SECOND_FACTORS
from accounts.services.one_time import start_enrolment
from accounts.services.passwords import FAILURES_PER_PLACE, failure_key, record_failures, refuse_when_spent
from accounts.services.sessions import end_sessions_of
from records.services.locks import take_turns
from records.services.log import record_event

Type = Authenticator.Type
MAY_RESET = frozenset({"office_head", "approver"})


class LastFactor(Exception):
    """Who works here keeps at least one second factor."""


class AlreadyApproved(Exception):
    """Somebody was faster."""


def add_totp(*, user: User, secret: str, code: str | None = None) -> Authenticator | None:
    """Give the account an authenticator app with this base32 `secret`; None when `code` is not of it.

    A code that was shown here opens nothing afterwards. Raises django.db.IntegrityError (unique_authenticator_type)
    when there is one already.
    """
    counter = _counter_of(secret, code) if code is not None else -1
    if counter is None:
        return None
    data = {"secret": get_adapter().encrypt(secret), "counter": counter}
    return Authenticator.objects.create(user=user, type=Type.TOTP, data=data)


def verify_factor(*, user: User, code: str, now: datetime) -> Authenticator | None:
    """The authenticator app or recovery code that `code` is of; it opens nothing a second time.

    A wrong one gives None. Raises TooManyFailures when the account's budget is spent. Runs as the owner.
    """
    key = failure_key("second factor", str(user.pk))
    take_turns(key.hex())
    refuse_when_spent({key: FAILURES_PER_PLACE}, now)
    code = "".join(code.split())
    for authenticator in Authenticator.objects.select_for_update().filter(user=user).exclude(type=Type.WEBAUTHN):
        if _opens(authenticator, code):
            return authenticator
    record_failures([key], now)
    return None


def _opens(authenticator: Authenticator, code: str) -> bool:
    if authenticator.type == Type.RECOVERY_CODES:
        return bool(RecoveryCodes(authenticator).validate_code(code))
    counter = _counter_of(get_adapter().decrypt(authenticator.data["secret"]), code)
    if counter is None or counter <= authenticator.data.get("counter", -1):
        return False
    authenticator.data["counter"] = counter
    authenticator.save(update_fields=["data"])
    return True


def _counter_of(secret: str, code: str) -> int | None:
    """The time step, of those that count now, whose code this is."""
    found = (n for n in yield_hotp_counters_from_time() if format_hotp_value(hotp_value(secret, n)) == code)
    return next(found, None)


def new_recovery_codes(*, user: User) -> list[str]:
    """Ten new codes in place of all older ones: the only time they are seen."""
    with transaction.atomic():
        Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).delete()
        return list(RecoveryCodes.activate(user).get_unused_codes())


def remove_factor(*, user: User, factor_id: int) -> None:
    """Raises Authenticator.DoesNotExist, and LastFactor for the only one."""
    with transaction.atomic():
        factors = list(
            Authenticator.objects.select_for_update().filter(user=user, type__in=SECOND_FACTORS).order_by("pk")
        )
        chosen = next((factor for factor in factors if factor.pk == factor_id), None)
        if chosen is None:
            raise Authenticator.DoesNotExist
        if len(factors) == 1:
            raise LastFactor
        chosen.delete()


def ask_factor_reset(*, scope: Scope, user_id: UUID, reason: str, now: datetime) -> FactorReset:
    """Ask for new second factors for somebody who lost all. The caller has checked that this person is the asker's to help.

    Raises PermissionDenied; django.db.IntegrityError (accounts_factorreset_reason, ..._not_own, ..._one_open).
    """
    if not scope.roles & MAY_RESET:
        raise PermissionDenied
    reset = FactorReset(user_id=user_id, reason=reason.strip(), asked_by_id=scope.actor_id, asked_at=now)
    with transaction.atomic():
        reset.save(force_insert=True)
    _record_reset("account.factor_reset_asked", scope, reset, now)
    return reset


def approve_factor_reset(*, scope: Scope, reset_id: UUID, now: datetime) -> None:
    """Take away every factor, session, code and link of the person, and send a link to begin anew. Runs as the owner.

    Raises FactorReset.DoesNotExist, PermissionDenied, AlreadyApproved; django.db.IntegrityError
    (accounts_factorreset_two_persons, ..._not_own).
    """
    if not scope.roles & MAY_RESET:
        raise PermissionDenied
    with transaction.atomic():
        reset = FactorReset.objects.select_for_update(of=("self",)).select_related("user").get(pk=reset_id)
        if reset.approved_by_id:
            raise AlreadyApproved
        reset.approved_by_id, reset.approved_at = scope.actor_id, now
        reset.save(update_fields=["approved_by", "approved_at"])
        Authenticator.objects.filter(user=reset.user).delete()
        OneTimeSecret.objects.filter(user=reset.user, used_at__isnull=True, expires_at__gt=now).update(used_at=now)
        reset.user.set_unusable_password()
        reset.user.save(update_fields=["password"])
        end_sessions_of(reset.user_id)
        start_enrolment(user=reset.user, now=now)
        _record_reset("account.factor_reset", scope, reset, now)


def _record_reset(kind: str, scope: Scope, reset: FactorReset, now: datetime) -> None:
    record_event(
        kind=kind,
        actor_id=scope.actor_id,
        actor_role=scope.actor_role,
        subject_type="user",
        subject_id=reset.user_id,
        reason=reset.reason,
        at=now,
    )
