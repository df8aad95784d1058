"""Texts of messages: counted as providers count, placeholders and nothing else, versions that stay."""

import itertools
import string
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from records.models import MessageTemplate
from records.services.messages import templates
from records.services.messages.segments import Segments, segments
from records.services.messages.templates import (
    ChangedMeanwhile,
    TextTooLong,
    WrongPlaceholders,
    catalogue,
    change_template,
    load_shipped,
    newest,
    preview,
    render,
)
from tests.factories.staff import make_user
from tests.prakerja.database import ask, refused

# Counted by hand from 3GPP TS 23.038: septets of GSM-7 (the extension table takes two), else units of UTF-16.
WORKED = [
    ("", Segments("GSM-7", 0, 1)),
    ("a" * 160, Segments("GSM-7", 160, 1)),
    ("a" * 161, Segments("GSM-7", 161, 2)),
    ("a" * 306, Segments("GSM-7", 306, 2)),
    ("a" * 307, Segments("GSM-7", 307, 3)),
    ("€" * 80, Segments("GSM-7", 160, 1)),
    ("a" * 159 + "€", Segments("GSM-7", 161, 2)),
    # 152 septets and a pair that does not fit the last one of the first part: 152 + 2 + 152 would be two full parts.
    ("a" * 152 + "€" + "a" * 152, Segments("GSM-7", 306, 3)),
    ("{}[]~\\^|", Segments("GSM-7", 16, 1)),
    ("é" * 160, Segments("GSM-7", 160, 1)),
    ("ç" * 70, Segments("UCS-2", 70, 1)),
    ("”" + "a" * 70, Segments("UCS-2", 71, 2)),
    ("😀" * 35, Segments("UCS-2", 70, 1)),
    ("😀" * 36, Segments("UCS-2", 72, 2)),
    ("😀" * 67, Segments("UCS-2", 134, 3)),  # 33 pairs fit 67 units
]


@pytest.mark.parametrize(("text", "counted"), WORKED, ids=range(len(WORKED)))
def test_segments_are_counted_as_worked_by_hand(text: str, counted: Segments) -> None:
    assert segments(text) == counted


@given(st.text(alphabet=string.ascii_letters + " €[é”ç😀\n", max_size=700))
def test_segments_hold_what_they_count(text: str) -> None:
    counted = segments(text)
    single, each = (160, 153) if counted.encoding == "GSM-7" else (70, 67)
    assert (counted.count == 1) == (counted.units <= single)
    if counted.count > 1:
        assert (counted.count - 1) * (each - 1) < counted.units <= counted.count * each
    assert segments(text + "a").units == counted.units + 1
    assert segments(text + "a").count >= counted.count


def shipped() -> list[MessageTemplate]:
    return [
        MessageTemplate(name=name, channel=channel, language=language, **text)
        for name, entry in catalogue().items()
        for channel, texts in entry["texts"].items()
        for language, text in texts.items()
    ]


def test_every_shipped_text_stands_in_both_languages_and_fits(settings: Any) -> None:
    settings.PORTAL_URL = "https://prakerja.jatengprov.go.id"
    for name, entry in catalogue().items():
        for channel, texts in entry["texts"].items():
            assert texts.keys() == {"id", "en"}, (name, channel)
            assert all(("subject" in text) == (channel == "email") for text in texts.values())
    for text in shipped():
        templates.check_text(text)
        assert not any(letter in preview(text).body for letter in "{}")


@pytest.mark.parametrize(
    "body",
    [
        "Kode: {kode} {minutes}",
        "Kode: {code}",
        "Kode: {code} {minutes} {wave}",
        "Kode: {code!r} {minutes}",
        "Kode: {code.__class__} {minutes}",
        "Kode: {code} {minutes} {0}",
        "Kode: {code} {minutes} }",
        "Kode: {{code}} {minutes}",
        "https://penipu.example/{code} {minutes}",
    ],
)
def test_a_text_with_another_placeholder_is_refused(body: str) -> None:
    with pytest.raises(WrongPlaceholders):
        templates.check_text(MessageTemplate(name="sign_in_code", channel="sms", language="id", body=body))


def test_values_bring_no_line_and_no_placeholder_along() -> None:
    text = MessageTemplate(channel="email", subject="Untuk {office}", body="{office}: {link}")
    values = {"office": "Disnaker\r\nBcc: semua@contoh.example", "link": "{office}"}
    rendered = render(text, values)
    assert rendered.subject == "Untuk Disnaker Bcc: semua@contoh.example"
    assert rendered.body.endswith(": {office}")


def test_a_text_says_what_its_message_costs(settings: Any) -> None:
    settings.MESSAGE_PRICES = {"sms": 350}
    short, long = (MessageTemplate(channel="sms", body="{wave}" + "a" * rest) for rest in (1, 160))
    assert render(short, {"wave": "G"}).cost == 350
    assert render(long, {"wave": "G"}).cost == 700
    assert render(MessageTemplate(channel="email", body="a" * 900), {}).cost == 0


def change(version: int, body: str, **changes: Any) -> MessageTemplate:
    where = {"template": "wave_cancelled", "channel": "sms", "language": "id", "subject": ""}
    return change_template(author_id=make_user().pk, version=version, body=body, now=timezone.now(), **where | changes)


@pytest.mark.django_db
def test_a_change_is_a_new_version_and_the_old_one_stays() -> None:
    first = newest(template="wave_cancelled", channel="sms", language="id")
    second = change(first.version, "{wave} batal. Lihat {portal}/status/")
    assert newest(template="wave_cancelled", channel="sms", language="id") == second
    assert MessageTemplate.objects.get(pk=first.pk).body == first.body
    for sql in ("UPDATE records_messagetemplate SET body = 'x'", "DELETE FROM records_messagetemplate"):
        with refused("append-only"):
            ask(sql)


@pytest.mark.django_db
def test_a_change_that_was_overtaken_or_is_unfit_is_refused() -> None:
    first = newest(template="wave_cancelled", channel="sms", language="id")
    change(first.version, "{wave} batal. Lihat {portal}/status/")
    with pytest.raises(ChangedMeanwhile):
        change(first.version, "{wave} tidak jadi. Lihat {portal}/status/")
    for body, wrong in [("{wave} {name} {portal}", WrongPlaceholders), ("{wave} {portal}" + "a" * 160, TextTooLong)]:
        with pytest.raises(wrong):
            change(first.version + 1, body)


@pytest.mark.django_db
def test_a_release_brings_its_texts_but_undoes_no_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_shipped(timezone.now()) == 0
    first = newest(template="wave_cancelled", channel="sms", language="id")
    edited = change(first.version, "{wave} batal. Lihat {portal}/status/")
    release = {
        "wave_cancelled": {"texts": {"sms": {"id": {"body": "baru"}, "en": {"body": "new"}}}},
    }
    monkeypatch.setattr(templates, "catalogue", lambda: release)
    assert load_shipped(timezone.now()) == 1
    assert newest(template="wave_cancelled", channel="sms", language="id") == edited
    assert newest(template="wave_cancelled", channel="sms", language="en").body == "new"
    assert load_shipped(timezone.now()) == 0


def test_no_two_shipped_texts_are_the_same_across_languages() -> None:
    for one, other in itertools.combinations(shipped(), 2):
        if (one.name, one.channel) == (other.name, other.channel):
            assert one.body != other.body
