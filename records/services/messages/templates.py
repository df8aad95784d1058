"""The texts of messages: shipped as data, changed by operators, named placeholders and nothing else in them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from records.models import Channel, MessageTemplate
from records.services.constraints import violated
from records.services.messages.segments import Segments, segments

SHIPPED = Path(__file__).parents[2] / "data" / "message_templates.json"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
# What opens an account stands alone: behind anything else it could become a part of somebody else's address.
_JOINED = re.compile(r"[^ \n]\{(link|code)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


class UnknownTemplate(Exception):
    """No text of this name for this channel and language."""


class WrongPlaceholders(Exception):
    """Values are missing or surplus, or a text names other placeholders than it must; the text says which."""


class TextTooLong(Exception):
    """With the examples of its placeholders the SMS takes more than one segment."""


class ChangedMeanwhile(Exception):
    """Somebody else changed this text since it was read; nothing was changed."""


@dataclass(frozen=True)
class Rendered:
    """A text with its values in it. `cost` is in rupiah, as settings.MESSAGE_PRICES has it."""

    subject: str
    body: str
    segments: Segments | None
    cost: int


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Any]:
    """What each template is: kind, whether its values are sealed, placeholders with examples, shipped texts."""
    return json.loads(SHIPPED.read_text())  # type: ignore[no-any-return]


def checked(template: str, channel: str, language: str, names: frozenset[str]) -> Mapping[str, Any]:
    """The entry of the catalogue. Raises UnknownTemplate, and WrongPlaceholders unless `names` are exactly its own."""
    entry = catalogue().get(template)
    if entry is None or language not in entry["texts"].get(channel, {}):
        raise UnknownTemplate(f"{template} {channel} {language}")
    if names != entry["placeholders"].keys():
        raise WrongPlaceholders(f"{template}: {', '.join(sorted(names ^ entry['placeholders'].keys()))}")
    return entry  # type: ignore[no-any-return]


def render(text: MessageTemplate, values: Mapping[str, str]) -> Rendered:
    """Put the values in, each on one line whatever it brings along, and the portal's address for {portal}.

    Raises WrongPlaceholders for one that is missing.
    """
    given = {name: _CONTROL.sub(" ", value) for name, value in values.items()}
    given["portal"] = settings.PORTAL_URL.partition("://")[2]
    try:
        subject, body = (_PLACEHOLDER.sub(lambda name: given[name[1]], part) for part in (text.subject, text.body))
    except KeyError as error:
        raise WrongPlaceholders(f"{text.name}: {error.args[0]}") from error
    counted = segments(body) if text.channel == Channel.SMS else None
    price = settings.MESSAGE_PRICES.get(text.channel, 0)
    return Rendered(subject, body, counted, price * (counted.count if counted else 1))


def preview(text: MessageTemplate) -> Rendered:
    """What this version looks like with the examples of the template."""
    return render(text, catalogue()[text.name]["placeholders"])


def newest(*, template: str, channel: str, language: str) -> MessageTemplate:
    """The version that is used from now on. Raises UnknownTemplate."""
    found = MessageTemplate.objects.filter(name=template, channel=channel, language=language).order_by("-version")
    if text := found.first():
        return text
    raise UnknownTemplate(f"{template} {channel} {language}")


def change_template(
    *, author_id: UUID, template: str, channel: str, language: str, version: int, subject: str, body: str, now: datetime
) -> MessageTemplate:
    """A new version of a text, in place of `version`, which its author has read; messages already promised keep theirs.

    It must use exactly the placeholders of the shipped text. Raises UnknownTemplate, WrongPlaceholders, TextTooLong,
    ChangedMeanwhile, and django.db.IntegrityError (records_messagetemplate_subject) for a subject elsewhere than in e-mail.
    """
    before = newest(template=template, channel=channel, language=language)
    if before.version != version:
        raise ChangedMeanwhile(str(before))
    text = MessageTemplate(
        name=template,
        channel=channel,
        language=language,
        version=version + 1,
        subject=_CONTROL.sub(" ", subject).strip(),
        body=body.replace("\r\n", "\n").strip(),
        author_id=author_id,
        created_at=now,
    )
    check_text(text)
    try:
        with transaction.atomic():
            text.save(force_insert=True)
    except IntegrityError as error:
        if violated(error) == "records_messagetemplate_version":
            raise ChangedMeanwhile(str(before)) from error
        raise
    return text


def check_text(text: MessageTemplate) -> None:
    """Raises WrongPlaceholders or TextTooLong for what could not be sent well."""
    shipped = catalogue()[text.name]["texts"][text.channel][text.language]
    wanted, found = _names(shipped.get("subject", "") + shipped["body"]), _names(text.subject + text.body)
    if wanted != found:
        raise WrongPlaceholders(", ".join(sorted(wanted ^ found)))
    if joined := _JOINED.search(text.subject) or _JOINED.search(text.body):
        raise WrongPlaceholders(joined[0])
    if text.channel == Channel.SMS and (counted := preview(text).segments) and counted.count > 1:
        raise TextTooLong(f"{counted.units} {counted.encoding}")


def _names(text: str) -> frozenset[str]:
    """The placeholders of a text. Raises WrongPlaceholders for any other brace."""
    if stray := re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
        raise WrongPlaceholders(stray[0])
    return frozenset(_PLACEHOLDER.findall(text))


def load_shipped(now: datetime) -> int:
    """Make the shipped texts the newest version where they changed and no operator has one of their own; how many."""
    last = MessageTemplate.objects.order_by("name", "channel", "language", "-version")
    standing = {(text.name, text.channel, text.language): text for text in last.distinct("name", "channel", "language")}
    fresh = []
    for name, entry in catalogue().items():
        for channel, texts in entry["texts"].items():
            for language, text in texts.items():
                found = standing.get((name, channel, language))
                shipped = (text.get("subject", ""), text["body"])
                if found and (found.author_id or (found.subject, found.body) == shipped):
                    continue
                fresh.append(
                    MessageTemplate(
                        name=name,
                        channel=channel,
                        language=language,
                        version=found.version + 1 if found else 1,
                        subject=shipped[0],
                        body=shipped[1],
                        created_at=now,
                    )
                )
    MessageTemplate.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)
