"""Messages as their recipients read them: in the portal, and on the phones of the sample province."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q
from django.utils.module_loading import import_string

from records.models import Message
from records.services.messages.outbox import Recipient
from records.services.messages.templates import Rendered, render


@dataclass(frozen=True)
class Readable:
    """`text` is None where the values were wiped."""

    message: Message
    text: Rendered | None


def values_of(message: Message) -> Mapping[str, str] | None:
    """The values of a message's placeholders, in clear; None once they were wiped."""
    if message.sealed_values:
        return json.loads(message.sealed_values.open())  # type: ignore[no-any-return]
    return None if message.secret else message.plain_values


def readable(messages: Iterable[Message]) -> list[Readable]:
    """The texts of messages; callers show each to its recipient only."""
    return [
        Readable(message, None if values is None else render(message.template, values))
        for message in messages
        for values in [values_of(message)]
    ]


def messages_to(recipient: Recipient, *, limit: int) -> list[Readable]:
    """What this person was told or is about to be, newest first, without codes: the sender's words, on whatever channel.

    A web request sees those of its own applicant only, whomever it asks for.
    """
    own = Message.objects.filter(recipient_kind=recipient.kind, recipient_id=recipient.id, secret=False)
    return readable(own.select_related("template").order_by("-created_at", "-pk")[:limit])


def newest_messages(*, channels: Sequence[str], before: tuple[datetime, UUID] | None, limit: int) -> list[Message]:
    """A page of the outbox, newest first, after the message with this moment and id. For the owner."""
    messages = Message.objects.filter(channel__in=channels).select_related("template")
    if before:
        at, pk = before
        messages = messages.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk), created_at__lte=at)
    return list(messages.order_by("-created_at", "-pk")[:limit])


def addresses_of(messages: Iterable[Message]) -> dict[UUID, str]:
    """Where each of these messages goes, as the address books know it now; without an address, no entry. For the owner."""
    found: dict[UUID, str] = {}
    wanted: dict[tuple[str, str], list[Message]] = defaultdict(list)
    for message in messages:
        if message.destination:
            found[message.pk] = message.destination.open()
        elif message.recipient_id:
            wanted[message.recipient_kind, message.channel].append(message)
    for (kind, channel), those in wanted.items():
        book = import_string(settings.ADDRESS_BOOKS[kind])({message.recipient_id for message in those}, channel)
        found |= {message.pk: book[message.recipient_id] for message in those if message.recipient_id in book}
    return found


def outbox_counts(*, since: datetime) -> list[tuple[str, str, str, str, int]]:
    """(channel, template, state, reason, how many) of the messages promised since then: also what was not sent, and why."""
    by = ("channel", "template__name", "state", "reason")
    found = Message.objects.filter(created_at__gte=since).values_list(*by).annotate(count=Count("pk"))
    return list(found.order_by(*by))
