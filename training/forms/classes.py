"""The form of a class."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from clusters.models import Cluster, Regency
from training.models import Programme, Provider, TrainingClass

NUMBER = {"inputmode": "numeric"}


class ClassForm(forms.Form):
    """Fields of a new class, or those that may still change (training.services.classes.EDITABLE)."""

    programme = forms.ModelChoiceField(
        label=gettext_lazy("Program"), queryset=Programme.objects.order_by("name_id"), empty_label=gettext_lazy("Pilih")
    )
    provider = forms.ModelChoiceField(
        label=gettext_lazy("Penyelenggara"),
        help_text=gettext_lazy("BLK, LPK, atau pelatihan keliling (MTU)."),
        queryset=Provider.objects.order_by("name"),
        empty_label=gettext_lazy("Pilih"),
    )
    regency = forms.ModelChoiceField(
        label=gettext_lazy("Untuk warga kabupaten atau kota"),
        queryset=Regency.objects.all(),
        empty_label=gettext_lazy("Pilih"),
    )
    cluster = forms.ModelChoiceField(
        label=gettext_lazy("Klaster yang membayar"), queryset=Cluster.objects.all(), empty_label=gettext_lazy("Pilih")
    )
    seats = forms.IntegerField(
        label=gettext_lazy("Kursi"),
        help_text=gettext_lazy("Biasanya 16. Isi 0 untuk menarik kelas ini."),
        min_value=0,
        max_value=500,
        initial=16,
        widget=forms.TextInput(NUMBER),
    )
    minimum = forms.IntegerField(
        label=gettext_lazy("Peserta paling sedikit"),
        help_text=gettext_lazy("Biasanya 8. Kelas dengan peserta lebih sedikit ditinjau ulang."),
        min_value=0,
        max_value=500,
        initial=8,
        widget=forms.TextInput(NUMBER),
    )
    venue = forms.CharField(label=pgettext_lazy("gedung", "Tempat"), max_length=160)
    schedule = forms.CharField(
        label=gettext_lazy("Jadwal"), help_text=gettext_lazy("Contoh: Senin sampai Jumat, 08.00-15.00"), max_length=120
    )
    starts_on = forms.DateField(
        label=gettext_lazy("Mulai"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    ends_on = forms.DateField(
        label=pgettext_lazy("hari", "Selesai"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(
        self,
        data: Any = None,
        *,
        editable: frozenset[str],
        training_class: TrainingClass | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        if training_class:
            initial = {name: getattr(training_class, name) for name in editable}
        super().__init__(data, initial=initial)
        for name in self.fields.keys() - editable:
            del self.fields[name]
        for name in {"programme", "cluster"} & self.fields.keys():
            self.fields[name].label_from_instance = lambda found: found.name  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        seats, minimum = data.get("seats"), data.get("minimum")
        if seats and minimum is not None and minimum > seats:
            self.add_error("minimum", _("Tidak boleh lebih dari jumlah kursi."))
        if data.get("starts_on") and data.get("ends_on") and data["ends_on"] < data["starts_on"]:
            self.add_error("ends_on", _("Tidak boleh sebelum hari mulai."))
        return data
