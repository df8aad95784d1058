"""What the province fills in to ask for a new split, or for a former one again."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from clusters.models import QuotaSplit


class ProposeForm(forms.Form):
    reason = forms.CharField(
        max_length=200,
        label=_("Alasan menghitung lagi"),
        help_text=_("Contoh: tiga kelas baru di Cilacap. Alasan ini ikut diumumkan, jadi jangan menulis nama orang."),
    )


class RestoreForm(forms.Form):
    """versions: all of a wave, highest first; offered are the published ones that are no longer in force."""

    version = forms.TypedChoiceField(coerce=UUID, label=_("Versi"))
    reason = forms.CharField(
        max_length=200,
        label=_("Alasan kembali ke versi itu"),
        help_text=_("Alasan ini ikut diumumkan, jadi jangan menulis nama orang."),
    )

    prefix = "kembali"

    def __init__(self, data: Mapping[str, Any] | None = None, *, versions: Sequence[QuotaSplit]) -> None:
        super().__init__(data)
        published = [split for split in versions if split.published_at]
        version = cast(forms.TypedChoiceField, self.fields["version"])
        version.choices = [
            (str(split.pk), f"{_('Versi')} {split.version}: {_(split.reason)}") for split in published[1:]
        ]

    @property
    def has_choice(self) -> bool:
        return bool(cast(forms.TypedChoiceField, self.fields["version"]).choices)
