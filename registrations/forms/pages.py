"""The pages of a registration, one subject each: raw text in; values, warnings and errors by field out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from textwrap import wrap
from typing import Any, cast

from django import forms
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.phone import normalise_phone
from registrations.forms.fields import (
    EDUCATION,
    MARITAL_STATUS,
    NOTHING_CHOSEN,
    OCCUPATIONS,
    SEX,
    YES_NO,
    choice,
    listed,
    text,
    yes_no,
)
from registrations.forms.page import PageForm
from registrations.models import Applicant, Registration
from registrations.nik import normalise_digits
from registrations.selectors.evidence import claims_in
from registrations.selectors.places import (
    Places,
    districts_of,
    named_places,
    regencies,
    villages_of,
)
from registrations.services.corrections import DETAILS, Correction
from registrations.services.validation import MESSAGES, MOST_DEPENDANTS, Answers, Person

DISABILITY = {"ya": True, "tidak": False, "lewati": None}


class IdentityForm(PageForm):
    name = text(
        _("Nama lengkap"),
        _("Seperti di KTP, tanpa gelar."),
        required=MESSAGES["name_required"],
        attrs={"autocomplete": "name", "maxlength": 120},
    )
    nik = text(
        _("Nomor Induk Kependudukan (NIK)"),
        _("16 angka, seperti di KTP."),
        required=_("Isi NIK Anda, 16 angka seperti di KTP."),
        attrs={"inputmode": "numeric", "autocomplete": "off", "size": 20},
    )
    kk = text(
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
        choices=listed(Applicant.Sex.values, SEX),
        error_messages={"required": MESSAGES["sex_unknown"], "invalid_choice": MESSAGES["sex_unknown"]},
        widget=forms.RadioSelect,
    )

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_nik(self) -> str:
        return normalise_digits(self.cleaned_data["nik"])

    def clean_kk(self) -> str:
        return normalise_digits(self.cleaned_data["kk"])

    def places(self) -> Places:
        return named_places(village_id=0, numbers=[self.cleaned_data.get(name, "") for name in ("nik", "kk")])

    def spoken_text(self, name: str, value: Any) -> str:
        if name == "birth_date":
            return date_format(value, "j F Y")
        return " ".join(wrap(value, 4)) if name in {"nik", "kk"} else value


class HomeForm(PageForm):
    """How the person is reached, and where they live. Dependent lists follow what was typed."""

    apart = frozenset({"phone"})

    phone = text(
        _("Nomor HP"),
        _("Nomor yang dapat kami hubungi, misalnya 0812 3456 7890. Nomor keluarga boleh dipakai bersama."),
        required=_("Isi nomor HP Anda atau nomor keluarga, misalnya 0812 3456 7890."),
        attrs={"inputmode": "tel", "autocomplete": "tel", "size": 20},
    )
    email = text(_("Alamat email"), attrs={"inputmode": "email", "autocomplete": "email", "maxlength": 254})
    regency = choice(_("Kabupaten atau kota"), [], _("Pilih kabupaten atau kota tempat Anda tinggal."))
    district = choice(_("Kecamatan"), [], _("Pilih kecamatan tempat Anda tinggal."))
    village_id = choice(_("Desa atau kelurahan"), [], _("Pilih desa atau kelurahan tempat Anda tinggal."))
    address = text(
        _("Alamat tempat tinggal"),
        _("Jalan atau dusun, RT dan RW. Tempat Anda tinggal sekarang, boleh berbeda dengan KTP."),
        required=MESSAGES["address_required"],
        attrs={"autocomplete": "street-address", "maxlength": 240},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lists = {
            "regency": regencies(),
            "district": districts_of(regency) if (regency := place_in(self.data, "regency")) else [],
            "village_id": villages_of(district) if (district := place_in(self.data, "district")) else [],
        }
        for name, choices in lists.items():
            cast(forms.ChoiceField, self.fields[name]).choices = [NOTHING_CHOSEN, *choices]
        for parent, options, child in [("regency", "district", "district"), ("district", "village", "village_id")]:
            self.fields[parent].widget.attrs |= {
                "data-options-url": reverse(f"{options}-options"),
                "data-options-target": f"id_{child}",
            }

    def clean_phone(self) -> str:
        """E.164, or as typed for the shared check to refuse."""
        return normalise_phone(self.cleaned_data["phone"]) or self.cleaned_data["phone"]

    def clean_village_id(self) -> int:
        return int(self.cleaned_data["village_id"])

    def places(self) -> Places:
        return named_places(village_id=self.cleaned_data.get("village_id", 0), numbers=[])


class SituationForm(PageForm):
    of_person = frozenset({"education", "marital_status", "dependants"})

    occupation = choice(
        _("Pekerjaan Anda sekarang"),
        listed(Registration.Occupation.values, OCCUPATIONS),
        _("Pilih pekerjaan Anda sekarang dari daftar."),
        _("Pilih yang paling sesuai. Bila Anda belum pernah bekerja, pilih pencari kerja."),
    )
    education = choice(
        _("Pendidikan terakhir"),
        listed(Applicant.Education.values, EDUCATION),
        MESSAGES["education_unknown"],
        _("Yang sudah tamat."),
    )
    in_education = yes_no(
        _("Apakah Anda sedang bersekolah atau kuliah?"),
        _("Jawab apakah Anda sedang bersekolah atau kuliah."),
        _("Kejar paket dan kuliah jarak jauh termasuk. Kursus tidak."),
    )
    marital_status = choice(
        _("Status perkawinan"),
        listed(Applicant.MaritalStatus.values, MARITAL_STATUS),
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


class ReasonForm(PageForm):
    remote = forms.BooleanField(label=_("Tempat tinggal saya terpencil atau tanpa sinyal."), required=False)
    unfamiliar_digital = forms.BooleanField(
        label=_("Saya belum terbiasa dengan perangkat digital."),
        help_text=_("Misalnya ponsel pintar, komputer atau mengisi formulir di internet."),
        required=False,
    )


class ClusterForm(PageForm):
    pmi_candidate = yes_no(
        _("Apakah Anda calon pekerja migran Indonesia?"),
        _("Jawab apakah Anda calon pekerja migran Indonesia."),
        _("Misalnya sudah punya ID Rekom atau akun CPMI. Kantor dinas akan memeriksanya."),
    )
    laid_off = yes_no(
        _("Apakah Anda terkena PHK atau dirumahkan?"),
        _("Jawab apakah Anda terkena PHK atau dirumahkan."),
        _("Bila punya surat dari perusahaan, simpan. Kantor dinas akan memintanya."),
    )


class DisabilityForm(PageForm):
    """A statement of its own, which may be refused; then nothing of it is kept."""

    consent_field = "disability_consent"

    disability = forms.ChoiceField(
        label=_("Apakah Anda penyandang disabilitas?"),
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
    disability_consent = forms.BooleanField(
        label=_("Saya setuju jawaban saya tentang disabilitas disimpan dan dipakai seperti tertulis di sini."),
        required=False,
    )

    def clean_disability(self) -> bool | None:
        return DISABILITY[self.cleaned_data["disability"]]

    def clean(self) -> None:
        super().clean()
        answered = self.cleaned_data.get("disability") is not None
        if answered and not self.cleaned_data.get("disability_consent", True):
            self.add_error(
                "disability_consent",
                gettext("Beri tanda setuju supaya jawaban Anda boleh disimpan, atau pilih tidak ingin menjawab."),
            )

    def kept(self) -> list[str]:
        surplus = {"ya": set(), "tidak": {"disability_need"}}.get(
            self.data.get("disability", ""), {"disability_need", "disability_consent"}
        )
        return [name for name in super().kept() if name not in surplus]


class PapersForm(PageForm):
    """Asks nothing: files are sent one by one, and going on without any is right."""


class DeclarationForm(PageForm):
    """The Pernyataan Pendaftar."""

    consent_field = "consent"

    citizen = yes_no(_("Apakah Anda warga negara Indonesia?"), _("Jawab apakah Anda warga negara Indonesia."))
    received_before = yes_no(
        _("Apakah Anda pernah menerima Kartu Prakerja?"), _("Jawab apakah Anda pernah menerima Kartu Prakerja.")
    )
    consent = forms.BooleanField(
        label=_("Saya menyetujui pemakaian data saya untuk kuota luring dan menyatakan isian saya benar."),
        error_messages={"required": _("Beri tanda setuju supaya data Anda boleh kami proses.")},
    )


@dataclass(frozen=True)
class Page:
    """`slug` stands in the address; `once`: not asked again of a person known from an earlier wave; `fixed`: nor part of a
    correction, since the civil registry says what is right, or since it has a page of its own.

    `concerns`: whether the page is for somebody with these answers on the pages before it.
    """

    slug: str
    title: Any
    form: type[PageForm]
    minutes: int
    once: bool = False
    fixed: bool = False
    concerns: Callable[[Mapping[str, str]], bool] = lambda answers: True


PAPERS = "bukti"

# In the order in which they are asked; the review follows. A further page is a further line here.
PAGES = (
    Page("ktp", _("Data KTP Anda"), IdentityForm, 2, once=True, fixed=True),
    Page("tempat-tinggal", _("Kontak dan tempat tinggal"), HomeForm, 2, once=True),
    Page("keadaan", _("Sekolah, pekerjaan dan keluarga"), SituationForm, 1),
    Page("alasan", _("Alasan memakai jalur luring"), ReasonForm, 1),
    Page("klaster", _("Calon pekerja migran dan PHK"), ClusterForm, 1),
    Page("disabilitas", _("Disabilitas"), DisabilityForm, 1, once=True),
    Page(PAPERS, _("Bukti"), PapersForm, 2, fixed=True, concerns=lambda answers: bool(claims_in(answers))),
    Page("pernyataan", _("Pernyataan Pendaftar"), DeclarationForm, 1),
)
REVIEW_MINUTES = 1


def pages_for(*, known: bool, answers: Mapping[str, str], correcting: bool = False) -> list[Page]:
    return [
        page for page in PAGES if not (page.fixed if correcting else known and page.once) and page.concerns(answers)
    ]


def corrected(filled: Sequence[PageForm]) -> Correction:
    """What valid forms of all pages that are corrected say."""
    values = _values(filled)
    return Correction(
        details={name: values[name] for name in DETAILS if name in values},
        answers=_answers(values),
        disability=(values["disability"], values["disability_need"]),
    )


def entered(filled: Sequence[PageForm]) -> Person | Answers:
    """What valid forms of all pages say: a Person, or Answers where the person is known."""
    values = _values(filled)
    if "nik" not in values:
        return _answers(values)
    values["warnings"] = tuple(finding.code for form in filled for finding in form.warnings)
    return Person(**{field.name: values[field.name] for field in fields(Person)})


def _values(filled: Sequence[PageForm]) -> dict[str, Any]:
    return {name: value for form in filled for name, value in form.cleaned_data.items()}


def _answers(values: Mapping[str, Any]) -> Answers:
    return Answers(**{field.name: values[field.name] for field in fields(Answers)})


def typed_now(registration: Registration, *, consent: bool, disability: tuple[bool | None, str]) -> dict[str, str]:
    """Everything that may be corrected of a registration and its applicant, as it would have been typed.

    `consent`: given to the text in force.
    """
    person = registration.applicant
    stated, need = disability
    typed = typed_before(registration) | {
        **{name: "ya" if getattr(registration, name) else "tidak" for name in ("citizen", "received_before")},
        **{
            name: str(getattr(person, name))
            for name in ("email", "address", "education", "marital_status", "dependants")
        },
        "regency": str(person.regency_id),
        "district": str(person.village_id // 10_000),
        "village_id": str(person.village_id),
        "disability": next(word for word, answer in DISABILITY.items() if answer is stated),
        "disability_need": need,
    }
    ticked = {"consent": consent, "disability_consent": consent and stated is not None}
    return typed | {name: "on" for name, is_ticked in ticked.items() if is_ticked}


def typed_before(registration: Registration) -> dict[str, str]:
    """The answers of an earlier wave as they would have been typed; statements that are made anew are not among them."""
    said = {name: getattr(registration, name) for name in ("in_education", "pmi_candidate", "laid_off")}
    ticked = [name for name in ("remote", "unfamiliar_digital") if getattr(registration, name)]
    return (
        {"occupation": registration.occupation}
        | {name: "ya" if value else "tidak" for name, value in said.items()}
        | dict.fromkeys(ticked, "on")
    )


def place_in(typed: Mapping[str, str], name: str) -> int:
    """The chosen place's primary key; 0, which no place has, where none was."""
    chosen = typed.get(name, "")
    return int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) <= 12 else 0
