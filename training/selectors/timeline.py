"""The timeline of a status page."""

from datetime import date, datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from registrations.models import Registration
from training.models import Placement, Wish
from training.selectors.status import Outcome


def steps_of(
    registration: Registration,
    wishes: list[Wish],
    outcome: Outcome | None,
    placement: Placement | None,
) -> list[dict[str, object]]:
    """The timeline: what is done, the one present step with its button, what comes and when."""
    wave = registration.wave
    joined = registration.state == Registration.State.JOINED
    past = {
        "draft": 0, "open": 0, "closed": 1, "frozen": 2, "drawn": 3, "published": 4, "running": 4, "finished": 4,
        "cancelled": 0,
    }[wave.state]  # fmt: skip
    steps: list[dict[str, object]] = [
        {"title": _("Terdaftar"), "state": "done", "time": _moment(registration.created_at)},
        {
            "title": _("Gabung gelombang"),
            "state": "done" if joined else "failed" if past else "present",
            "time": _moment(registration.joined_at) if joined else "",
            "text": ""
            if joined
            else _("Tanpa langkah ini Anda tidak ikut undian. Paling lambat %(day)s.")
            % {"day": _moment(wave.closes_at)},
            "href": reverse("receipt"),
            "label": _("Gabung gelombang"),
        },
    ]
    if not joined:
        return steps
    steps.append(
        {
            "title": _("Pilih kelas"),
            "state": "done" if wishes else "present" if not past else "done",
            "text": _("Paling banyak 5 kelas, boleh diubah sampai pendaftaran ditutup.")
            if not past
            else ""
            if wishes
            else _("Anda tidak memilih kelas. Kelas ditentukan oleh aturan undian."),
            "href": reverse("wishes"),
            "label": _("Ubah pilihan kelas") if wishes else _("Pilih kelas"),
        }
    )
    steps.append(_step(_("Pendaftaran ditutup"), past > 0, past == 0 and bool(wishes), _moment(wave.closes_at)))
    steps.append(
        _step(
            _("Daftar dibekukan"),
            past > 1,
            past == 1,
            "",
            _("Semua nama yang ikut undian dicatat. Sesudah itu tidak ada yang dapat menambah atau mengubahnya."),
        )
    )
    steps.append(
        _step(_("Undian"), past > 3, past in {2, 3}, _moment(wave.draws_at), _("Dadu dilempar di depan saksi."))
    )
    if outcome:
        steps.append(_result_step(outcome, placement))
        if placement and placement.state in Placement.LIVE:
            steps.append(
                _step(
                    _("Kelas dimulai"),
                    False,
                    placement.state == Placement.State.ACCEPTED,
                    _day(placement.training_class.starts_on),
                    placement.training_class.venue,
                )
            )
    return steps


def _step(title: str, done: bool, present: bool, time: str, text: str = "") -> dict[str, object]:
    return {"title": title, "state": "done" if done else "present" if present else "next", "time": time, "text": text}


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
