"""The phones and mailboxes of the sample province at /simulator/pesan/: what would have reached them.

Anybody who tries the portal reads codes here, so it stands only where all data are samples.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.middleware import outside_scope
from records.models import Channel, Message
from records.services.messages.reading import Readable, addresses_of, newest_messages, readable

PAGE = 24
CHANNELS = {"sms": "SMS", "whatsapp": "WhatsApp", "email": gettext_lazy("Surel")}
STATES = {
    "queued": ("warning", gettext_lazy("Menunggu")),
    "sending": ("info", gettext_lazy("Sedang dikirim")),
    "sent": ("positive", gettext_lazy("Terkirim")),
    "failed": ("negative", gettext_lazy("Gagal")),
    "expired": ("neutral", gettext_lazy("Lewat waktu")),
    "suppressed": ("neutral", gettext_lazy("Tidak dikirim")),
}
REASONS = {
    "quiet_hours": gettext_lazy("jam tenang, pukul 21.00 sampai 06.00"),
    "budget": gettext_lazy("anggaran hari itu habis"),
    "opted_out": gettext_lazy("penerima tidak mau diingatkan"),
    "no_address": gettext_lazy("penerima tidak punya alamat di saluran ini"),
    "no_gateway": gettext_lazy("penyedia sedang tidak dapat dipakai"),
    "unavailable": gettext_lazy("penyedia menolak sementara"),
    "uncertain": gettext_lazy("jawaban penyedia hilang"),
    "rejected": gettext_lazy("penyedia menolak pesan ini"),
    "attempts": gettext_lazy("semua percobaan gagal"),
    "unreadable": gettext_lazy("isi tidak dapat dibaca"),
}


@dataclass(frozen=True)
class Bubble:
    """One message as the page shows it."""

    readable: Readable
    tone: str
    state: Any
    reason: Any

    @property
    def arrived(self) -> bool:
        return self.readable.message.state == Message.State.SENT


@dataclass(frozen=True)
class Conversation:
    """What one address got on one channel."""

    address: str
    channel: str
    bubbles: list[Bubble]

    @property
    def is_mail(self) -> bool:
        return self.channel == Channel.EMAIL


@outside_scope
@require_safe
@never_cache
def simulated_messages(request: HttpRequest) -> HttpResponse:
    """The newest messages by conversation, numbers masked unless asked for; 404 outside a sample province."""
    if not settings.SAMPLE_DATA:
        raise Http404
    channel = request.GET.get("kanal", "")
    channels = [channel] if channel in CHANNELS else list(CHANNELS)
    shown = request.GET.get("nomor") == "terlihat"
    messages = newest_messages(channels=channels, before=_before(request), limit=PAGE + 1)
    here = {"kanal": channel if channel in CHANNELS else "", "nomor": "terlihat" if shown else ""}
    last = messages[PAGE - 1] if len(messages) > PAGE else None
    context = {
        "conversations": list(_conversations(messages[:PAGE], shown=shown)),
        "tabs": [
            {"label": label, "url": _url(here | {"kanal": code}), "active": code == here["kanal"], "count": None}
            for code, label in [("", _("Semua")), *CHANNELS.items()]
        ],
        "numbers_shown": shown,
        "numbers_url": _url(here | {"nomor": "" if shown else "terlihat"}),
        "newest_url": _url(here) if "sebelum" in request.GET else "",
        "next_url": _url(here | {"sebelum": str(last.pk)}) if last else "",
        "sender": settings.MESSAGE_SENDER,
        "sender_address": settings.DEFAULT_FROM_EMAIL,
    }
    return render(request, "simulator/messages.html", context)


def _before(request: HttpRequest) -> Any:
    if "sebelum" not in request.GET:
        return None
    try:
        pk = UUID(request.GET["sebelum"])
        return Message.objects.values_list("created_at", "pk").get(pk=pk)
    except (ValueError, Message.DoesNotExist) as error:
        raise Http404 from error


def _conversations(messages: Iterable[Message], *, shown: bool) -> Iterator[Conversation]:
    """In the order of their newest message."""
    messages = list(messages)
    addresses = addresses_of(messages)
    talks: dict[tuple[str, str], list[Bubble]] = defaultdict(list)
    for one in readable(messages):
        message = one.message
        tone, state = STATES[message.state]
        reason = REASONS.get(message.reason, "") if message.state != Message.State.SENT else ""
        talks[message.channel, addresses.get(message.pk, "")].append(Bubble(one, tone, state, reason))
    for (channel, address), bubbles in talks.items():
        words = (address if shown else mask(address)) or _("Alamat sudah dihapus")
        yield Conversation(words, channel, bubbles)


def mask(address: str) -> str:
    """Enough of a number or an e-mail address to tell one's own: +62 8•• •••• 890, w•••@contoh.example."""
    if "@" in address:
        name, _at, host = address.partition("@")
        return f"{name[:1]}•••@{host}"
    return f"+62 8•• •••• {address[-3:]}" if address else ""


def _url(query: dict[str, str]) -> str:
    return f"?{urlencode({name: value for name, value in query.items() if value})}"
