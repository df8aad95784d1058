"""The questions of the pages on one page, for a device without a network."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clusters.models import Village
from registrations.forms.page import PageForm
from registrations.forms.pages import PAGES, place_in

PLACES = ("regency", "district")  # follow from the village


class SentForm(forms.Form):
    """The frame of what a device sends; the answers are checked by the pages themselves."""

    id = forms.UUIDField()
    captured_at = forms.DateTimeField()
    agreed = forms.BooleanField(error_messages={"required": _("Bacakan dulu, lalu beri tanda bila orangnya setuju.")})

    def captured(self, now: datetime) -> datetime:
        """A device's clock may be fast."""
        by_its_clock: datetime = self.cleaned_data["captured_at"]
        return min(by_its_clock, now)


def sections(regency_id: int, today: date) -> list[tuple[Any, list[forms.BoundField]]]:
    """(page, its questions), every village of the regency in one list; nothing is remembered by the browser."""
    return [(page, [*_questions(page.form(today=today), regency_id)]) for page in PAGES]


def filled(answers: Mapping[str, str], today: date) -> list[PageForm]:
    """Every page with what a device sent for it."""
    village = Village.objects.select_related("district").filter(pk=place_in(answers, "village_id")).first()
    places = {"regency": str(village.district.regency_id), "district": str(village.district_id)} if village else {}
    return [page.form({**answers, **places}, today=today) for page in PAGES]


def _questions(form: PageForm, regency_id: int) -> list[forms.BoundField]:
    for name in PLACES:
        form.fields.pop(name, None)
    if "village_id" in form.fields:
        villages = Village.objects.filter(district__regency_id=regency_id).select_related("district")
        by_district = groupby(
            villages.order_by("district__name", "district_id", "name"), lambda each: each.district.name
        )
        grouped = [(district, [(each.pk, each.name) for each in some]) for district, some in by_district]
        form.fields["village_id"].widget.choices = [("", _("Pilih dari daftar")), *grouped]
    for field in form.fields.values():
        field.widget.attrs["autocomplete"] = "off"
    return [form[name] for name in form.fields]


def rules() -> dict[str, str]:
    """What a device says about a question that was left open, by the question's name; those that may stay open are missing."""
    found = {}
    for page in PAGES:
        for name, field in page.form.base_fields.items():
            if field.required and name not in PLACES:
                found[name] = str(field.error_messages["required"])
    return found


def said() -> dict[str, str]:
    """What else a device says; `{n}` is a number that it puts in."""
    return {
        "nik": gettext("NIK terdiri atas 16 angka."),
        "nik_birth": gettext("Tanggal lahir atau jenis kelamin tidak cocok dengan NIK. Periksa ketiganya di KTP."),
        "kk": gettext("Nomor KK terdiri atas 16 angka."),
        "phone": gettext("Nomor HP tidak dikenali. Tulis nomor Indonesia, misalnya 0812 3456 7890."),
        "birth_date": gettext("Tanggal lahir ini tidak ada di kalender. Isi tanggal, bulan dan tahun seperti di KTP."),
        "disability_consent": gettext(
            "Beri tanda setuju supaya jawaban Anda boleh disimpan, atau pilih tidak ingin menjawab."
        ),
        "short": gettext("PIN paling sedikit {n} angka atau huruf."),
        "unequal": gettext("Kedua PIN tidak sama. Ketik lagi."),
        "wrong": gettext("PIN keliru. Sisa percobaan: {n}."),
        "closed": gettext("Terlalu banyak PIN yang keliru. Coba lagi {n} menit lagi."),
        "full": gettext("Sudah {n} isian di perangkat ini. Kirim dulu sebelum mengisi yang baru."),
        "kept": gettext("Tersimpan di perangkat ini."),
        "sent": gettext("Terkirim: {n}. Cetak kode klaimnya di Dampingi pendaftaran."),
        "refused": gettext("Belum diterima: {n}. Sebabnya ada di bawah."),
        "no_network": gettext("Belum ada jaringan. Isian tetap aman di perangkat ini."),
        "sign_in": gettext("Masuk dulu sebagai petugas, lalu kirim lagi."),
        "failed": gettext("Portal belum dapat menerima kiriman. Isian tetap aman di perangkat ini; coba lagi nanti."),
        "edit": gettext("Perbaiki"),
        "remove": gettext("Hapus"),
        "sure": gettext("Hapus isian ini dari perangkat? Isian tidak dapat dikembalikan."),
        "sure_all": gettext("Hapus semua isian di perangkat ini? Isian tidak dapat dikembalikan."),
        "ready": gettext("Siap dipakai tanpa jaringan di perangkat ini."),
    }


def plain(answers: Any) -> dict[str, str]:
    """What was sent as answers, as far as it can be one: text by the name of a control."""
    if not isinstance(answers, dict):
        return {}
    return {
        name: text for name, text in answers.items() if isinstance(text, str) and re.fullmatch(r"[a-z_]{1,40}", name)
    }
