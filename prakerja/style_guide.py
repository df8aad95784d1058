"""The style guide at /gaya/: every component of the portal with sample content, and what each colour reaches."""

import datetime as dt
from pathlib import Path
from typing import Any

import segno
from django import forms
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from prakerja.contrast import pairs, tokens
from prakerja.templatetags.portal import angka

# Where the 35 regencies lie on the map of tiles, in the order of their official codes.
PLACES = (
    ("Kabupaten Cilacap", 0, 3), ("Kabupaten Banyumas", 1, 3), ("Kabupaten Purbalingga", 2, 2),
    ("Kabupaten Banjarnegara", 3, 3), ("Kabupaten Kebumen", 3, 4), ("Kabupaten Purworejo", 4, 4),
    ("Kabupaten Wonosobo", 4, 3), ("Kabupaten Magelang", 5, 3), ("Kabupaten Boyolali", 7, 2),
    ("Kabupaten Klaten", 7, 4), ("Kabupaten Sukoharjo", 8, 3), ("Kabupaten Wonogiri", 8, 4),
    ("Kabupaten Karanganyar", 9, 3), ("Kabupaten Sragen", 9, 2), ("Kabupaten Grobogan", 8, 2),
    ("Kabupaten Blora", 10, 2), ("Kabupaten Rembang", 10, 1), ("Kabupaten Pati", 8, 0),
    ("Kabupaten Kudus", 8, 1), ("Kabupaten Jepara", 7, 0), ("Kabupaten Demak", 7, 1),
    ("Kabupaten Semarang", 6, 2), ("Kabupaten Temanggung", 4, 2), ("Kabupaten Kendal", 5, 1),
    ("Kabupaten Batang", 4, 1), ("Kabupaten Pekalongan", 3, 2), ("Kabupaten Pemalang", 2, 1),
    ("Kabupaten Tegal", 1, 2), ("Kabupaten Brebes", 0, 1), ("Kota Magelang", 5, 2),
    ("Kota Surakarta", 7, 3), ("Kota Salatiga", 6, 3), ("Kota Semarang", 6, 1),
    ("Kota Pekalongan", 3, 1), ("Kota Tegal", 1, 1),
)  # fmt: skip

CLUSTERS = ("PMI", "BOROBUDUR", "PHK", "AFIRMASI")


