"""The outbox: what is to be told is written in the transaction of its cause, and sent by a worker afterwards."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from records.ids import uuid7
from records.models import Message
from records.services.messages.templates import UnknownTemplate, checked, newest


@dataclass(frozen=True)
class Recipient:
    """Somebody known: `kind` is a key of settings.ADDRESS_BOOKS. The address is looked up when a message is sent."""

    kind: str
    id: UUID


def queue_message(
    *,
    template: str,
    channel: str,
    language: str,
    key: str,
    values: Mapping[str, str],
    now: datetime,
    recipient: Recipient | None = None,
    destination: str | None = None,
    secret: bool = False,
    expires_at: datetime | None = None,
) -> UUID:
    """Promise a message in the caller's transaction: it goes out if that commits, and never otherwise. Its id.

    `key` names the occasion: asked again, the message that stands is returned and nothing is added. Give either a recipient
    or, for somebody not known yet, a `destination` (E.164 or e-mail address). A `secret` one must expire; its values are
    wiped once it is delivered or expired. Works in every scope and costs one statement.

    Raises UnknownTemplate, WrongPlaceholders, and ValueError for not exactly one of recipient and destination, an unknown
    kind of recipient, or a secret without an end.
    """
    if (recipient is None) == (not destination):
        raise ValueError("give exactly one of recipient and destination")
    if recipient and recipient.kind not in settings.ADDRESS_BOOKS:
        raise ValueError(f"settings.ADDRESS_BOOKS has no {recipient.kind!r}")
    if secret and expires_at is None:
        raise ValueError("a secret message needs an end")
    entry = checked(template, channel, language, frozenset(values))
    message = Message(pk=uuid7())
    if destination:
        message.destination = destination
    if sealed := secret or entry["sealed"]:
        message.sealed_values = json.dumps(dict(values))
    arguments = [
        message.pk,
        key,
        template,
        channel,
        language,
        entry["kind"],
        recipient.kind if recipient else "",
        recipient.id if recipient else None,
        message.destination.ciphertext if destination else None,
        json.dumps({} if sealed else dict(values)),
        message.sealed_values.ciphertext if sealed else None,
        secret,
        now,
        now,
        expires_at,
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT records_queue_message({', '.join(['%s'] * len(arguments))})", arguments)
        found: UUID | None = cursor.fetchone()[0]
    if found is None:
        raise UnknownTemplate(f"{template} {channel} {language}")
    return found


def queue_messages(
    *,
    template: str,
    channel: str,
    language: str,
    recipient_kind: str,
    recipient: str,
    key: str,
    values: Mapping[str, str],
    source: str,
    parameters: Mapping[str, Any],
    now: datetime,
    expires: str = "NULL",
) -> int:
    """Promise a message to each of many people in one statement, in the caller's transaction; how many are new.

    `recipient` (a UUID), `key`, the `values` of the placeholders and `expires` are SQL expressions over `source` (what follows
    FROM) with the named `parameters`; all of it is our own text. For jobs, as the owner; values in it are not sealed.

    Raises UnknownTemplate, WrongPlaceholders, ValueError for a template whose values must be sealed.
    """
    entry = checked(template, channel, language, frozenset(values))
    if entry["sealed"]:
        raise ValueError(f"{template}: its values must be sealed, one by one")
    pairs = ", ".join(f"'{name}', ({expression})::text" for name, expression in values.items())
    text = newest(template=template, channel=channel, language=language)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO records_message (id, key, template_id, kind, channel, recipient_kind, recipient_id, plain_values,"  # noqa: S608
            " secret, state, reason, attempt, due_at, expires_at, created_at)"
            f" SELECT gen_random_uuid(), {key}, %(_text)s, %(_kind)s, %(_channel)s, %(_book)s, {recipient},"
            f" jsonb_build_object({pairs}), false, 'queued', '', 0, %(_now)s, {expires}, %(_now)s"
            f" FROM {source} ON CONFLICT (key) DO NOTHING",
            {
                **parameters,
                "_text": text.pk,
                "_kind": entry["kind"],
                "_channel": channel,
                "_book": recipient_kind,
                "_now": now,
            },
        )
        return int(cursor.rowcount)
