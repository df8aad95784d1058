"""Why a file, a row or a cell is refused, or what was supposed about it, in words of its reader's language."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

TEXTS = {
    # Of the file
    "name": _("Jenis berkas “%(name)s” tidak dikenal. Simpan sebagai CSV, XLSX, atau ODS."),
    "old_excel": _("Ini berkas Excel lama (.xls). Buka di Excel, lalu simpan sebagai “Buku Kerja Excel (.xlsx)”."),
    "macros": _("Berkas ini berisi makro. Simpan sebagai “Buku Kerja Excel (.xlsx)” tanpa makro."),
    "password": _("Berkas ini dikunci kata sandi. Buka, hapus kata sandinya, lalu simpan ulang."),
    "not_that_type": _(
        "Isi berkas ini %(found)s, bukan %(suffix)s. Buka di aplikasinya, lalu simpan sebagai %(suffix)s."
    ),
    "broken": _("Berkas ini rusak atau terpotong. Buka di Excel atau LibreOffice, simpan ulang, lalu unggah lagi."),
    "file_size": _("Berkas ini lebih besar dari %(limit)s MB. Bagi menjadi beberapa berkas."),
    "workbook_size": _(
        "Berkas ini lebih besar dari %(limit)s MB. Simpan sebagai CSV, atau bagi menjadi beberapa berkas."
    ),
    "empty": _("Berkas ini kosong. Baris pertama harus berisi judul kolom."),
    "no_rows": _("Berkas ini hanya berisi judul kolom. Isi datanya mulai baris berikutnya."),
    "nul": _("Berkas ini berisi byte NUL, jadi bukan teks. Simpan ulang sebagai “CSV UTF-8”."),
    "encoding": _("Baris %(line)s berisi huruf yang tidak terbaca. Simpan ulang sebagai “CSV UTF-8”."),
    "long_line": _("Ada baris yang lebih panjang dari %(limit)s karakter. Periksa pemisah baris atau tanda kutipnya."),
    "quotes": _(
        'Tanda kutip di baris %(line)s tidak ditutup atau salah letak. Tutup dengan ", dan gandakan " di dalam isi.'
    ),
    "columns": _("Ada lebih dari %(limit)s kolom. Hapus kolom yang tidak dipakai."),
    "rows": _("Ada lebih dari %(limit)s baris. Bagi menjadi beberapa berkas."),
    "workbook_rows": _("Ada lebih dari %(limit)s baris. Simpan sebagai CSV, atau bagi menjadi beberapa berkas."),
    "cells": _("Ada lebih dari %(limit)s sel. Simpan sebagai CSV."),
    "header_empty": _("Kolom %(column)s berisi data tetapi tidak berjudul. Beri judul di baris %(line)s."),
    "header_twice": _("Judul kolom “%(header)s” muncul dua kali. Ubah salah satunya."),
    "zip_entries": _("Berkas ini berisi terlalu banyak bagian di dalamnya. Salin datanya ke berkas baru."),
    "zip_size": _("Isi berkas ini lebih besar dari %(limit)s MB setelah dibuka. Simpan sebagai CSV."),
    "zip_names": _("Berkas ini berisi bagian dengan nama yang tidak wajar. Salin datanya ke berkas baru."),
    "zip_nested": _("Berkas ini berisi berkas lain di dalamnya. Salin datanya saja ke berkas baru."),
    "zip_overlap": _("Bagian-bagian di dalam berkas ini bertumpuk. Salin datanya ke berkas baru."),
    "entities": _("Berkas ini berisi deklarasi XML yang dilarang. Salin datanya ke berkas baru."),
    "no_sheet": _("Berkas ini tidak berisi lembar yang terlihat. Tampilkan lembar datanya, lalu simpan ulang."),
    "merged": _("Ada sel yang digabung. Pisahkan semua sel gabungan, lalu isi setiap selnya."),
    "formulas": _("Ada rumus yang belum dihitung. Buka di Excel atau LibreOffice, simpan ulang, lalu unggah lagi."),
    "too_heavy": _("Berkas ini terlalu berat untuk dibaca dengan aman. Simpan sebagai CSV."),
    # Of a row or a cell
    "row_width": _("Baris ini berisi %(found)s kolom, seharusnya %(expected)s. Periksa pemisah dan tanda kutipnya."),
    "cell_length": _("Isi lebih panjang dari %(limit)s karakter."),
    "cell_error": _("Sel ini berisi galat %(error)s. Perbaiki rumusnya atau ketik nilainya."),
    "long_number": _(
        "Angka ini lebih dari 15 digit, dan lembar kerja hanya menyimpan 15 digit dengan tepat. "
        "Ubah format kolom menjadi Teks, lalu ketik ulang nomornya."
    ),
    "scientific": _(
        "Nomor ini sudah disingkat menjadi %(value)s. Ubah format kolom menjadi Teks, lalu ketik ulang nomornya."
    ),
    # What was supposed
    "read_as": _("Dibaca sebagai %(encoding)s dengan pemisah %(delimiter)s."),
    "read_sheet": _("Dibaca dari lembar “%(sheet)s”."),
    "other_sheets": _("Lembar lain tidak dibaca: %(sheets)s."),
    "hidden_rows": _("Baris yang disembunyikan ikut dibaca."),
    "links": _("Tautan ke berkas lain diabaikan; yang dibaca nilai terakhirnya."),
}


@dataclass(frozen=True)
class Reason:
    """A code and what fills its text; both can be kept as JSON. `str()` is the sentence in the language in force."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(TEXTS[self.code]) % self.values


class SheetRefused(Exception):
    """The whole file cannot be read; nothing of it may be kept, also when some of its rows have been read."""

    def __init__(self, code: str, **values: Any) -> None:
        self.reason = Reason(code, values)
        super().__init__(code)