class SampleForm(forms.Form):
    """One field of each kind; the page shows it once empty and once with its problems."""

    nik = forms.CharField(
        label=gettext_lazy("Nomor Induk Kependudukan (NIK)"),
        help_text=gettext_lazy("16 angka, seperti di KTP."),
        min_length=16,
        error_messages={"min_length": gettext_lazy("NIK harus 16 angka. Yang Anda isi %(show_value)d angka.")},
        max_length=16,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    birth_date = forms.DateField(
        label=gettext_lazy("Tanggal lahir"),
        help_text=gettext_lazy("Contoh: 27 3 1998"),
        error_messages={"invalid": gettext_lazy("Tanggal ini tidak ada di kalender. Periksa kembali.")},
        widget=forms.SelectDateWidget(),
    )
    regency = forms.ChoiceField(
        label=gettext_lazy("Kabupaten atau kota sesuai KTP"),
        choices=[("", gettext_lazy("Pilih kabupaten atau kota")), *((name, name) for name, _col, _row in PLACES)],
        error_messages={"required": gettext_lazy("Pilih kabupaten atau kota.")},
    )
    situation = forms.ChoiceField(
        label=gettext_lazy("Mana yang paling sesuai dengan keadaan Anda?"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Pilih satu jawaban.")},
        choices=[
            ("pmi", gettext_lazy("Calon pekerja migran Indonesia atau PMI purna")),
            ("phk", gettext_lazy("Terkena PHK atau dirumahkan")),
            ("none", gettext_lazy("Tidak satu pun")),
        ],
    )
    needs = forms.MultipleChoiceField(
        label=gettext_lazy("Bantuan apa yang Anda perlukan di kelas?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("ramp", gettext_lazy("Jalan kursi roda")), ("sign", gettext_lazy("Juru bahasa isyarat"))],
    )
    photo = forms.FileField(
        label=gettext_lazy("Foto KTP"),
        help_text=gettext_lazy("Langsung dari kamera, paling besar 5 MB. Foto diperkecil otomatis."),
        required=False,
    )
    consent = forms.BooleanField(
        label=gettext_lazy("Data yang saya isi benar dan dapat saya buktikan."),
        error_messages={"required": gettext_lazy("Centang bila data Anda benar.")},
    )


@require_safe
def style_guide(request: HttpRequest) -> HttpResponse:
    """Show every component; all names and figures on the page are data contoh."""
    css = Path(str(finders.find("css/tokens.css"))).read_text()
    answers = {"nik": "337401270398000", "birth_date_day": "31", "birth_date_month": "2", "birth_date_year": "1998"}
    wrong = SampleForm({f"salah-{name}": value for name, value in answers.items()}, prefix="salah")
    context = {
        "sample_data": True,
        "schemes": {scheme: list(pairs(colours)) for scheme, colours in tokens(css).items()},
        "form": SampleForm(),
        "wrong": wrong,
        **_words(),
        **_pictures(),
        **_ticket(),
    }
    return render(request, "gaya/index.html", context)


def _words() -> dict[str, Any]:
    return {
        "moment": dt.datetime(2026, 11, 24, 3, 42, tzinfo=dt.UTC),
        "digest": "9f2d1c7ae0b64c55b1d0f3a8824e6c0b7711f5f2c9a04d3e8b6ad2e4c57f1a90",
        "state_facts": [
            (_("Dibuka sampai"), _("27 November 2026, pukul 16.00 WIB")),
            (_("Tempat"), angka(12400)),
            (_("Undian"), _("2 Desember 2026")),
        ],
        "badges": [
            ("draft", _("Rancangan")), ("open", _("Dibuka")), ("closed", _("Ditutup")), ("frozen", _("Dibekukan")),
            ("published", _("Diumumkan")), ("cancelled", _("Dibatalkan")),
        ],
        "facts": [
            {"label": _("Nama"), "value": "Siti Rahayu", "href": "#ringkasan", "action": _("Ubah")},
            {"label": _("NIK"), "value": "3374********0001"},
            {"label": _("Nomor telepon"), "value": "", "href": "#ringkasan", "action": _("Isi")},
        ],
        "tabs": [
            {"label": _("Semua"), "url": "#tab", "count": 1284, "active": True},
            {"label": _("Perlu diperiksa"), "url": "#tab", "count": 37},
            {"label": _("Lengkap"), "url": "#tab", "count": 1247},
        ],
        "steps": [
            {"title": _("Pendaftaran diterima"), "state": "done", "time": _("24 November 2026 pukul 10.42 WIB")},
            {"title": _("Data padan dengan Dukcapil"), "state": "done", "time": _("24 November 2026 pukul 10.44 WIB")},
            {
                "title": _("Foto KTP perlu diulang"), "state": "present", "time": _("Paling lambat 27 November 2026"),
                "text": _("Foto terlalu gelap, nama Anda tidak terbaca."), "href": "#garis-waktu",
                "label": _("Ambil foto lagi"),
            },
            {"title": _("Undian"), "state": "next", "time": _("2 Desember 2026")},
            {"title": _("Hasil diumumkan"), "state": "next", "time": _("3 Desember 2026")},
        ],
        "menu_items": [(_("Gelombang 3"), "#kantor", True), (_("Gelombang 2"), "#kantor", False)],
        "due": [
            (12, _("Tawaran berakhir dalam dua hari kerja"), "Siti Rahayu, Budi Santoso, Dewi Lestari"),
            (7, _("Dokumen belum lengkap"), "Agus Wibowo, Rina Kartika, Joko Susilo"),
            (3, _("Belum dihubungi 14 hari"), "Sri Wahyuni, Eko Prasetyo, Tri Utami"),
        ],
        "people": [
            ("Siti Rahayu", "7204 1183 5561", "verified", _("Terverifikasi"), 12),
            ("Budi Santoso", "7204 1183 9020", "incomplete", _("Belum lengkap"), -3),
            ("Dewi Lestari", "7204 1184 0077", "rejected", _("Tidak memenuhi syarat"), 0),
        ],
    }  # fmt: skip


def _pictures() -> dict[str, Any]:
    """Figures of the pictures come from the position in the list: plainly made up, the same on every visit."""
    tiles: list[dict[str, Any]] = [
        {"name": name, "tile_col": col, "tile_row": row, "value": 120 + at * 47 % 31 * 41, "href": f"#{at}"}
        for at, (name, col, row) in enumerate(PLACES)
    ]
    tiles[5]["value"] = None
    matrix = [
        (tile["name"], [tile["value"] and tile["value"] * share // 10 for share in (2, 1, 3, 4)]) for tile in tiles[:8]
    ]
    return {
        "tiles": tiles,
        "cluster_names": CLUSTERS,
        "matrix": matrix,
        "stats": [
            {"label": _("pendaftar"), "value": 48210, "note": _("sampai 24 November 2026")},
            {"label": _("tempat"), "value": 12400},
            {"label": _("kelas"), "value": 412},
            {"label": _("lulus uji kompetensi"), "value": None, "note": _("kelas belum dimulai")},
        ],
        "bar_rows": [
            {"label": "Barista", "value": 1284}, {"label": "Las dasar", "value": 961},
            {"label": _("Perawatan lansia"), "value": 530}, {"label": "Batik tulis", "value": None},
        ],
        "funnel_rows": [
            {"label": _("Mendaftar"), "value": 48210}, {"label": _("Memenuhi syarat"), "value": 39904},
            {"label": _("Mendapat tempat"), "value": 12400}, {"label": _("Hadir"), "value": 11032},
        ],
    }  # fmt: skip


def _ticket() -> dict[str, Any]:
    qr = segno.make("7204 1183 5561", micro=False).svg_inline(scale=4, border=0, omitsize=True)
    return {
        "number": "720411835561",
        "secret": "K7QM2XPA",
        "qr": mark_safe(qr),  # noqa: S308 - drawn by segno from a constant
        "ticket_facts": [(_("Nama"), "Siti Rahayu"), (_("Kantor Anda"), "Disnakerin Cilacap")],
        "ticket_steps": [
            (_("27 November 2026"), _("Pendaftaran ditutup. Sampai saat itu Anda boleh memperbaiki data.")),
            (_("2 Desember 2026"), _("Undian terbuka. Nomor di atas yang diundi.")),
            (_("3 Desember 2026"), _("Hasil diumumkan di halaman status dan lewat pesan.")),
        ],
    }
