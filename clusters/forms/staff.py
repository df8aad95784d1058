"""Forms of the pages about staff."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.phone import normalise_phone
from accounts.scope import OFFICE_ROLES, Scope
from clusters.models import LabourOffice
from clusters.models.offices import ROLE_WORDS
from clusters.selectors.memberships import may_propose
from records.ids import uuid7


class OfficeChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, office: Any) -> str:
        return str(office.regency.name)


def _day(label: Any, hint: Any = "", *, required: bool = True) -> forms.DateField:
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=hint, widget=widget, required=required)


def _reason(hint: Any) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Alasan"),
        help_text=hint,
        error_messages={"required": gettext_lazy("Tulis alasannya dalam satu kalimat.")},
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
    )


class PersonForm(forms.Form):
    """Who is invited: a name, and an e-mail address or a mobile number."""

    proposal_id = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=gettext_lazy("Nama"), error_messages={"required": gettext_lazy("Isi namanya.")}, max_length=120
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("Undangan dikirim ke sini. Bila kosong, lewat SMS ke nomor HP."),
        required=False,
    )
    phone = forms.CharField(
        label=gettext_lazy("Nomor HP"), help_text=gettext_lazy("Contoh: 0812 3456 7890"), required=False, max_length=30
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["proposal_id"].initial = uuid7  # the same again is a repeated click

    def clean_phone(self) -> str:
        text = self.cleaned_data["phone"]
        number = normalise_phone(text) if text else ""
        if number is None:
            raise forms.ValidationError(
                _("Nomor HP Indonesia mulai dengan 08 atau +628 dan terdiri dari 10 sampai 13 angka.")
            )
        return number

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not (data.get("email") or data.get("phone") or {"email", "phone"} & self.errors.keys()):
            self.add_error("email", _("Isi e-mail atau nomor HP, supaya undangan dapat dikirim."))
        return data


class InviteForm(PersonForm):
    """Somebody for a role that this asker may fill."""

    role = forms.ChoiceField(
        label=gettext_lazy("Peran"),
        error_messages={"required": gettext_lazy("Pilih perannya.")},
        widget=forms.RadioSelect,
    )
    office = OfficeChoice(
        label=gettext_lazy("Kantor"),
        queryset=LabourOffice.objects.select_related("regency").order_by("pk"),
        required=False,
        empty_label=gettext_lazy("Pilih kabupaten atau kota"),
    )
    valid_from = _day(gettext_lazy("Mulai"))
    valid_to = _day(
        gettext_lazy("Sampai"), gettext_lazy("Hari terakhir. Kosongkan bila belum diketahui."), required=False
    )

    def __init__(self, data: Any = None, *, scope: Scope, office_id: int | None = None) -> None:
        any_office = next(iter(scope.head_ids), None)
        alone = len(scope.head_ids) == 1
        office = any_office if alone and not office_id else office_id
        super().__init__(data, initial={"valid_from": timezone.localdate(), "office": office})
        may = [role for role in ROLE_WORDS if may_propose(scope, role, any_office if role in OFFICE_ROLES else None)]
        self.fields["role"].choices = [(role, ROLE_WORDS[role]) for role in may]  # type: ignore[attr-defined]
        offices = self.fields["office"]
        if not set(may) - OFFICE_ROLES:  # an office head: the own office, named only where there are several
            offices.queryset = offices.queryset.filter(pk__in=scope.head_ids)  # type: ignore[attr-defined]
            if alone:
                offices.widget = forms.HiddenInput()
        else:
            offices.help_text = _("Hanya untuk kepala kantor.")

    def clean_valid_from(self) -> Any:
        day = self.cleaned_data["valid_from"]
        if day < timezone.localdate():
            raise forms.ValidationError(_("Pilih hari ini atau sesudahnya."))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        role, office = data.get("role"), data.get("office")
        if role in OFFICE_ROLES and not office and "office" not in self.errors:
            self.add_error("office", _("Pilih kantornya."))
        if role and role not in OFFICE_ROLES:
            data["office"] = None
        if data.get("valid_to") and data.get("valid_from") and data["valid_to"] < data["valid_from"]:
            self.add_error("valid_to", _("Hari terakhir tidak boleh sebelum hari pertama."))
        return data

    @property
    def values(self) -> dict[str, Any]:
        """Fields of clusters.services.memberships.Invitation."""
        data = dict(self.cleaned_data)
        office = data.pop("office")
        del data["proposal_id"]
        return data | {"office_id": office.pk if office else None}


class RefuseForm(forms.Form):
    reason = _reason(gettext_lazy("Dibaca oleh pengusul."))


class EndForm(forms.Form):
    """The last day of somebody's role; empty means at once."""

    last_day = _day(
        gettext_lazy("Hari terakhir"), gettext_lazy("Kosongkan untuk mengakhiri saat ini juga."), required=False
    )
    reason = _reason(gettext_lazy("Tersimpan dalam riwayat. Contoh: pindah tugas ke dinas lain."))


class ProlongForm(forms.Form):
    proposal_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)
    valid_to = _day(
        gettext_lazy("Hari terakhir yang baru"), gettext_lazy("Kosongkan bila belum diketahui."), required=False
    )


class SuccessorForm(PersonForm):
    """Who follows somebody who leaves, if anybody is named."""

    @property
    def is_named(self) -> bool:
        return any(self.data.get(self.add_prefix(name)) for name in ("name", "email", "phone"))
