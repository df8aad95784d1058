"""Deciding about the wish to be erased, and correcting what the civil registry fixes."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.forms.page import PageForm
from registrations.forms.pages import IdentityForm
from registrations.selectors.places import Places, named_places


class RefuseForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Mengapa ditolak"),
        help_text=gettext_lazy("Dibaca pendaftar apa adanya: kewajiban yang masih berjalan, dan sampai kapan."),
        min_length=20,
        max_length=300,
        error_messages={
            "required": gettext_lazy("Tulis alasannya; pendaftar membacanya."),
            "min_length": gettext_lazy("Tulis alasannya sedikitnya 20 huruf, supaya pendaftar mengerti."),
        },
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RegistryForm(PageForm):
    """What stands on the card; whatever is left empty stays as it is."""

    name = IdentityForm.base_fields["name"]
    nik = IdentityForm.base_fields["nik"]
    birth_date = IdentityForm.base_fields["birth_date"]
    sex = IdentityForm.base_fields["sex"]
    key = forms.UUIDField(initial=uuid4, widget=forms.HiddenInput)

    clean_name = IdentityForm.clean_name
    clean_nik = IdentityForm.clean_nik

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "nik", "birth_date", "sex"):
            self.fields[name].required = False

    def clean(self) -> None:
        given = self.cleaned_data
        for name in ("name", "nik", "birth_date", "sex"):
            if name in given and not given[name]:
                del given[name]
        super().clean()
        if not self.errors and not self.details:
            self.add_error(None, _("Isi paling sedikit satu yang keliru, seperti tertulis di KTP."))

    @property
    def details(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "key"}

    def places(self) -> Places:
        return named_places(village_id=0, numbers=[self.cleaned_data.get("nik", "")])
