"""What can be imported, by whom and what for; the forms of an import's steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from clusters.models import Regency, Wave
from clusters.resources import PERIOD
from records.models import Import
from records.resources import Column
from records.sheets import SheetRefused, largest, suffix_of
from records.sheets.limits import MB, TEXT_BYTES, TEXT_SUFFIXES, WORKBOOK_BYTES, WORKBOOK_SUFFIXES
from registrations.models import PersonList
from training.services.classes import EDITABLE

OFFICE = ("mentor", "office_head")
PROVINCE = ("planner",)


class FileForm(forms.Form):
    """The file. What the person states about all of it stands in front, in a form of the kind's own."""

    file = forms.FileField(
        label=_("Berkas"),
        error_messages={
            "required": _("Pilih berkas yang akan diunggah."),
            "empty": _("Berkas ini kosong. Baris pertama harus berisi judul kolom."),
        },
        widget=forms.FileInput(attrs={"accept": ",".join(TEXT_SUFFIXES + WORKBOOK_SUFFIXES)}),
    )
    field_order: list[str] | None = None

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = scope
        hint = _("CSV hingga %(csv)d MB, XLSX atau ODS hingga %(xlsx)d MB dan 100.000 baris.")
        self.fields["file"].help_text = hint % {"csv": TEXT_BYTES // MB, "xlsx": WORKBOOK_BYTES // MB}
        if len(scope.regency_ids) > 1 and not scope.is_province:
            self.fields["regency"] = forms.ModelChoiceField(
                Regency.objects.filter(pk__in=scope.regency_ids), label=_("Kabupaten/kota"), empty_label=_("Pilih")
            )
        self.order_fields([*(name for name in self.fields if name != "file"), "file"])

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        try:
            limit = largest(suffix_of(file.name or ""))
        except SheetRefused as refused:
            raise forms.ValidationError(str(refused.reason)) from refused
        if (file.size or 0) > limit:
            raise forms.ValidationError(
                _("Berkas Anda %(size)d MB. Batasnya %(limit)d MB. Bagi menjadi beberapa berkas."),
                code="too_large",
                params={"size": -(-(file.size or 0) // MB), "limit": limit // MB},
            )
        return file

    def options(self) -> dict[str, Any]:
        """What is stated about the whole file, as JSON."""
        return {}

    def regency_id(self) -> int | None:
        """Whose import it is; None for the province."""
        if self.scope.is_province:
            return None
        chosen = self.cleaned_data.get("regency")
        return chosen.pk if chosen else next(iter(self.scope.regency_ids))


class PersonListForm(FileForm):
    kind = forms.ChoiceField(label=_("Jenis daftar"), choices=PersonList.Kind.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Pilih jenis daftar ini.")},
    )  # fmt: skip
    source = forms.CharField(
        label=_("Sumber"),
        max_length=120,
        help_text=_("Siapa yang membuat daftar ini, misalnya nama perusahaan atau dinas."),
        error_messages={"required": _("Tulis siapa yang membuat daftar ini.")},
    )
    day = forms.DateField(
        label=_("Keadaan per tanggal"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Tanggal yang tertulis di daftar."),
        error_messages={
            "required": _("Isi tanggal daftar ini."),
            "invalid": _("Tanggal ini tidak dikenal. Pilih dari kalender."),
        },
    )

    def options(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {"kind": given["kind"], "source": given["source"], "day": given["day"].isoformat()}


class ObservationsForm(FileForm):
    name = forms.CharField(label=_("Nama data"), max_length=120, help_text=_("Misalnya: Sakernas Agustus 2026."))
    publisher = forms.CharField(label=_("Penerbit"), max_length=120, help_text=_("Misalnya: BPS Provinsi Jawa Tengah."))
    source = forms.CharField(
        label=_("Alamat atau nama terbitan"),
        max_length=300,
        required=False,
        help_text=_("Tempat seluruh data ini dapat dibaca. Misalnya alamat halaman tabelnya."),
    )
    period = forms.CharField(
        label=_("Periode data"),
        max_length=20,
        required=False,
        validators=[RegexValidator(rf"^(?:{PERIOD.pattern})\Z", _("Tulis seperti 2024, 2024-08, 2024-H2, atau 2024-01..08."))],
    )  # fmt: skip
    licence = forms.CharField(
        label=_("Lisensi"), max_length=120, required=False, help_text=_("Misalnya: CC BY 4.0. Kosong bila tidak disebut.")
    )  # fmt: skip

    def options(self) -> dict[str, Any]:
        about = {name: self.cleaned_data[name] for name in ("name", "publisher", "source", "period", "licence")}
        return about | {"imported_by_id": str(self.scope.actor_id)}


class ClassesForm(FileForm):
    wave: forms.ModelChoiceField[Wave] = forms.ModelChoiceField(
        None, label=_("Gelombang"), empty_label=None,
        help_text=_("Kelas dapat ditambah dan diubah sampai daftar gelombang dibekukan."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        waves: forms.ModelChoiceField[Wave] = self.fields["wave"]  # type: ignore[assignment]
        waves.queryset = Wave.objects.within(self.scope).filter(state__in=EDITABLE).newest_first()

    def options(self) -> dict[str, Any]:
        return {"wave": str(self.cleaned_data["wave"].pk)}


@dataclass(frozen=True)
class Kind:
    """`roles` may bring such files; `about` says what for, `rules` what a file must keep to."""

    roles: tuple[str, ...]
    form: type[FileForm]
    about: Any
    rules: tuple[Any, ...]


TEXT_RULE = _("Kolom NIK dan nomor lain berformat Teks, supaya angkanya tidak berubah.")
KINDS: dict[str, Kind] = {
    "person_list": Kind(
        (*OFFICE, *PROVINCE),
        PersonListForm,
        _("NIK orang yang terkena PHK, menerima bantuan, calon pekerja migran, bersekolah, atau pernah menerima kartu."),
        (
            _("Satu baris untuk satu orang. NIK 16 angka."),
            TEXT_RULE,
            _("Tanggal seperti 2026-01-31 atau 31/01/2026."),
            _("Orang yang sudah ada di daftar yang sama diperbarui, tidak digandakan."),
            _("Daftar dengan tanggal lebih baru dari sumber yang sama menggantikan yang lama seluruhnya."),
            _("Daftar kantor berlaku bagi orang yang tinggal di wilayahnya, daftar provinsi bagi semua orang."),
        ),
    ),
    "classes": Kind(
        PROVINCE,
        ClassesForm,
        _("Kelas satu gelombang: program, penyelenggara, tempat, jadwal, dan kursinya."),
        (
            _("Satu baris untuk satu kelas. Kode terdiri dari huruf besar, angka, dan tanda hubung."),
            _("Program, penyelenggara, kabupaten, dan klaster harus sudah ada di portal."),
            _("Kelas dengan kode yang sama diubah. Kelas yang tidak ada di berkas dibiarkan."),
        ),
    ),
    "observations": Kind(
        PROVINCE,
        ObservationsForm,
        _("Angka ketenagakerjaan dan kependudukan yang menjadi dasar pembagian kuota."),
        (
            _("Satu baris untuk satu angka. Angka yang belum ada tidak ditulis, jangan diisi 0."),
            _("Kode wilayah seperti 33.01; kode provinsi 33."),
            _("Indikator dan satuannya seperti di katalog, yang tertulis di halaman Data kuota."),
            _("Angka baru menggantikan angka lama dari sumber yang sama; yang lama tetap tersimpan."),
        ),
    ),
    "offices": Kind(
        PROVINCE,
        FileForm,
        _("Nama resmi, alamat, jam, dan telepon dinas tenaga kerja kabupaten dan kota."),
        (_("Satu baris untuk satu kabupaten atau kota, dengan kodenya."), _("Isian kosong tidak menghapus isian yang ada.")),
    ),
}  # fmt: skip


def kinds_for(scope: Scope) -> list[str]:
    return [code for code, kind in KINDS.items() if scope.roles & set(kind.roles)]


def may_act(scope: Scope, record: Import) -> bool:
    """Whether this person may map, decide, fetch and undo: a role of the kind, and their own office's import."""
    own = scope.is_province if record.regency_id is None else record.regency_id in scope.regency_ids
    return own and bool(scope.roles & set(KINDS[record.kind].roles))


class MappingForm(forms.Form):
    """Which header of the file is which column; those that must be there are required."""

    def __init__(self, *args: Any, columns: Mapping[str, Column], headers: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(header, header) for header in headers]
        for column in columns.values():
            nothing = _("Pilih kolom") if column.required else _("Tidak ada di berkas")
            self.fields[f"kolom-{column.name}"] = forms.ChoiceField(
                label=column.title,
                choices=[("", nothing), *choices],
                required=column.required,
                error_messages={"required": _("Pilih kolom berkas untuk %(title)s.") % {"title": column.title}},
            )

    def clean(self) -> None:
        chosen: dict[str, str] = {}
        for name, header in list(self.cleaned_data.items()):
            if header and header in chosen.values():
                self.add_error(name, _("Kolom “%(header)s” sudah dipakai di atas.") % {"header": header})
            chosen[name] = header

    def mapping(self) -> dict[str, str]:
        return {name.removeprefix("kolom-"): header for name, header in self.cleaned_data.items() if header}


class PageForm(forms.Form):
    """Tab and place of the preview, from the address."""

    hasil = forms.ChoiceField(required=False, choices=[(v, v) for v in ("new", "changed", "duplicate", "refused")])
    sesudah = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
