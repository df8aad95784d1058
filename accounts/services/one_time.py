"""Codes and links by message: asked for within budgets, good once, and the same for logins that nobody has."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import override

from accounts.models import OneTimeSecret, User
from accounts.services.passwords import network_of
from accounts.services.sessions import end_sessions_of
from records.fields import BlindIndexField
from records.services.locks import take_turns
from records.services.log import record_event
from records.services.messages import Recipient, queue_message

CODE_LASTS = timedelta(minutes=5)
RESET_LASTS = timedelta(days=1)
ENROLMENT_LASTS = timedelta(days=7)
PER_LOGIN_AN_HOUR = 3
PER_ADDRESS_AN_HOUR = 30  # a whole office may share one
KEPT = timedelta(days=2)

Kind = OneTimeSecret.Kind


class BudgetSpent(Exception):
    """No message now: this login, this address, or all sign-ins together have had theirs."""


class SecretSpent(Exception):
    """Used, too old, tried too often, or never given out."""


def request_code(*, login: str, address: str, language: str, now: datetime) -> UUID:
    """Send a code to `login`, if an active account has it; the id is for the session that asked, and only there it counts.

    A login that nobody has is answered the same and costs the same. Raises BudgetSpent.
    """
    row = _budgeted(Kind.CODE, login, address, now, CODE_LASTS)
    code = f"{secrets.randbelow(1_000_000):06}"
    row.secret = _code_hash(row.pk, code)
    minutes = str(CODE_LASTS.seconds // 60)
    _promise(row, login, "sign_in_code", language, {"code": code, "minutes": minutes}, now)
    return row.pk


def verify_code(*, secret_id: UUID, code: str, now: datetime) -> User | None:
    """The account that this code opens; None for a wrong one, which costs a try. Raises SecretSpent."""
    row = (
        OneTimeSecret.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(pk=secret_id, kind=Kind.CODE)
        .first()
    )
    if row is None or row.used_at or now >= row.expires_at or row.tries >= OneTimeSecret.TRIES:
        raise SecretSpent
    fits = compare_digest(bytes(row.secret), _code_hash(row.pk, code)) and row.user_id is not None
    row.tries += 1
    row.used_at = now if fits else None
    row.save(update_fields=["tries", "used_at"])
    return row.user if fits and row.user and row.user.is_active else None


def request_reset(*, login: str, address: str, language: str, now: datetime) -> None:
    """Send a link for a new password to `login`, if an active account has it. As request_code; raises BudgetSpent."""
    row = _budgeted(Kind.LINK, login, address, now, RESET_LASTS)
    _promise_link(row, login, "set_password", language, {}, now)


def start_enrolment(
    *,
    user: User,
    now: datetime,
    template: str = "set_password",
    values: Mapping[str, str] | None = None,
    language: str = "id",
) -> None:
    """Send `user` a single-use link to choose a password; a second factor is asked for right after.

    `template` has the placeholders `link` and `day` (the last one it works on) beside `values`. By e-mail where there is
    an address, else by SMS. The caller has authorised it: no budget is asked.
    """
    row = OneTimeSecret(kind=Kind.LINK, user=user, asked_at=now, expires_at=_end_of_day(now + ENROLMENT_LASTS))
    _promise_link(row, user.email or "", template, language, dict(values or {}), now)


def enrolment_link(*, user: User, now: datetime) -> str:
    """The link that `start_enrolment` sends, for who stands at the terminal: it is told once and kept nowhere."""
    row = OneTimeSecret(kind=Kind.LINK, user=user, asked_at=now, expires_at=_end_of_day(now + ENROLMENT_LASTS))
    link = _new_link(row)
    row.save(force_insert=True)
    return link


def is_good_link(*, token: str, now: datetime) -> bool:
    """Whether use_link would take this token now."""
    return _good_links(token, now).exists()


def use_link(*, token: str, password: str, now: datetime) -> User:
    """Give the account of this link its new password, and end its sessions and every other code and link.

    Raises SecretSpent; django.core.exceptions.ValidationError for a password that is refused, and the link stays good.
    """
    row = _good_links(token, now).select_for_update(of=("self",)).select_related("user").first()
    if row is None or row.user is None:
        raise SecretSpent
    set_password(user=row.user, password=password, now=now)
    return row.user


def set_password(*, user: User, password: str, now: datetime) -> None:
    """Raises ValidationError. Every session of the account and every code and link for it ends here."""
    validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    OneTimeSecret.objects.filter(user=user, used_at__isnull=True, expires_at__gt=now).update(used_at=now)
    end_sessions_of(user.pk)
    record_event(
        kind="account.password_set",
        actor_id=user.pk,
        actor_role="public",
        subject_type="user",
        subject_id=user.pk,
        at=now,
    )


def _budgeted(kind: str, login: str, address: str, now: datetime, lasts: timedelta) -> OneTimeSecret:
    by_login, by_address = _budget_key("login", login), _budget_key("address", network_of(address))
    take_turns("sign-in messages")  # or requests made at once would each see room for one more
    day = OneTimeSecret.objects.filter(asked_at__gt=now - timedelta(days=1), login__isnull=False, user__isnull=False)
    spent = day.aggregate(messages=Count("pk"), rupiah=Sum("rupiah", default=0))
    price = settings.MESSAGE_PRICES.get(_channel(login), 0)
    hour = OneTimeSecret.objects.filter(asked_at__gt=now - timedelta(hours=1))
    if (
        spent["messages"] >= settings.SIGN_IN_MESSAGES_A_DAY
        or spent["rupiah"] + price > settings.SIGN_IN_RUPIAH_A_DAY
        or hour.filter(login=by_login).count() >= PER_LOGIN_AN_HOUR
        or hour.filter(address=by_address).count() >= PER_ADDRESS_AN_HOUR
    ):
        raise BudgetSpent
    OneTimeSecret.objects.filter(asked_at__lte=now - KEPT, expires_at__lte=now).delete()
    user = User.objects.by_login(login)
    return OneTimeSecret(
        kind=kind,
        user=user if user and user.is_active else None,
        login=by_login,
        address=by_address,
        rupiah=price,
        asked_at=now,
        expires_at=now + lasts if kind == Kind.CODE else _end_of_day(now + lasts),
    )


def _promise(
    row: OneTimeSecret, login: str, template: str, language: str, values: Mapping[str, str], now: datetime
) -> None:
    """Keep the secret and promise its message. For nobody the same is done, and the promise taken back."""
    row.save(force_insert=True)
    with transaction.atomic():
        queue_message(
            template=template,
            channel=_channel(login),
            language=language,
            key=f"{template}|{row.pk}",
            values=values,
            now=now,
            recipient=Recipient("user", row.user_id or row.pk),
            secret=True,
            expires_at=row.expires_at,
        )
        if row.user_id is None:
            transaction.set_rollback(True)


def _promise_link(
    row: OneTimeSecret, login: str, template: str, language: str, values: dict[str, str], now: datetime
) -> None:
    link = _new_link(row)
    with override(language):
        day = date_format(timezone.localtime(row.expires_at - timedelta(seconds=1)), "j F Y")
    _promise(row, login, template, language, values | {"link": link, "day": day}, now)


def _new_link(row: OneTimeSecret) -> str:
    """An address with a new token, of which the row keeps the hash."""
    token = secrets.token_urlsafe(24)
    row.secret = _link_hash(token)
    return f"{settings.PORTAL_URL}/masuk/tautan/{token}/"


def _good_links(token: str, now: datetime) -> QuerySet[OneTimeSecret]:
    return OneTimeSecret.objects.filter(
        kind=Kind.LINK,
        secret=_link_hash(token),
        expires_at__gt=now,
        used_at__isnull=True,
        user__is_active=True,
    )


def _channel(login: str) -> str:
    return "email" if "@" in login else "sms"


def _end_of_day(moment: datetime) -> datetime:
    day = timezone.localtime(moment) + timedelta(days=1)
    return day.replace(hour=0, minute=0, second=0, microsecond=0)


def _budget_key(kind: str, value: str) -> bytes:
    return BlindIndexField.of("code", f"sign-in message {kind}|{value}")


def _code_hash(secret_id: UUID, code: str) -> bytes:
    return BlindIndexField.of("code", f"sign-in code|{secret_id}|{code}")


def _link_hash(token: str) -> bytes:
    return BlindIndexField.of("code", f"sign-in link|{token}")
