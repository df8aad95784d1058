"""The form for a decree."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clusters.forms.fields import WholeField
from clusters.models import Cluster, QuotaDecision, Regency

LEVELS = [
    ("province", gettext_lazy("Provinsi")),
    ("national", gettext_lazy("Nasional")),
    ("cluster", gettext_lazy("Satu klaster")),
    ("regency", gettext_lazy("Satu kabupaten atau kota")),
]


class DecreeChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: QuotaDecision) -> str:
        place = obj.regency or (obj.cluster and obj.cluster.name)
        return f"{obj.decree_number} ({place})" if place else obj.decree_number


class DecisionForm(forms.Form):
    decree_number = forms.CharField(
        label=gettext_lazy("Nomor keputusan"), help_text=gettext_lazy("Seperti tertulis di naskahnya."), max_length=60
    )
    decree_date = forms.DateField(
        label=gettext_lazy("Tanggal keputusan"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    author = forms.CharField(
        label=gettext_lazy("Ditetapkan oleh"),
        help_text=gettext_lazy("Jabatan, bukan nama orang. Contoh: Gubernur Jawa Tengah"),
        max_length=160,
    )
    level = forms.ChoiceField(
        label=gettext_lazy("Berlaku untuk"),
        choices=LEVELS,
        required=False,
        help_text=gettext_lazy("Gelombang mengambil tempatnya dari keputusan provinsi."),
    )
    parent = DecreeChoice(
        QuotaDecision.objects.none(),
        label=gettext_lazy("Bagian dari keputusan"),
        required=False,
        help_text=gettext_lazy("Untuk klaster, kabupaten, atau kota: keputusan provinsi yang dibagi."),
    )
    cluster = forms.ModelChoiceField(Cluster.objects.all(), label=gettext_lazy("Klaster"), required=False)
    regency = forms.ModelChoiceField(Regency.objects.all(), label=gettext_lazy("Kabupaten atau kota"), required=False)
    total = WholeField(
        label=gettext_lazy("Jumlah tempat"),
        help_text=gettext_lazy("Contoh: 20.000. Kosong bila keputusan belum menetapkan jumlahnya."),
        least=1,
        required=False,
    )
    replaces = DecreeChoice(
        QuotaDecision.objects.none(),
        label=gettext_lazy("Menggantikan keputusan"),
        required=False,
        help_text=gettext_lazy("Bila keputusan ini mengubah yang lama. Yang lama tetap tercatat."),
    )
    document = forms.URLField(
        label=gettext_lazy("Alamat naskah keputusan"), required=False, assume_scheme="https", max_length=300
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        standing = QuotaDecision.objects.standing().select_related("cluster", "regency").order_by("-decree_date", "-pk")
        self.fields["parent"].queryset = standing.filter(level__in=["national", "province"])  # type: ignore[attr-defined]
        self.fields["replaces"].queryset = standing  # type: ignore[attr-defined]

    def clean_level(self) -> str:
        return self.cleaned_data["level"] or "province"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for level, place in (("cluster", "cluster"), ("regency", "regency")):
            if data.get("level") == level and not data.get(place):
                self.add_error(place, _("Pilih yang dimaksud keputusan ini."))
            elif data.get("level") != level and data.get(place):
                self.add_error(place, _("Kosongkan, atau pilih tingkat keputusan yang sesuai."))
        if data.get("level") in ("cluster", "regency") and not data.get("parent"):
            self.add_error("parent", _("Pilih keputusan provinsi yang dibagi oleh keputusan ini."))
        return data

    def values(self) -> dict[str, Any]:
        """What clusters.services.decisions.create_decision takes."""
        given = dict(self.cleaned_data)
        cluster, regency = given.pop("cluster"), given.pop("regency")
        return given | {
            "cluster_id": cluster.pk if cluster else None,
            "regency_id": regency.pk if regency else None,
        }
