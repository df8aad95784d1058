"""The timeline of a status page."""

from datetime import date, datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from registrations.models import Registration
from training.models import Placement, Wish
from training.selectors.status import Outcome

# How far the steps of everybody have come in each state of the wave.
PAST = {"open": 0, "closed": 1, "frozen": 2, "drawn": 2, "published": 3, "running": 3, "finished": 3}


def steps_of(
    registration: Registration, wishes: list[Wish], outcome: Outcome | None, placement: Placement | None
) -> list[dict[str, object]]:
    """The timeline: what is done, the one present step with its button, what comes and when."""
    wave = registration.wave
    past = PAST.get(wave.state, 0)
    joined = registration.state == Registration.State.JOINED
    steps = [_step(_("Terdaftar"), True, False, time=_moment(registration.created_at))]
    if registration.state == Registration.State.INELIGIBLE:
        text = _("Anda tidak ikut undian selama sebabnya belum diperbaiki.")
        return [*steps, {"title": _("Syarat tidak terpenuhi"), "state": "failed", "text": text}]
    if not joined:
        text = _("Tanpa langkah ini Anda tidak ikut undian. Paling lambat %(day)s.") % {"day": _moment(wave.closes_at)}
        missing = _step(_("Gabung gelombang"), False, not past, text=text, href="receipt", label=_("Gabung gelombang"))
        return [*steps, missing | ({"state": "failed"} if past else {})]
    wished = bool(wishes)
    chosen = _("Boleh diubah sampai pendaftaran ditutup.") if wished else _("Paling banyak 5 kelas, menurut keinginan.")
    unchosen = _("Anda tidak memilih kelas. Kelas ditentukan oleh aturan undian.")
    steps += [
        _step(_("Gabung gelombang"), True, False, time=_moment(registration.joined_at)),
        _step(
            _("Pilih kelas"),
            past > 0,
            not past,
            text=chosen if not past else "" if wished else unchosen,
            href="wishes",
            label=_("Ubah pilihan kelas") if wished else _("Pilih kelas"),
        ),
        _step(_("Pendaftaran ditutup"), past > 0, False, time=_moment(wave.closes_at)),
        _step(
            _("Daftar dibekukan"),
            past > 1,
            past == 1,
            text=_("Semua nama yang ikut undian dicatat. Sesudah itu tidak ada yang dapat menambah atau mengubahnya."),
        ),
        _step(_("Undian"), past > 2, past == 2, time=_moment(wave.draws_at), text=_("Dadu dilempar di depan saksi.")),
    ]
    if not outcome:
        return steps
    steps.append(_result_step(outcome, placement))
    if placement and placement.state in Placement.LIVE:
        start, accepted = placement.training_class.starts_on, placement.state == Placement.State.ACCEPTED
        steps.append(_step(_("Kelas dimulai"), False, accepted, time=_day(start), text=placement.training_class.venue))
    return steps


def _step(
    title: str, done: bool, present: bool, *, time: str = "", text: str = "", href: str = "", label: str = ""
) -> dict[str, object]:
    """A step; only the present one has its button."""
    step: dict[str, object] = {
        "title": title, "state": "done" if done else "present" if present else "next", "time": time, "text": text,
    }  # fmt: skip
    return step | ({"href": reverse(href), "label": label} if href and present and not done else {})


def _result_step(outcome: Outcome, placement: Placement | None) -> dict[str, object]:
    title = _("Hasil undian")
    if placement is None:
        return {"title": title, "state": "done", "text": _("Belum mendapat tempat pada gelombang ini.")}
    answered = placement.state != Placement.State.OFFERED
    text = {
        Placement.State.OFFERED: _("Anda mendapat tempat. Jawab paling lambat %(day)s."),
        Placement.State.ACCEPTED: _("Tempat Anda terima."),
        Placement.State.DECLINED: _("Tempat Anda kembalikan."),
        Placement.State.LAPSED: _("Batas jawab %(day)s sudah lewat."),
    }[Placement.State(placement.state)] % {"day": _day(placement.answer_by)}
    return {
        "title": title,
        "state": "done" if answered else "present",
        "time": _moment(outcome.draw.published_at),
        "text": text,
    }


def _moment(value: datetime | None) -> str:
    return date_format(localtime(value), _("j F Y \\p\\u\\k\\u\\l H.i")) + " WIB" if value else ""


def _day(value: date) -> str:
    return date_format(value, "j F Y")
