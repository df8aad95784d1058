"""The list of wishes: five choices, best first; works without JavaScript."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from training.allocation import WISHES
from training.models import TrainingClass


class WishesForm(forms.Form):
    """`classes` are those the person may choose from, with programme, provider and cluster loaded."""

    strict = forms.BooleanField(
        label=_("Saya hanya mau kelas yang saya pilih"),
        help_text=_(
            "Jangan centang bila kelas lain juga boleh. Bila dicentang dan semua kelas pilihan Anda penuh, tempat Anda "
            "diberikan kepada orang berikutnya."
        ),
        required=False,
    )

    def __init__(self, *args: Any, classes: list[TrainingClass], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups: dict[str, list[tuple[str, str]]] = {}
        for offered in classes:
            label = gettext("%(programme)s %(code)s, mulai %(start)s, %(provider)s") % {
                "code": offered.code,
                "programme": offered.programme.name,
                "provider": offered.provider.name,
                "start": date_format(offered.starts_on, "j F Y"),
            }
            groups.setdefault(offered.cluster.name, []).append((str(offered.pk), label))
        choices = [("", gettext("Tidak ada pilihan")), *groups.items()]
        for rank in range(WISHES):
            self.fields[f"wish_{rank}"] = forms.ChoiceField(
                label=_("Pilihan ke-%(rank)s") % {"rank": rank + 1}, choices=choices, required=False
            )
        self.order_fields([*(f"wish_{rank}" for rank in range(WISHES)), "strict"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        seen: set[str] = set()
        for rank in range(WISHES):
            wished = cleaned.get(f"wish_{rank}")
            if wished and wished in seen:
                self.add_error(
                    f"wish_{rank}", _("Kelas ini sudah Anda pilih di atas. Pilih kelas lain atau kosongkan.")
                )
            seen.add(wished or "")
        return cleaned

    def class_ids(self) -> list[UUID]:
        """The chosen classes, best first; gaps between choices do not matter."""
        chosen = (self.cleaned_data[f"wish_{rank}"] for rank in range(WISHES))
        return [UUID(pk) for pk in chosen if pk]
