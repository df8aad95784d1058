"""The registration form: raw text in, a Person or errors by field out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, cast

from django import forms
from django.forms.utils import ErrorDict
from django.utils.translation import gettext_lazy as _

from accounts.phone import normalise_phone
from registrations.models import Applicant, Registration
from registrations.nik import normalise_digits
from registrations.selectors.places import blank_spot_name, districts_of, named_places, regencies, villages_of
from registrations.services.validation import MESSAGES, MOST_DEPENDANTS, Answers, Finding, Person, check, message

Choices = Iterable[tuple[object, object]]

NOTHING_CHOSEN = ("", _("Pilih dari daftar"))
YES_NO = [("ya", _("Ya")), ("tidak", _("Tidak"))]
OCCUPATIONS: dict[str, Any] = {
    "jobseeker": _("Pencari kerja"),
    "laid_off": _("Terkena PHK"),
    "furloughed": _("Dirumahkan"),
    "worker": _("Pekerja atau buruh"),
    "non_wage": _("Pekerja bukan penerima upah"),
    "micro_business": _("Pelaku usaha mikro atau kecil"),
    "asn": _("Aparatur sipil negara (PNS atau PPPK)"),
    "tni": _("Prajurit TNI"),
    "polri": _("Anggota Polri"),
    "state_official": _("Pejabat negara"),
    "dprd": _("Pimpinan atau anggota DPRD"),
    "village_head": _("Kepala desa atau perangkat desa"),
    "bumn_board": _("Direksi, komisaris atau dewan pengawas BUMN/BUMD"),
}
EDUCATION: dict[str, Any] = {
    "none": _("Tidak tamat SD"),
    "sd": _("SD atau sederajat"),
    "smp": _("SMP atau sederajat"),
    "sma": _("SMA atau sederajat"),
    "smk": _("SMK"),
    "diploma": _("Diploma"),
    "s1": _("Sarjana (S1) atau lebih"),
}
MARITAL_STATUS: dict[str, Any] = {
    "single": _("Belum kawin"),
    "married": _("Kawin"),
    "divorced": _("Cerai hidup"),
    "widowed": _("Cerai mati"),
}
SEX: dict[str, Any] = {"F": _("Perempuan"), "M": _("Laki-laki")}
DISABILITY = {"ya": True, "tidak": False, "lewati": None}


def _listed(codes: Sequence[str], words: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(code, words[code]) for code in codes]


def _text(
    label: Any, hint: Any = "", *, required: Any = "", attrs: Mapping[str, object] | None = None
) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        required=bool(required),
        error_messages={"required": required},
        widget=forms.TextInput(attrs=dict(attrs or {})),
    )


def _choice(label: Any, choices: Choices, missing: Any, hint: Any = "", **attrs: object) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        help_text=hint,
        choices=[NOTHING_CHOSEN, *choices],
        error_messages={"required": missing, "invalid_choice": missing},
        widget=forms.Select(attrs=attrs),
    )


def _yes_no(label: Any, missing: Any, hint: Any = "") -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        help_text=hint,
        choices=YES_NO,
        coerce=lambda answer: answer == "ya",
        error_messages={"required": missing, "invalid_choice": missing},
        widget=forms.RadioSelect,
    )


class SectionedForm(forms.Form):
    """A form whose fields stand in named sections. While only options are asked for, nothing is checked."""

    sections: Sequence[tuple[str, Any, Sequence[str]]] = ()

    def __init__(self, *args: Any, asking_options: bool = False, **kwargs: Any) -> None:
        self.asking_options = asking_options
        super().__init__(*args, **kwargs)

    def full_clean(self) -> None:
        if self.asking_options:
            self._errors, self.cleaned_data = ErrorDict(), {}
        else:
            super().full_clean()

    def grouped(self) -> list[tuple[str, Any, list[forms.BoundField]]]:
        """(id, title, bound fields) of each section."""
        return [(key, title, [self[name] for name in names]) for key, title, names in self.sections]


class AnswersForm(SectionedForm):
    """What a known person answers anew in each wave; gives Answers."""

    occupation = _choice(
        _("Pekerjaan Anda sekarang"),
        _listed(Registration.Occupation.values, OCCUPATIONS),
        _("Pilih pekerjaan Anda sekarang dari daftar."),
        _("Pilih yang paling sesuai. Bila Anda belum pernah bekerja, pilih pencari kerja."),
    )
    citizen = _yes_no(_("Apakah Anda warga negara Indonesia?"), _("Jawab apakah Anda warga negara Indonesia."))
    in_education = _yes_no(
        _("Apakah Anda sedang bersekolah atau kuliah?"),
        _("Jawab apakah Anda sedang bersekolah atau kuliah."),
        _("Kejar paket dan kuliah jarak jauh termasuk. Kursus tidak."),
    )
    received_before = _yes_no(
        _("Apakah Anda pernah menerima Kartu Prakerja?"), _("Jawab apakah Anda pernah menerima Kartu Prakerja.")
    )
    remote = forms.BooleanField(label=_("Tempat tinggal saya terpencil atau tanpa sinyal."), required=False)
    unfamiliar_digital = forms.BooleanField(
        label=_("Saya belum terbiasa dengan perangkat digital."),
        help_text=_("Misalnya ponsel pintar, komputer atau mengisi formulir di internet."),
        required=False,
    )
    pmi_candidate = _yes_no(
        _("Apakah Anda calon pekerja migran Indonesia?"),
        _("Jawab apakah Anda calon pekerja migran Indonesia."),
        _("Misalnya sudah punya ID Rekom atau akun CPMI. Kantor dinas akan memeriksanya."),
    )
    laid_off = _yes_no(
        _("Apakah Anda terkena PHK atau dirumahkan?"),
        _("Jawab apakah Anda terkena PHK atau dirumahkan."),
        _("Bila punya surat dari perusahaan, simpan. Kantor dinas akan memintanya."),
    )
    consent = forms.BooleanField(
        label=_("Saya menyetujui pemakaian data saya untuk kuota luring dan menyatakan isian saya benar."),
        error_messages={"required": _("Beri tanda setuju supaya data Anda boleh kami proses.")},
    )

    sections = [
        ("keadaan", _("Keadaan Anda"), ["occupation", "citizen", "in_education", "received_before"]),
        ("alasan", _("Alasan memakai jalur luring"), ["remote", "unfamiliar_digital"]),
        ("klaster", _("Klaster"), ["pmi_candidate", "laid_off"]),
        ("persetujuan", _("Persetujuan"), ["consent"]),
    ]

    def answers(self) -> Answers:
        """Of a valid form."""
        return Answers(**{field.name: self.cleaned_data[field.name] for field in fields(Answers)})


class PersonForm(AnswersForm):
    """Everything of a first registration; gives a Person. Dependent lists follow what was posted."""

    name = _text(
        _("Nama lengkap"),
        _("Seperti di KTP, tanpa gelar."),
        required=MESSAGES["name_required"],
        attrs={"autocomplete": "name", "maxlength": 120},
    )
    nik = _text(
        _("Nomor Induk Kependudukan (NIK)"),
        _("16 angka, seperti di KTP."),
        required=_("Isi NIK Anda, 16 angka seperti di KTP."),
        attrs={"inputmode": "numeric", "autocomplete": "off", "size": 20},
    )
    kk = _text(
        _("Nomor Kartu Keluarga (KK)"),
        _("16 angka, di bagian atas kartu keluarga."),
        required=_("Isi nomor KK, 16 angka di bagian atas kartu keluarga."),
        attrs={"inputmode": "numeric", "autocomplete": "off", "size": 20},
    )
    birth_date = forms.DateField(
        label=_("Tanggal lahir"),
        help_text=_("Contoh: 27 3 1998"),
        error_messages={
            "required": _("Isi tanggal lahir Anda: tanggal, bulan dan tahun seperti di KTP."),
            "invalid": _("Tanggal lahir ini tidak ada di kalender. Isi tanggal, bulan dan tahun seperti di KTP."),
        },
        widget=forms.SelectDateWidget(),
    )
    sex = forms.ChoiceField(
        label=_("Jenis kelamin"),
        choices=_listed(Applicant.Sex.values, SEX),
        error_messages={"required": MESSAGES["sex_unknown"], "invalid_choice": MESSAGES["sex_unknown"]},
        widget=forms.RadioSelect,
    )
    phone = _text(
        _("Nomor HP"),
        _("Nomor yang dapat kami hubungi, misalnya 0812 3456 7890. Nomor keluarga boleh dipakai bersama."),
        required=_("Isi nomor HP Anda atau nomor keluarga, misalnya 0812 3456 7890."),
        attrs={"inputmode": "tel", "autocomplete": "tel", "size": 20},
    )
    email = _text(_("Alamat email"), attrs={"inputmode": "email", "autocomplete": "email", "maxlength": 254})
    education = _choice(
        _("Pendidikan terakhir"),
        _listed(Applicant.Education.values, EDUCATION),
        MESSAGES["education_unknown"],
        _("Yang sudah tamat."),
    )
    marital_status = _choice(
        _("Status perkawinan"),
        _listed(Applicant.MaritalStatus.values, MARITAL_STATUS),
        MESSAGES["marital_status_unknown"],
    )
    dependants = forms.IntegerField(
        label=_("Jumlah tanggungan"),
        help_text=_("Orang yang Anda biayai, tanpa Anda sendiri. Tulis 0 bila tidak ada."),
        error_messages={
            "required": _("Isi jumlah tanggungan. Tulis 0 bila tidak ada."),
            "invalid": MESSAGES["dependants_range"],
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": len(str(MOST_DEPENDANTS)), "size": 4}),
    )
    regency = _choice(_("Kabupaten atau kota"), [], _("Pilih kabupaten atau kota tempat Anda tinggal."))
    district = _choice(_("Kecamatan"), [], _("Pilih kecamatan tempat Anda tinggal."))
    village_id = _choice(_("Desa atau kelurahan"), [], _("Pilih desa atau kelurahan tempat Anda tinggal."))
    address = _text(
        _("Alamat tempat tinggal"),
        _("Jalan atau dusun, RT dan RW. Tempat Anda tinggal sekarang, boleh berbeda dengan KTP."),
        required=MESSAGES["address_required"],
        attrs={"autocomplete": "street-address", "maxlength": 240},
    )
    disability = forms.ChoiceField(
        label=_("Apakah Anda penyandang disabilitas?"),
        help_text=_(
            "Dengan menjawab, Anda menyetujui jawaban ini dipakai untuk klaster afirmasi dan bantuan di kelas. "
            "Anda boleh tidak menjawab."
        ),
        choices=[*YES_NO, ("lewati", _("Saya tidak ingin menjawab"))],
        error_messages={"required": _("Jawab pertanyaan disabilitas, atau pilih tidak ingin menjawab.")},
        widget=forms.RadioSelect,
    )
    disability_need = forms.CharField(
        label=_("Bantuan apa yang Anda perlukan di kelas?"),
        help_text=_("Hanya bila Anda menjawab ya. Misalnya jalan kursi roda atau juru bahasa isyarat."),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": 500}),
    )

    sections = [
        (
            "identitas",
            _("Identitas"),
            ["name", "nik", "kk", "birth_date", "sex", "phone", "email", "education", "marital_status", "dependants"],
        ),
        ("domisili", _("Domisili"), ["regency", "district", "village_id", "address"]),
        *AnswersForm.sections[:2],
        ("klaster", _("Klaster"), ["pmi_candidate", "laid_off", "disability", "disability_need"]),
        AnswersForm.sections[-1],
    ]
    field_order = [name for _key, _title, names in sections for name in names]  # also of the error summary

    def __init__(self, *args: Any, today: date, options_urls: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.warnings: list[Finding] = []
        lists = {
            "regency": regencies(),
            "district": districts_of(regency) if (regency := self._posted("regency")) else [],
            "village_id": villages_of(district) if (district := self._posted("district")) else [],
        }
        for name, choices in lists.items():
            cast(forms.ChoiceField, self.fields[name]).choices = [NOTHING_CHOSEN, *choices]
        for (parent, url), child in zip((options_urls or {}).items(), ["district", "village_id"], strict=False):
            self.fields[parent].widget.attrs |= {"data-options-url": url, "data-options-target": f"id_{child}"}

    def _posted(self, name: str) -> int:
        """The chosen place's primary key; 0, which no place has, where none was."""
        text = str(self.data.get(name, ""))
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0

    @property
    def blank_spot(self) -> str:
        """The chosen village's name where the list calls it remote or without signal, else empty."""
        village_id = self._posted("village_id")
        return blank_spot_name(village_id) if village_id else ""

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_nik(self) -> str:
        return normalise_digits(self.cleaned_data["nik"])

    def clean_kk(self) -> str:
        return normalise_digits(self.cleaned_data["kk"])

    def clean_phone(self) -> str:
        """E.164, or as typed for the shared check to refuse."""
        return normalise_phone(self.cleaned_data["phone"]) or self.cleaned_data["phone"]

    def clean_village_id(self) -> int:
        return int(self.cleaned_data["village_id"])

    def clean_disability(self) -> bool | None:
        return DISABILITY[self.cleaned_data["disability"]]

    def clean(self) -> None:
        values = self.cleaned_data
        places = named_places(
            village_id=values.get("village_id", 0), numbers=[values.get("nik", ""), values.get("kk", "")]
        )
        for finding in check(values, places=places, today=self.today):
            if finding.grade == "reject":
                self.add_error(finding.field, message(finding, values))
            else:
                self.warnings.append(finding)

    def person(self) -> Person:
        """Of a valid form; its warnings are the codes of what somebody should look at."""
        values = {field.name: self.cleaned_data[field.name] for field in fields(Person) if field.name != "warnings"}
        return Person(**values, warnings=tuple(finding.code for finding in self.warnings))
